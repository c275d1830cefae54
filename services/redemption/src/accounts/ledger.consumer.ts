import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { topics } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import { understoodLedgerRecord, UnknownLedgerEvent } from '@tallystick/ledger';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne } from '@tallystick/service-host';
import { OpenTransfers } from '../transfer/open-transfers.js';
import { Closings } from './closings.js';

/** Most of what happens to accounts is nothing to redemption, and is told by its header. */
const heard: ReadonlySet<string | undefined> = new Set(['PointsTransferred', 'PeriodClosed']);

/** Hears which transfers are under way, and where accounts have closed periods. */
@Controller()
export class LedgerConsumer {
  constructor(
    @Inject(OpenTransfers) private readonly transfers: OpenTransfers,
    @Inject(Closings) private readonly closings: Closings,
  ) {}

  @EventPattern<string>(topics.ledger.name)
  hearLedger(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      if (!heard.has(message.headers['ce_type'])) return undefined;
      const relayed = decodeRelayed(message);
      const record = understoodLedgerRecord(relayed);
      if (record === null) throw new UnknownLedgerEvent(relayed.type, relayed.schemaVersion);
      if (record.kind === 'part') return undefined;
      const { type, data } = record.event;
      if (type === 'PeriodClosed') {
        const parts = record.kind === 'head' ? record.parts : 0;
        await this.closings.heard(relayed.stream, relayed.revision - parts);
      } else if (type === 'PointsTransferred' && data.side === 'out') {
        const program = programId(z.string().parse(relayed.metadata['program']));
        await this.transfers.left({ fact: data.fact, program, from: data.from });
      } else if (type === 'PointsTransferred') {
        await this.transfers.arrived(data.fact);
      }
      return undefined;
    });
  }
}

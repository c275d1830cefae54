import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, PoisonMessage } from '@tallystick/service-host';
import { Unsettled } from '../sweep/unsettled.js';
import { heardOfRelay, type HeardEvent } from './decode-heard-event.js';
import { KnownAccounts } from './known-accounts.js';

/** Hears what happened on accounts' streams, and has it noted by whom it concerns. Each note may be made twice. */
@Controller()
export class LedgerConsumer {
  constructor(
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(Unsettled) private readonly unsettled: Unsettled,
  ) {}

  @EventPattern<string>(topics.ledger.name)
  async hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    const heard: HeardEvent[] = [];
    const verdicts = batch.map((message): Verdict => {
      try {
        heard.push(heardOfRelay(decodeRelayed(message)));
        return { kind: 'done' };
      } catch (error) {
        if (error instanceof PoisonMessage) return { kind: 'poison', reason: error.reason };
        throw error;
      }
    });
    await this.note(heard);
    return verdicts;
  }

  async note(heard: readonly HeardEvent[]): Promise<void> {
    await this.known.note(heard);
    await this.unsettled.note(
      heard.flatMap(({ event }) =>
        event?.type === 'PointsEarned' || event?.type === 'EarnReversed'
          ? [{ fact: event.data.fact, kind: 'settled' as const }]
          : [],
      ),
    );
  }
}

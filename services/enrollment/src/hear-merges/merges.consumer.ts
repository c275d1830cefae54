import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, oneByOne, PoisonMessage } from '@tallystick/service-host';
import { PARTS, type Parts } from '../parts.js';
import { hearMerges, mergeRequested } from './merges.js';

/** Hears which accounts became part of others. */
@Controller()
export class MergesConsumer {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @EventPattern<string>(topics.corrections.name)
  heard(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return oneByOne(batch, async (message) => {
      if (message.headers['ce_type'] !== 'MergeRequested') return;
      const parsed = mergeRequested.safeParse(decodeRelayed(message).data);
      if (!parsed.success) throw new PoisonMessage('MergeRequested without its accounts');
      await hearMerges(this.parts.db, [parsed.data]);
    });
  }
}

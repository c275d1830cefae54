import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { topics } from '@tallystick/contracts';
import { knownFactId } from '@tallystick/kernel';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, PoisonMessage } from '@tallystick/service-host';
import { Unsettled, type Sighting } from './unsettled.js';

const aboutFact = z.object({
  fact: z.string(),
  document: z.object({ revision: z.number().optional() }).optional(),
  pin: z.object({ parts: z.array(z.unknown()), waits: z.string().optional() }).nullish(),
});

/** What an event of a fact's or a card's stream says of the fact; null: nothing. */
export const sightingOf = (type: string, told: unknown): Sighting | null => {
  const about = aboutFact.safeParse(told);
  if (!about.success) return null;
  const fact = knownFactId(about.data.fact);
  const { pin, document } = about.data;
  switch (type) {
    case 'ReceiptRegistered':
    case 'PartnerEventRegistered':
    case 'FactPinned': {
      if (pin?.parts.length === 0) return { fact, kind: 'settled' };
      const again = type === 'FactPinned' || (document?.revision ?? 1) > 1;
      const several = (pin?.parts.length ?? 0) > 1 || pin?.waits !== undefined;
      return { fact, kind: again || several ? 'in-steps' : 'registered' };
    }
    case 'FactParked':
      return { fact, kind: 'settled' };
    default:
      return null;
  }
};

/** Hears which facts were registered, and which were parked or found to go nowhere; those that were applied, `LedgerConsumer` hears of. */
@Controller()
export class UnsettledConsumer {
  constructor(@Inject(Unsettled) private readonly unsettled: Unsettled) {}

  @EventPattern<string>(topics.receiptLog.name)
  hearFacts(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return this.note(batch);
  }

  private async note(batch: readonly Message[]): Promise<Verdict[]> {
    if (!this.unsettled.notes) return batch.map(() => ({ kind: 'done' }));
    const sightings: Sighting[] = [];
    const verdicts = batch.map((message): Verdict => {
      try {
        const event = decodeRelayed(message);
        const sighting = sightingOf(event.type, event.data);
        if (sighting !== null) sightings.push(sighting);
        return { kind: 'done' };
      } catch (error) {
        if (error instanceof PoisonMessage) return { kind: 'poison', reason: error.reason };
        throw error;
      }
    });
    await this.unsettled.note(sightings);
    return verdicts;
  }
}

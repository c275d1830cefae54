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
  pin: z.object({ parts: z.array(z.unknown()) }).nullish(),
});

/** Hears which facts were registered, and which were parked or found to go nowhere; those that were applied, `LedgerConsumer` hears of. */
@Controller()
export class UnsettledConsumer {
  constructor(@Inject(Unsettled) private readonly unsettled: Unsettled) {}

  @EventPattern<string>(topics.receiptLog.name)
  hearFacts(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return this.note(batch, (type, { pin }) => {
      switch (type) {
        case 'ReceiptRegistered':
        case 'PartnerEventRegistered':
        case 'FactPinned':
          return pin?.parts.length === 0 ? 'settled' : 'registered';
        case 'FactParked':
          return 'settled';
        default:
          return null;
      }
    });
  }

  private async note(
    batch: readonly Message[],
    kindOf: (type: string, data: z.output<typeof aboutFact>) => Sighting['kind'] | null,
  ): Promise<Verdict[]> {
    const sightings: Sighting[] = [];
    const verdicts = batch.map((message): Verdict => {
      try {
        const event = decodeRelayed(message);
        const about = aboutFact.safeParse(event.data);
        const kind = about.success ? kindOf(event.type, about.data) : null;
        if (about.success && kind !== null)
          sightings.push({ fact: knownFactId(about.data.fact), kind });
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

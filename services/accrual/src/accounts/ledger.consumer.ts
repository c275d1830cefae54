import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, PoisonMessage } from '@tallystick/service-host';
import { heardOfRelay, type HeardEvent } from './decode-heard-event.js';
import { LedgerNotes } from './ledger-notes.js';

/** Hears what happened on accounts' streams. */
@Controller()
export class LedgerConsumer {
  constructor(@Inject(LedgerNotes) private readonly notes: LedgerNotes) {}

  @EventPattern<string>(topics.ledger.name)
  async hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    const heard: HeardEvent[] = [];
    const verdicts = batch.map((message): Verdict => {
      try {
        const told = heardOfRelay(decodeRelayed(message));
        if (told !== null) heard.push(told);
        return { kind: 'done' };
      } catch (error) {
        if (error instanceof PoisonMessage) return { kind: 'poison', reason: error.reason };
        throw error;
      }
    });
    await this.notes.note(heard);
    return verdicts;
  }
}

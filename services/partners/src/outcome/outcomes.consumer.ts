import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import { decodeRelayed, PoisonMessage } from '@tallystick/service-host';
import { z } from 'zod';
import { PARTS, type Parts } from '../parts.js';
import { keepOutcomes, mayTell, outcomeIn, type Outcome } from './outcomes.js';

type Told =
  | { readonly kind: 'outcome'; readonly outcome: Outcome | undefined }
  | { readonly kind: 'poison'; readonly reason: string };

const told = (message: Message): Told => {
  if (!mayTell(message.value)) return { kind: 'outcome', outcome: undefined };
  try {
    return { kind: 'outcome', outcome: outcomeIn(decodeRelayed(message)) };
  } catch (error) {
    if (error instanceof PoisonMessage) return { kind: 'poison', reason: error.reason };
    if (error instanceof z.ZodError) {
      const fields = error.issues.map(({ path }) => path.join('.'));
      return { kind: 'poison', reason: `not the outcome of a fact: ${fields.join(', ')}` };
    }
    throw error;
  }
};

/** Hears what became of partners' events. */
@Controller()
export class OutcomesConsumer {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @EventPattern(topics.ledger.name)
  awarded(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return this.hear(batch);
  }

  @EventPattern(topics.receiptLog.name)
  registered(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return this.hear(batch);
  }

  /** One statement a batch; if it fails, the batch comes again. */
  private async hear(batch: readonly Message[]): Promise<Verdict[]> {
    const heard = batch.map(told);
    await keepOutcomes(
      this.parts.db,
      heard.flatMap((each) =>
        each.kind === 'outcome' && each.outcome !== undefined ? [each.outcome] : [],
      ),
    );
    return heard.map((each) => (each.kind === 'poison' ? each : { kind: 'done' }));
  }
}

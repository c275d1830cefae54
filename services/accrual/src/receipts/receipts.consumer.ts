import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import type { Clock } from '@tallystick/kernel';
import {
  CARD_TOKENS,
  CLOCK,
  LOG,
  messageContext,
  type CardTokens,
  type Log,
} from '@tallystick/service-host';
import { IntakeQueue } from '../settle/intake-queue.js';
import { submitReceipts } from './submit-receipts.js';
import { withoutCard } from './without-card.js';

const actor = 'service:accrual';

/** Tills that stream: one receipt a message. What can never be taken goes to the dead letters with the reason. */
@Controller()
export class ReceiptsConsumer {
  constructor(
    @Inject(IntakeQueue) readonly queue: IntakeQueue,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(LOG) readonly log: Log,
  ) {}

  @EventPattern<string>(topics.receipts.name)
  async take(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return Promise.all(
      batch.map(async (message): Promise<Verdict> => {
        const receipt = parse(message.value);
        const keptAs = () => withoutCard(message, receipt, this.tokens);
        if (receipt === undefined)
          return { kind: 'poison', reason: 'the value is not JSON', keptAs: keptAs() };
        const context = messageContext(message, actor);
        const [submission] = await submitReceipts(this, [receipt], context, null);
        if (submission?.kind !== 'problem') return { kind: 'done' };
        return {
          kind: 'poison',
          reason: reasonOf(submission.problem.problem),
          keptAs: keptAs(),
        };
      }),
    );
  }
}

const parse = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
};

/** Names fields and what is wrong with them, never their values. */
const reasonOf = (problem: {
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}): string =>
  [
    problem.title,
    problem.detail,
    ...(problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`),
  ]
    .filter((part) => part !== undefined)
    .join('; ');

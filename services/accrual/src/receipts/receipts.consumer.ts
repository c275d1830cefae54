import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { isProtobuf, receiptV1OfProtobuf, topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import type { Clock } from '@tallystick/kernel';
import {
  CARD_TOKENS,
  CLOCK,
  LOG,
  messageContext,
  TELEMETRY,
  type CardTokens,
  type Log,
} from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import { IntakeQueue } from '../settle/intake-queue.js';
import { submitReceipts } from './submit-receipts.js';
import { isBug, Tries, triesMax } from './tries.js';
import { withoutCard } from './without-card.js';

const actor = 'service:accrual';

/**
 * Tills that stream: one receipt a message. What can never be taken goes to the dead letters with the reason; so does, after some tries,
 * what a bug of ours keeps from being taken: other members' receipts are not to wait until it is mended.
 */
@Controller()
export class ReceiptsConsumer {
  private readonly tries = new Tries();

  constructor(
    @Inject(IntakeQueue) readonly queue: IntakeQueue,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(LOG) readonly log: Log,
    @Inject(TELEMETRY) readonly telemetry: Telemetry | null,
  ) {}

  @EventPattern<string>(topics.receipts.name)
  async take(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    try {
      return await Promise.all(batch.map((message) => this.takeOne(message)));
    } catch (error) {
      // Together with others it is not known which one is at fault: the bus brings it again alone.
      const [only, ...others] = batch;
      if (only === undefined || others.length > 0 || !isBug(error) || !this.tries.isLast(only))
        throw error;
      const { partition, offset } = only;
      this.log.error({ err: error, partition, offset: String(offset) }, 'a receipt is given up');
      const reason = `a bug keeps it from being taken, ${triesMax} times in a row: the log says which`;
      return [this.buried(only, read(only).receipt, reason)];
    }
  }

  private async takeOne(message: Message): Promise<Verdict> {
    const { receipt, unreadable } = read(message);
    if (unreadable !== undefined) return this.buried(message, receipt, unreadable);
    const context = messageContext(message, actor);
    const [submission] = await submitReceipts(this, [receipt], context, null);
    if (submission?.kind !== 'problem') return { kind: 'done' };
    return this.buried(message, receipt, reasonOf(submission.problem.problem));
  }

  /** Never throws: what is nested deeper than can be written again, say, is buried with nothing of it. */
  private buried(message: Message, receipt: unknown, reason: string): Verdict {
    try {
      return { kind: 'poison', reason, keptAs: withoutCard(message, receipt, this.tokens) };
    } catch (error) {
      const { partition, offset } = message;
      this.log.error({ err: error, partition, offset: String(offset) }, 'a receipt cannot be kept');
      const told = `${reason}; nothing of it is kept here, because its card cannot be masked`;
      return { kind: 'poison', reason: told, keptAs: { key: '', value: '' } };
    }
  }
}

/** A receipt in the form of its JSON, not checked yet; the content type says what the value is. */
const read = ({
  headers,
  value,
  bytes,
}: Message): { readonly receipt?: unknown; readonly unreadable?: string } => {
  if (bytes === undefined) {
    try {
      return { receipt: JSON.parse(value) };
    } catch {
      return { unreadable: 'the value is not JSON' };
    }
  }
  if (!isProtobuf(headers['content-type']))
    return { unreadable: 'the value is no text, and its content type is not application/protobuf' };
  try {
    return { receipt: receiptV1OfProtobuf(bytes) };
  } catch {
    return { unreadable: 'the value is no tallystick.receipts.v1.Receipt' };
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

import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { isProtobuf, receiptV1OfProtobuf, topics } from '@tallystick/contracts';
import type { Message, Verdict } from '@tallystick/message-bus';
import type { Clock } from '@tallystick/kernel';
import {
  aboutMessages,
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
import { countRefused } from '../settle/telling.js';
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
    const verdicts = await this.takeAll(batch);
    // A batch that throws comes again, and is counted then.
    countRefused(this.telemetry, verdicts.filter(({ kind }) => kind === 'poison').length);
    return verdicts;
  }

  private async takeAll(batch: readonly Message[]): Promise<Verdict[]> {
    try {
      return await Promise.all(
        batch.map((message) => aboutMessages([message], () => this.takeOne(message))),
      );
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

  /** Never throws: what cannot be kept without its card number is buried with nothing of it. */
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
  const type = headers['content-type'];
  if (bytes === undefined) {
    try {
      return { receipt: JSON.parse(value) };
    } catch {
      const fault = value === '' ? 'the value is empty' : 'the value is not JSON';
      return { unreadable: `${fault}${isJson(type) ? '' : `, and ${saidOf(type)}`}` };
    }
  }
  if (bytes.length === 0) return { unreadable: 'the value is empty' };
  if (!isProtobuf(type))
    return { unreadable: `the value is no text, and ${saidOf(type)}, not application/protobuf` };
  try {
    return { receipt: receiptV1OfProtobuf(bytes) };
  } catch {
    return { unreadable: 'the value is no tallystick.receipts.v1.Receipt' };
  }
};

const isJson = (type: string | undefined): boolean =>
  type === undefined || /^application\/json\s*(;|$)/i.test(type.trim());

/** Only what is a media type is repeated: anything may stand there. */
const saidOf = (type: string | undefined): string => {
  if (type === undefined) return 'it has no content type';
  const [name] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?=\s*(?:;|$))/.exec(type.trim()) ?? [];
  return name === undefined ? 'its content type is none' : `its content type is ${name}`;
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

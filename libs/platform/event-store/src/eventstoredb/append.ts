import { randomUUID } from 'node:crypto';
import {
  MaxAppendSizeExceededError,
  NO_STREAM,
  WrongExpectedVersionError,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import {
  AppendRefused,
  type AppendResult,
  type ExpectedRevision,
  type RecordedEvent,
  type StreamWrite,
} from '../port.js';
import { proposed, type ReadEvent } from './decode-event.js';
import { eventsFrom, lastEvent, type ReadLimits } from './reading.js';
import { untilDone } from './unavailable.js';

export interface AppendOptions extends ReadLimits {
  /** How long, in ms, a write is tried again while the server is away. */
  readonly retryMs: number;
}

type Outcome =
  | { readonly kind: 'appended' | 'unchanged'; readonly position: bigint }
  | { readonly kind: 'conflict'; readonly actual: ExpectedRevision };

/**
 * Writes one stream after the other, in the order given, and stops at the first that does not fit.
 *
 * The server compares ids only, and answers "success" to a repetition as to a first time. So every event carries a mark
 * of the call that wrote it, and every write is read back: with our mark it is ours; with another it was there before, and is compared in full.
 */
export const appendAll = async (
  client: EventStoreDBClient,
  writes: readonly StreamWrite[],
  options: AppendOptions,
): Promise<AppendResult> => {
  const mark = randomUUID();
  let position = 0n;
  let appended = false;
  for (const write of writes) {
    const outcome = await untilDone(options.retryMs, () => writeOne(client, write, mark, options));
    if (outcome.kind === 'conflict') {
      return { kind: 'conflict', stream: write.stream, actual: outcome.actual };
    }
    appended ||= outcome.kind === 'appended';
    if (outcome.position > position) position = outcome.position;
  }
  return { kind: appended ? 'appended' : 'unchanged', position };
};

/** May be done again with the same mark: a first attempt whose answer was lost is then found as ours. */
const writeOne = async (
  client: EventStoreDBClient,
  write: StreamWrite,
  mark: string,
  limits: ReadLimits,
): Promise<Outcome> => {
  const { stream, expected, events } = write;
  const first = expected === 'noStream' ? 0 : expected + 1;
  const actual = await sent(client, write, mark, limits);
  if (actual === undefined) {
    const last = first + events.length - 1;
    for await (const there of eventsFrom(client, stream, last, limits, 1)) {
      if (there.append === mark) return { kind: 'appended', position: there.event.position };
    }
  }
  const there: ReadEvent[] = [];
  for await (const one of eventsFrom(client, stream, first, limits, events.length)) there.push(one);
  const last = there.at(-1);
  if (last !== undefined && areSame(there, write)) {
    return {
      kind: last.append === mark ? 'appended' : 'unchanged',
      position: last.event.position,
    };
  }
  return { kind: 'conflict', actual: actual ?? (await lastRevision(client, stream, limits)) };
};

/** Resolves to undefined when the server has them, or has events of the same ids; to where the stream is when they do not fit. */
const sent = async (
  client: EventStoreDBClient,
  { stream, expected, events }: StreamWrite,
  mark: string,
  { answerMs }: ReadLimits,
): Promise<ExpectedRevision | undefined> => {
  try {
    await client.appendToStream(
      stream,
      events.map((event) => proposed(event, mark)),
      {
        expectedRevision: expected === 'noStream' ? NO_STREAM : BigInt(expected),
        requiresLeader: true,
        deadline: answerMs,
      },
    );
    return undefined;
  } catch (error) {
    if (error instanceof WrongExpectedVersionError) {
      return typeof error.actualVersion === 'bigint' ? Number(error.actualVersion) : 'noStream';
    }
    if (error instanceof MaxAppendSizeExceededError) {
      throw new AppendRefused(
        `the EventStoreDB takes ${error.maxAppendSize} bytes at once (its MaxAppendSize): ${events.length} events for ${stream} are more`,
      );
    }
    throw error;
  }
};

const areSame = (there: readonly ReadEvent[], { events }: StreamWrite): boolean =>
  there.length === events.length &&
  events.every(({ id, type, data }, index) => {
    const kept: RecordedEvent | undefined = there[index]?.event;
    return kept?.id === id && kept.type === type && kept.data === data;
  });

const lastRevision = async (
  client: EventStoreDBClient,
  stream: StreamWrite['stream'],
  limits: ReadLimits,
): Promise<ExpectedRevision> =>
  (await lastEvent(client, stream, limits))?.event.revision ?? 'noStream';

import { randomUUID } from 'node:crypto';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { EventLog } from './event-log.js';
import type { Logged } from './log-state.js';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  notFoundMessage,
  streamOf,
} from './messages.js';

/** The messages that answer a read, each as its bytes. Ends with the read; a subscription ends when `signal` aborts. */
export async function* answersTo(
  log: EventLog,
  options: ReadReq.Options,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (options.hasSubscription()) yield* subscription(log, options, signal);
  else if (options.hasStream()) yield* oneStream(log, options);
  else yield* everything(log, options);
}

/** A read that the server refuses with INVALID_ARGUMENT. */
export class InvalidRead extends Error {}

const backwards = (options: ReadReq.Options): boolean =>
  options.getReadDirection() === messages.ReadReq.Options.ReadDirection.BACKWARDS;

function* oneStream(log: EventLog, options: ReadReq.Options): Generator<Buffer> {
  const asked = options.getStream();
  const name = streamOf(asked?.getStreamIdentifier());
  const events = log.stream(name);
  if (asked === undefined || events === undefined) {
    yield notFoundMessage(name);
    return;
  }
  const last = events.length - 1;
  const revision = asked.hasRevision() ? Number(asked.getRevision()) : asked.hasEnd() ? last : 0;
  const step = backwards(options) ? -1 : 1;
  let left = Number(options.getCount());
  for (let at = Math.min(revision, last + 1); left > 0; at += step, left -= 1) {
    const event = events[at];
    if (event === undefined) return;
    yield eventMessage(event);
  }
}

function* everything(log: EventLog, options: ReadReq.Options): Generator<Buffer> {
  if (!options.hasNoFilter()) throw new InvalidRead('The double filters subscriptions only.');
  const asked = options.getAll();
  const step = backwards(options) ? -1 : 1;
  const start = asked?.hasPosition() === true ? indexOf(log, options) : undefined;
  // Backwards from a position is what lies before it; forwards begins with it.
  let at = start === undefined ? (step === 1 ? 0 : log.length - 1) : step === 1 ? start : start - 1;
  for (let left = Number(options.getCount()); left > 0; at += step, left -= 1) {
    const event = log.at(at);
    if (event === undefined) return;
    yield eventMessage(event);
  }
}

const indexOf = (log: EventLog, options: ReadReq.Options): number => {
  const position = BigInt(options.getAll()?.getPosition()?.getCommitPosition() ?? 0);
  const index = log.indexAt(position);
  if (index === undefined) throw new InvalidRead('Trying to read from an invalid position.');
  return index;
};

async function* subscription(
  log: EventLog,
  options: ReadReq.Options,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const all = options.getAll();
  if (all === undefined) throw new InvalidRead('The double has subscriptions to $all only.');
  const wanted = filterOf(options);
  const checkpointEvery = checkpointEveryOf(options);
  let at = all.hasPosition() ? indexOf(log, options) + 1 : all.hasEnd() ? log.length : 0;
  yield confirmationMessage(randomUUID());
  let caughtUp = false;
  let considered = 0;
  while (!signal.aborted) {
    const event = log.at(at);
    if (event === undefined) {
      if (!caughtUp) yield caughtUpMessage();
      caughtUp = true;
      await more(log, at, signal);
      continue;
    }
    at += 1;
    if (wanted(event)) yield eventMessage(event);
    considered += 1;
    if (checkpointEvery !== undefined && considered % checkpointEvery === 0) {
      yield checkpointMessage(event.position);
    }
  }
}

/** Resolves when there is an event at this index, or the signal aborts. */
const more = async (log: EventLog, at: number, signal: AbortSignal): Promise<void> => {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (log.length <= at && !signal.aborted) return;
      unwatch();
      signal.removeEventListener('abort', look);
      resolve();
    };
    const unwatch = log.watch(look);
    signal.addEventListener('abort', look);
    look();
  });
};

const filterOf = (options: ReadReq.Options): ((event: Logged) => boolean) => {
  const filter = options.getFilter();
  const byStream = filter?.getStreamIdentifier();
  const expression = byStream ?? filter?.getEventType();
  if (expression === undefined) return () => true;
  const text = ({ stream, type }: Logged): string => (byStream === undefined ? type : stream);
  const prefixes = expression.getPrefixList();
  if (prefixes.length > 0) return (event) => prefixes.some((one) => text(event).startsWith(one));
  const pattern = new RegExp(expression.getRegex());
  return (event) => pattern.test(text(event));
};

const checkpointEveryOf = (options: ReadReq.Options): number | undefined => {
  const filter = options.getFilter();
  if (filter === undefined) return undefined;
  return (filter.hasMax() ? filter.getMax() : 32) * filter.getCheckpointintervalmultiplier();
};

import type { StreamName } from '@tallystick/kernel';
import { checkAppend } from '../limits.js';
import {
  StoreUnavailable,
  type EventStore,
  type ReadAllOptions,
  type RecordedEvent,
} from '../port.js';
import { batchesOfAll } from './all.js';
import { appendAll } from './append.js';
import { closeClient, openClient } from './client.js';
import { eventsFrom, headOf } from './reading.js';
import { createTurns } from './turns.js';
import { Backoff, isPassing, untilDone } from './unavailable.js';

export interface EventStoreDbEventStoreOptions {
  /** `esdb://…` or `esdb+discover://…`, as EventStoreDB's clients take it. May hold a password: it appears in no error and no log. */
  readonly url: string;
  /** How long, in ms, calls are tried again while the server is away, before `StoreUnavailable`. 5 s without it. */
  readonly retryMs?: number;
  /** How long, in ms, the server may take for one answer before the call counts as lost. 30 s without it. */
  readonly answerMs?: number;
}

const retryMsDefault = 5_000;
const answerMsDefault = 30_000;
/** Calls at a time over the one connection; further ones wait. A server takes some hundred streams on a connection. */
const appendsMax = 32;
const readsMax = 32;
const batchMax = 500;

/**
 * The event store in EventStoreDB (23.10 or newer), over one connection. Streams are written one after the other: no append is
 * atomic over several. What another program writes there is not read: the store must be Tallystick's own.
 */
export const createEventStoreDbEventStore = (
  options: EventStoreDbEventStoreOptions,
): EventStore => {
  const client = openClient(options.url);
  const limits = {
    retryMs: options.retryMs ?? retryMsDefault,
    answerMs: options.answerMs ?? answerMsDefault,
  };
  const appends = createTurns(appendsMax);
  const reads = createTurns(readsMax);
  const closing = new AbortController();
  let closed: Promise<void> | undefined;

  const mustBeOpen = (): void => {
    if (closing.signal.aborted) throw new Error('the event store is closed');
  };

  async function* readStream(stream: StreamName, from: number): AsyncGenerator<RecordedEvent> {
    const backoff = new Backoff();
    let next = from;
    let awaySince: number | undefined;
    for (;;) {
      mustBeOpen();
      try {
        for await (const { event } of eventsFrom(client, stream, next, limits)) {
          yield event;
          next = event.revision + 1;
          awaySince = undefined;
          backoff.reset();
        }
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        awaySince ??= Date.now();
        if (Date.now() - awaySince >= limits.retryMs) throw new StoreUnavailable(error);
        await backoff.pause(closing.signal);
      }
    }
  }

  const wholeStream = async (stream: StreamName, from: number): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const event of readStream(stream, from)) events.push(event);
    return events;
  };

  async function* batches(all: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    mustBeOpen();
    const { signal } = closing;
    yield* batchesOfAll(client, { ...all, batchMax, signal, untilCaughtUp: limits });
  }

  async function* readAll(all?: ReadAllOptions): AsyncGenerator<RecordedEvent> {
    for await (const batch of batches(all)) yield* batch;
  }

  return {
    capabilities: { atomicAcrossStreams: false },
    append: async (writes) => {
      mustBeOpen();
      checkAppend(writes);
      const streams = writes.map(({ stream }) => stream);
      return await appends.run(streams, () => appendAll(client, writes, limits));
    },
    readStream: (stream, { from = 0 } = {}) => readStream(stream, from),
    readStreams: async (streams, { from } = {}) => {
      const found = await Promise.all(
        [...new Set(streams)].map(async (stream) => {
          const events = await reads.run([], () => wholeStream(stream, from?.get(stream) ?? 0));
          return [stream, events] as const;
        }),
      );
      return new Map(found.filter(([, events]) => events.length > 0));
    },
    readAll,
    readAllBare: batches,
    follow: ({ signal, ...all }) =>
      batchesOfAll(client, { ...all, signal: AbortSignal.any([signal, closing.signal]) }),
    head: async () => {
      mustBeOpen();
      return await untilDone(limits.retryMs, () => headOf(client, limits));
    },
    close: async () => {
      closed ??= (async () => {
        closing.abort();
        await Promise.all([appends.idle(), reads.idle()]);
        await closeClient(client);
      })();
      await closed;
    },
  };
};

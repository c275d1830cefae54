import { createPool, type Database } from '@tallystick/postgres';
import type { EventStore } from '../port.js';
import { createAppender } from './appender.js';
import { createBeginnings } from './beginnings.js';
import { followPages } from './follow.js';
import {
  barePageOfAll,
  headOf,
  inPages,
  pageLimits,
  pageOfAll,
  pageOfStream,
  pagesOf,
  readAgain,
  severalStreamsOf,
} from './pages.js';
import { createWake } from './wake.js';

export interface PostgresEventStoreOptions {
  /** The database, as a role that `eventStoreSchema` was granted to: its URL, or a pool (which stays open after `close`). */
  readonly db: string | Database;
  /** How long, in ms, calls are tried again while the database is away, before `StoreUnavailable`. 5 s without it. */
  readonly retryMs?: number;
}

const retryMsDefault = 5_000;
const answerMs = 60_000;
const connectionsMax = 6;

/**
 * The event store in PostgreSQL (14 or newer), in the schema `eventstore`. Uses two connections for appending, one more to hear of news
 * while somebody follows, and others while reading.
 */
export const createPostgresEventStore = (options: PostgresEventStoreOptions): EventStore => {
  const own = typeof options.db === 'string';
  const db =
    typeof options.db === 'string'
      ? createPool(options.db, { max: connectionsMax, applicationName: 'tallystick event store' })
      : options.db;
  const retryMs = options.retryMs ?? retryMsDefault;
  const beginning = createBeginnings(db);
  const closing = new AbortController();
  const wake = createWake(db);
  const appender = createAppender(db, {
    retryMs,
    answerMs,
    committed: (position) => wake.announce(position),
  });
  let closed: Promise<void> | undefined;

  return {
    capabilities: { atomicAcrossStreams: true, positionsFollowEachOther: true },
    append: (writes) => appender.append(writes),
    readStream: (stream, { from = 0 } = {}) =>
      inPages(
        () => readAgain(retryMs, () => beginning(stream, from)),
        (revision: number) => readAgain(retryMs, () => pageOfStream(db, stream, revision)),
        ({ revision }) => revision + 1,
      ),
    readStreams: (streams, { from } = {}) =>
      readAgain(retryMs, () => severalStreamsOf(db, streams, from)),
    readAll: ({ after = 0n, categories } = {}) => {
      const fetch = (position: bigint) =>
        readAgain(retryMs, () => pageOfAll(db, position, categories, pageLimits.eventsMax));
      return inPages(
        () => fetch(after),
        fetch,
        ({ position }) => position,
      );
    },
    readAllBare: ({ after = 0n, categories } = {}) => {
      const fetch = (position: bigint) =>
        readAgain(retryMs, () => barePageOfAll(db, position, categories));
      return pagesOf(
        () => fetch(after),
        fetch,
        ({ position }) => position,
      );
    },
    follow: ({ after = 0n, categories, batchMax, signal }) =>
      followPages(
        after,
        (position) => pageOfAll(db, position, categories, batchMax),
        wake,
        AbortSignal.any([signal, closing.signal]),
      ),
    head: () => readAgain(retryMs, () => headOf(db)),
    close: async () => {
      closed ??= (async () => {
        closing.abort();
        await appender.close();
        await wake.close();
        if (own) await db.end();
      })();
      await closed;
    },
  };
};

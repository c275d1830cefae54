import { setTimeout as sleep } from 'node:timers/promises';
import {
  brokenConstraint,
  isUnavailable,
  type Connection,
  type Database,
} from '@tallystick/postgres';
import type { StreamName } from '@tallystick/kernel';
import { EventIdTaken, StoreUnavailable, type AppendResult, type StreamWrite } from '../port.js';
import { besideFrom, eventsOf, takeGroup } from './group.js';
import { answerAppended, pendingAppend, type PendingAppend } from './pending.js';
import { settleStale } from './settle-stale.js';
import { writeGroup } from './write-group.js';

export interface AppenderOptions {
  /** How long, in ms, a call is tried again over lost connections before it throws `StoreUnavailable`. */
  readonly retryMs: number;
  /** How long, in ms, one answer may take before the connection counts as lost. */
  readonly answerMs: number;
  /** Told the last position after each commit. */
  readonly committed: (position: bigint) => void;
}

export interface Appender {
  append(writes: readonly StreamWrite[]): Promise<AppendResult>;
  /** Lets what was called end, refuses what is called from now on. */
  close(): Promise<void>;
}

const firstPauseMs = 20;
const pauseMsMax = 500;

/** Groups under way at once: while the server writes one, the next is encoded, sent and read by it, and waits only for its turn. */
const flightsMax = 2;

/**
 * The one writer of a process: calls that come while others are being written wait for the next group, and share its commit. Each call is
 * answered for itself; a conflict of one does not touch the others. Two groups may be under way, on streams that differ.
 */
export const createAppender = (db: Database, options: AppenderOptions): Appender => {
  const queue: PendingAppend[] = [];
  const flights = new Set<Promise<void>>();
  /** Streams that are being written: who writes one of them waits until it is known how that ended. */
  const busy = new Set<string>();
  let closed = false;
  let scheduled = false;

  const mayLaunch = (): boolean =>
    flights.size === 0 || (flights.size < flightsMax && eventsOf(queue) >= besideFrom);

  /** Callers that were answered together decide their next events in this turn of the event loop: they are let in first. */
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (queue.length > 0 && mayLaunch()) {
        const group = takeGroup(queue, busy, flightsMax - flights.size);
        if (group.length === 0) return;
        launch(group);
      }
    });
  };

  const launch = (group: readonly PendingAppend[]): void => {
    const streams = group.flatMap(({ writes }) => writes.map(({ stream }) => stream));
    for (const stream of streams) busy.add(stream);
    const flight = writeAll(db, group, options)
      .catch((error: unknown) => rejectAll(group, error))
      .finally(() => {
        for (const stream of streams) busy.delete(stream);
        flights.delete(flight);
        if (queue.length > 0) schedule();
      });
    flights.add(flight);
  };

  return {
    append: async (writes) => {
      if (closed) throw new Error('the event store is closed');
      return await new Promise((resolve, reject) => {
        queue.push(pendingAppend(writes, Date.now() + options.retryMs, { resolve, reject }));
        schedule();
      });
    },
    close: async () => {
      closed = true;
      while (flights.size > 0 || queue.length > 0) {
        await Promise.all(flights);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
};

const rejectAll = (group: readonly PendingAppend[], error: unknown): void => {
  for (const { reject } of group) reject(error);
};

/** Writes a group until each of its calls is answered. */
const writeAll = async (
  db: Database,
  group: readonly PendingAppend[],
  options: AppenderOptions,
): Promise<void> => {
  let left = group;
  let pauseMs = firstPauseMs;
  while (left.length > 0) {
    try {
      left = await withAnswerIn(db, options.answerMs, (connection) =>
        attempt(connection, left, options),
      );
    } catch (error) {
      if (!isUnavailable(error)) {
        if (left.length === 1) throw await explained(db, left, error);
        // One call is at fault; the others are not to suffer for it.
        for (const pending of left) {
          await writeAll(db, [pending], options).catch((reason: unknown) => pending.reject(reason));
        }
        return;
      }
      for (const pending of left) pending.unknown = true;
      left = givenUp(left, error);
      await sleep(pauseMs * (0.5 + Math.random() / 2));
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }
};

/** Rejects the calls that have been tried long enough, and returns the others. */
const givenUp = (left: readonly PendingAppend[], error: unknown): readonly PendingAppend[] => {
  const now = Date.now();
  const [late, early] = [
    left.filter(({ deadline }) => deadline <= now),
    left.filter(({ deadline }) => deadline > now),
  ];
  rejectAll(late, new StoreUnavailable(error));
  return early;
};

/** One statement for the group; returns the calls that are not answered by it. */
const attempt = async (
  connection: Connection,
  group: readonly PendingAppend[],
  { committed }: AppenderOptions,
): Promise<readonly PendingAppend[]> => {
  const outcome = await writeGroup(connection, group);
  if (outcome.kind === 'stale') return await settleStale(connection, group, outcome.actual);
  committed(outcome.lastPosition);
  let position = outcome.lastPosition;
  for (const pending of group.toReversed()) {
    answerAppended(pending, position);
    for (const write of pending.writes) position -= BigInt(write.events.length);
  }
  return [];
};

/** Uses a connection that is thrown away when it broke or did not answer in time: what it did then is unknown. */
const withAnswerIn = async <T>(
  db: Database,
  answerMs: number,
  work: (connection: Connection) => Promise<T>,
): Promise<T> => {
  const connection = await db.connect();
  let released = false;
  const release = (broken?: Error): void => {
    if (released) return;
    released = true;
    connection.release(broken);
  };
  const timer = setTimeout(() => release(new Error('no answer in time')), answerMs);
  try {
    const result = await work(connection);
    release();
    return result;
  } catch (error) {
    release(isUnavailable(error) ? new Error('the connection broke', { cause: error }) : undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** The constraint on ids, of the table or of a partition of it (docs/scale.md). */
const idConstraint = /^events(?:_p\d+)?_id$/;

/** An id that is taken comes as a broken constraint: says which, and where it is. */
const explained = async (
  db: Database,
  group: readonly PendingAppend[],
  error: unknown,
): Promise<unknown> => {
  if (!idConstraint.test(brokenConstraint(error) ?? '')) return error;
  const ids = group.flatMap(({ writes }) =>
    writes.flatMap(({ events }) => events.map(({ event }) => event.id)),
  );
  const { rows } = await db.query<{ id: string; stream: StreamName; revision: number }>(
    'select id, stream, revision from eventstore.events where id = any($1::uuid[]) limit 1',
    [ids],
  );
  const taken = rows[0];
  return taken === undefined ? error : new EventIdTaken(taken.id, taken.stream, taken.revision);
};

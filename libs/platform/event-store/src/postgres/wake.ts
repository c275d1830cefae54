import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Database } from '@tallystick/postgres';

const channel = 'tallystick_events';
const reconnectMs = 500;

/** Tells followers, in this process and in others, that there is something new. Only a hint: whoever misses one looks by himself a little later. */
export interface Wake {
  /** Something was committed: wakes followers here at once, others soon. */
  announce(position: bigint): void;
  /** Resolves at the next announcement that is made after this call, or after a time, or when the signal aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Announcements to other processes are gathered for this long: each costs a statement. */
const announceEveryMs = 10;

export const createWake = (db: Database): Wake => {
  const closing = new AbortController();
  const waiting = new Set<() => void>();
  let listening: Promise<void> | undefined;
  let announcing: Promise<void> | undefined;
  let latest = 0n;

  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake();
  };

  /** Sends what is newest, then rests; what comes meanwhile is sent after that. A lost one is made up for by looking. */
  const announceToOthers = async (): Promise<void> => {
    for (let sent = 0n; sent < latest;) {
      sent = latest;
      await db.query('select pg_notify($1, $2)', [channel, String(sent)]).catch(() => undefined);
      await sleep(announceEveryMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    announcing = undefined;
  };

  const listen = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await listenOnce(db, wakeAll, closing.signal).catch(() => undefined);
      // Whatever was said while nobody listened: look.
      wakeAll();
      await sleep(reconnectMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };

  return {
    announce: (position) => {
      // Groups that are under way together may be told in another order.
      if (position > latest) latest = position;
      wakeAll();
      announcing ??= announceToOthers();
    },
    wait: async (timeoutMs, signal) => {
      listening ??= listen();
      if (signal.aborted || closing.signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        waiting.add(done);
        signal.addEventListener('abort', done);
      });
    },
    close: async () => {
      closing.abort();
      wakeAll();
      await Promise.all([listening, announcing]);
    },
  };
};

/** Holds one connection of the pool and listens on it, until it breaks or the signal aborts. */
const listenOnce = async (db: Database, heard: () => void, signal: AbortSignal): Promise<void> => {
  const connection: Connection = await db.connect();
  const ended = Promise.withResolvers<undefined>();
  const end = (): void => ended.resolve(undefined);
  connection.on('notification', heard);
  connection.on('error', end);
  connection.on('end', end);
  signal.addEventListener('abort', end);
  try {
    await connection.query(`listen ${channel}`);
    if (!signal.aborted) await ended.promise;
  } finally {
    signal.removeEventListener('abort', end);
    // Not given back: it listens, and may be broken.
    connection.release(true);
  }
};

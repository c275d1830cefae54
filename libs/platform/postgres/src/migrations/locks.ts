import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../pool.js';
import { MigrationBlocked } from './migration.js';

/** How a migration waits for others. */
export interface Patience {
  /** How long, in ms, a statement stands in the queue for a lock: as long, everybody behind it waits too. */
  readonly lockTimeoutMs: number;
  /** How often it is tried before `MigrationBlocked`. */
  readonly triesMax: number;
}

export const patienceDefault: Patience = { lockTimeoutMs: 300, triesMax: 200 };

const firstPauseMs = 50;
const pauseMsMax = 2_000;
const askEveryMs = 100;

/** lock_not_available, deadlock_detected. Source: PostgreSQL 18, appendix A. */
const lockCodes: ReadonlySet<unknown> = new Set(['55P03', '40P01']);

const isLockProblem = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && lockCodes.has(error.code);

/**
 * Runs `work` in a transaction that leaves the queue for a lock after a moment, and tries again. A strong lock that waits behind one long reader
 * would hold up every writer that comes after it.
 */
export const inTransaction = async <T>(
  connection: Connection,
  { schema, what }: { readonly schema: string; readonly what: string },
  { lockTimeoutMs, triesMax }: Patience,
  work: () => Promise<T>,
): Promise<T> => {
  let pauseMs = firstPauseMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.query('begin');
      await connection.query(`set local lock_timeout = ${lockTimeoutMs}`);
      const result = await work();
      const { command } = await connection.query('commit');
      // PostgreSQL answers the commit of a failed transaction with a rollback, not with an error.
      if (command !== 'COMMIT') throw new Error(`schema ${schema}: ${what} was rolled back`);
      return result;
    } catch (error) {
      // When even this fails the connection is gone, and the server rolls back by itself.
      await connection.query('rollback').catch(() => undefined);
      if (!isLockProblem(error)) throw error;
      if (attempt === triesMax) {
        const holders = await longest(connection);
        throw new MigrationBlocked(schema, what, attempt, holders, error);
      }
      await sleep(pauseMs * (0.5 + Math.random() / 2));
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }
};

const longest = async (connection: Connection): Promise<string> => {
  const { rows } = await connection.query<{ said: string }>(
    `select format('process %s (%s) for %s s', pid, application_name, round(extract(epoch from clock_timestamp() - xact_start))) as said
       from pg_stat_activity
      where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
      order by xact_start limit 3`,
  );
  return rows.map(({ said }) => said).join(', ') || 'none';
};

/**
 * Takes the lock under which one process at a time migrates a schema; it goes with the connection. Asks again and again instead of standing
 * in the queue: a statement that waits has a snapshot, and `create index concurrently` waits for every snapshot.
 */
export const takeMigrationLock = async (
  connection: Connection,
  schema: string,
  say: (line: string) => void,
): Promise<void> => {
  for (let told = false; ; told = true) {
    const { rows } = await connection.query<{ taken: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
      [`tallystick migrations of ${schema}`],
    );
    if (rows[0]?.taken === true) return;
    if (!told) say(`schema ${schema}: another process is migrating it; waiting`);
    await sleep(askEveryMs * (0.5 + Math.random() / 2));
  }
};

import { setTimeout as sleep } from 'node:timers/promises';
import { allViews } from '../views/all.js';
import { tableOf } from '../views/view.js';
import { foldStore, type Folded, type FoldStore } from './fold-store.js';
import { inTransaction } from './on-connection.js';

const attemptsMax = 20;
/** Grows from attempt to attempt: shorter than PostgreSQL's own search for deadlocks at first, patient in the end. */
const lockWaitMs = 500;
const pauseMs = 200;

/** lock_not_available, deadlock_detected (PostgreSQL 18, appendix A): someone is reading or writing the views. */
const busyCodes: ReadonlySet<unknown> = new Set(['55P03', '40P01']);
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && busyCodes.has(error.code);

/**
 * Puts the shadow in the place of the live views, at once for everyone. The live views are locked first, and the shadow
 * is then folded up to the store's end: it has whatever live consumption had, so that none of what comes next is missing.
 * What the shadow has and consumption has not seen yet will be known to it by its revision.
 */
export const swap = async (of: FoldStore, after: bigint): Promise<Folded> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(of.connection, 'begin', async () => {
        await of.connection.query(`set local lock_timeout = ${attempt * lockWaitMs}`);
        const there = await liveTables(of);
        if (there.length > 0) {
          await of.connection.query(`lock table ${there.join(', ')} in access exclusive mode`);
        }
        const folded = await foldStore(of, after, 'callers');
        // The fold said that it may be lost; from here on it is what everyone reads.
        await of.connection.query('set local synchronous_commit to default');
        for (const view of allViews) {
          await of.connection.query(`drop table if exists ${tableOf('live', view)}`);
          await of.connection.query(
            `alter table ${tableOf('replay', view)} rename to ${tableOf('live', view)}`,
          );
        }
        return folded;
      });
    } catch (error) {
      if (attempt === attemptsMax || !isBusy(error)) throw error;
      await sleep(pauseMs, undefined, { signal: of.signal });
    }
  }
};

/** In the order in which everyone locks them. */
const liveTables = async ({ connection }: FoldStore): Promise<readonly string[]> => {
  const names = allViews.map((view) => tableOf('live', view));
  const { rows } = await connection.query<{ name: string }>(
    `select name from unnest($1::text[]) with ordinality as wanted (name, place)
     where to_regclass(name) is not null order by place`,
    [names],
  );
  return rows.map(({ name }) => name);
};

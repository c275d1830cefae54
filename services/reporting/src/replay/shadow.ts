import type { Queryable } from '@tallystick/postgres';
import { allViews } from '../views/all.js';
import { createSql, indexSql, tableOf, type Side, type View } from '../views/view.js';

/** Removes what a replay that was cut off has left behind. */
export const dropShadow = async (db: Queryable): Promise<void> => {
  for (const view of allViews) await db.query(`drop table if exists ${tableOf('replay', view)}`);
};

export const createShadow = async (db: Queryable): Promise<void> => {
  await dropShadow(db);
  for (const view of allViews) await db.query(createSql('replay', view));
};

/**
 * Gives the filled shadow its other indexes, and lets PostgreSQL know how it is filled: for the comparison, and for those
 * who read it when it has become live.
 */
export const finishShadow = async (db: Queryable): Promise<void> => {
  for (const view of allViews) {
    for (const index of indexSql('replay', view)) await db.query(index);
    await db.query(`analyze ${tableOf('replay', view)}`);
  }
};

/** The live views that were dropped, or have another shape than this release gives them. */
export const goneViews = async (db: Queryable): Promise<ReadonlySet<View>> => {
  const gone = new Set<View>();
  for (const view of allViews) {
    const live = await shapeOf(db, 'live', view);
    if (live !== (await shapeOf(db, 'replay', view))) gone.add(view);
  }
  return gone;
};

/** Null when there is no such table. */
const shapeOf = async (db: Queryable, side: Side, view: View): Promise<string | null> => {
  const { rows } = await db.query<{ shape: string | null }>(
    `select string_agg(format('%s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, attcollation), ', '
       order by attname) as shape
     from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [tableOf(side, view)],
  );
  return rows[0]?.shape ?? null;
};

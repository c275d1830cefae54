import type { Connection, Queryable } from '@tallystick/postgres';

/** One replay at a time, over all processes: an advisory lock that ends with the connection that holds it. */
const lockKey = [0x7461_6c6c, 0x7265_706c] as const;

export const tryLock = async (connection: Connection): Promise<boolean> => {
  const { rows } = await connection.query<{ locked: boolean }>(
    'select pg_try_advisory_lock($1, $2) as locked',
    [...lockKey],
  );
  return rows[0]?.locked === true;
};

export const unlock = async (connection: Connection): Promise<void> => {
  await connection.query('select pg_advisory_unlock($1, $2)', [...lockKey]);
};

/** Whether anyone holds it. Asks without taking it: a moment's lock would turn away a replay that is just beginning. */
export const isLocked = async (db: Queryable): Promise<boolean> => {
  const { rowCount } = await db.query(
    `select 1 from pg_locks where locktype = 'advisory' and granted and objsubid = 2
     and classid = $1 and objid = $2
     and database = (select oid from pg_database where datname = current_database())`,
    [...lockKey],
  );
  return rowCount !== 0;
};

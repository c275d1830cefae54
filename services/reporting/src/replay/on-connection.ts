import type { Connection } from '@tallystick/postgres';

/** Runs work in a transaction of a connection that is kept for longer. Rolls back when it throws. */
export const inTransaction = async <T>(
  connection: Connection,
  begin: string,
  work: () => Promise<T>,
): Promise<T> => {
  await connection.query(begin);
  try {
    const result = await work();
    await connection.query('commit');
    return result;
  } catch (error) {
    // When even this fails, the connection is gone and the server rolls back by itself.
    await connection.query('rollback').catch(() => undefined);
    throw error;
  }
};

/** Runs work in a transaction that leaves nothing behind. */
export const inTrial = async <T>(
  connection: Connection,
  begin: string,
  work: () => Promise<T>,
): Promise<T> => {
  await connection.query(begin);
  try {
    return await work();
  } finally {
    await connection.query('rollback').catch(() => undefined);
  }
};

/** Walks through a query's rows, a bounded number at a time. Within a transaction; sees the data as of its beginning. */
export async function* rowsOf<Row extends object>(
  connection: Connection,
  name: string,
  sql: string,
  pageRows: number,
): AsyncGenerator<readonly Row[]> {
  await connection.query(`declare ${name} no scroll cursor for ${sql}`);
  for (;;) {
    const { rows } = await connection.query<Row>(`fetch ${pageRows} from ${name}`);
    if (rows.length === 0) break;
    yield rows;
  }
  await connection.query(`close ${name}`);
}

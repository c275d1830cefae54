import type { Connection, Database } from './pool.js';

/**
 * Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it throws.
 * Throws what `work` threw, or the failed commit's error; then nothing is known of the outcome if
 * `isUnavailable` says that the connection broke.
 */
export const transaction = async <T>(
  db: Database,
  work: (tx: Connection) => Promise<T>,
): Promise<T> => {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    const { command } = await client.query('commit');
    // PostgreSQL answers the commit of a failed transaction with a rollback, not with an error.
    if (command !== 'COMMIT') {
      throw new Error('the transaction was rolled back: a failed statement in it was ignored');
    }
    return result;
  } catch (error) {
    await client.query('rollback').catch((reason: unknown) => {
      broken = reason instanceof Error ? reason : new Error(String(reason));
    });
    throw error;
  } finally {
    client.release(broken);
  }
};

import { transaction, type Connection, type Database } from '@tallystick/postgres';

const attemptsMax = 3;
/** deadlock_detected (PostgreSQL 18, appendix A): a rebuild was taking the views' place just then. */
const deadlock = '40P01';

/** Reads several views as they are at one moment: figures of a report belong together. */
export const snapshot = async <T>(
  db: Database,
  read: (tx: Connection) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction(db, async (tx) => {
        await tx.query('set transaction isolation level repeatable read, read only');
        return await read(tx);
      });
    } catch (error) {
      const again = error instanceof Error && 'code' in error && error.code === deadlock;
      if (!again || attempt === attemptsMax) throw error;
    }
  }
};

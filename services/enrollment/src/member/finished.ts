import type { PoolClient } from 'pg';
import type { MemberId, ProgramId } from '@tallystick/kernel';
import { transaction, type Database } from '@tallystick/postgres';

/** Notes that the events of these members' enrolments, or of these cards' links, are in the store. */
export const noteAppended = (
  db: Database,
  program: ProgramId,
  members: readonly MemberId[],
): Promise<void> =>
  transaction(db, async (tx) => {
    // Rows are locked in the order in which enrolling writes them.
    await markOrdered(tx, 'members', 'member', 'true', program, members);
    await markOrdered(tx, 'cards', 'card', 'ordinal > 0', program, members);
  });

const markOrdered = async (
  tx: PoolClient,
  table: 'members' | 'cards',
  key: 'member' | 'card',
  which: string,
  program: ProgramId,
  members: readonly MemberId[],
): Promise<void> => {
  await tx.query(
    `update ${table} set appended = true where program = $1 and ${key} in
       (select ${key} from ${table}
         where program = $1 and member = any($2) and not appended and ${which}
         order by ${key} for update)`,
    [program, members],
  );
};

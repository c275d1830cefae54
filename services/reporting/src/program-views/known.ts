import type { ProgramId } from '@tallystick/kernel';
import type { Queryable } from '@tallystick/postgres';

/** A programme that was only drafted is none yet. */
export const isProgramKnown = async (db: Queryable, program: ProgramId): Promise<boolean> => {
  const { rowCount } = await db.query(
    'select 1 from programs where program = $1 and rulebook is not null',
    [program],
  );
  return rowCount !== 0;
};

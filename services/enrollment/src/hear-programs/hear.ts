import type { ProgramId } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';

/** Keeps programmes in mind; any number of times. */
export const hear = async (db: Database, programs: readonly ProgramId[]): Promise<void> => {
  if (programs.length === 0) return;
  await db.query(
    'insert into programs (program) select distinct * from unnest($1::text[]) order by 1 on conflict do nothing',
    [programs],
  );
};

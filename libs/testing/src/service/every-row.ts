import type { Database } from '@tallystick/postgres';
import { z } from 'zod';

/** Every row of every table of the database, as text; bytes in hex. To look for what must be nowhere. */
export const everyRow = async (db: Database): Promise<string> => {
  const tables = await db.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const rows: string[] = [];
  for (const { name } of z.array(z.object({ name: z.string() })).parse(tables.rows)) {
    const found = await db.query(`select t::text as row from ${name} t`);
    for (const { row } of z.array(z.object({ row: z.string() })).parse(found.rows))
      rows.push(`${name} ${row}`);
  }
  return rows.join('\n');
};

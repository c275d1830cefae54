import type { Database } from '@tallystick/postgres';

/** What is there just before a migration is applied, and what has to be there after it. */
export interface MigrationCase {
  /** Puts the rows there that the migration must treat well. The schema is the search path, and as the release before had it. */
  readonly before: (db: Database) => Promise<void>;
  readonly after: (db: Database) => Promise<void>;
}

/** Of one schema, by the names of its migrations. */
export type MigrationCases = Readonly<Record<string, MigrationCase>>;

/** The first migration of a schema finds nothing. */
export const nothing = (): Promise<void> => Promise.resolve();

/** The rows of a query, as plain values. */
export const rowsOf = async (
  db: Database,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> =>
  (await db.query<Record<string, unknown>>(sql, [...values])).rows;

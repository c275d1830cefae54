import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Connection, Database } from './pool.js';
import { transaction } from './transaction.js';

/** One step of a schema. Once released it never changes: the next step is a new migration. */
export interface Migration {
  /** `0001-events`: a number of four digits for the order, then what it is about. */
  readonly name: string;
  /** One sentence for people: what changes, and why. */
  readonly note: string;
  /** Runs with the schema as its search path, in a transaction. */
  readonly sql: string;
}

/** The migrations in the database and those in the code contradict each other: nothing was changed. */
export class MigrationConflict extends Error {
  constructor(schema: string, message: string) {
    super(`schema ${schema}: ${message}`);
    this.name = 'MigrationConflict';
  }
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

const namePattern = /^\d{4}-[a-z0-9-]+$/;
const checksumOf = (sql: string): string => createHash('sha256').update(sql).digest('hex');

/**
 * Brings a schema up to date, whole or not at all: creates it if missing, and applies what `<schema>.migrations`
 * does not list yet. Two at once are safe: the second waits, and finds it done. Migrations that the database has and
 * the code does not (a newer release ran before) are left alone.
 * Throws `MigrationConflict` when an applied migration has changed or a new one would come before it.
 */
export const migrate = async (
  db: Database,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> => {
  checkNames(schema, migrations);
  await transaction(db, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
      `tallystick migrations of ${schema}`,
    ]);
    await ensureSchema(tx, schema);
    await tx.query(`set local search_path = ${pg.escapeIdentifier(schema)}`);
    await tx.query(`create table if not exists migrations (
      name text primary key,
      checksum text not null,
      note text not null,
      applied_at timestamptz not null default now()
    )`);
    const { rows } = await tx.query<Applied>('select name, checksum from migrations order by name');
    for (const migration of pending(schema, migrations, rows)) {
      await tx.query(migration.sql);
      await tx.query('insert into migrations (name, checksum, note) values ($1, $2, $3)', [
        migration.name,
        checksumOf(migration.sql),
        migration.note,
      ]);
    }
  });
};

const checkNames = (schema: string, migrations: readonly Migration[]): void => {
  let previous = '';
  for (const { name } of migrations) {
    if (!namePattern.test(name))
      throw new Error(`schema ${schema}: '${name}' is not like 0001-name`);
    if (name <= previous) {
      throw new Error(`schema ${schema}: migration ${name} is not in order after ${previous}`);
    }
    previous = name;
  }
};

const pending = (
  schema: string,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): readonly Migration[] => {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const newest = applied.at(-1)?.name ?? '';
  return migrations.filter(({ name, sql }) => {
    const checksum = checksums.get(name);
    if (checksum === undefined) {
      if (name < newest) {
        throw new MigrationConflict(schema, `${name} is new, but ${newest} was applied already`);
      }
      return true;
    }
    if (checksum !== checksumOf(sql)) {
      throw new MigrationConflict(
        schema,
        `${name} has changed since it was applied: add a new one`,
      );
    }
    return false;
  });
};

/** `create schema if not exists` would ask for the right to create even where there is nothing to create. */
const ensureSchema = async (tx: Connection, schema: string): Promise<void> => {
  const { rowCount } = await tx.query('select 1 from pg_namespace where nspname = $1', [schema]);
  if (rowCount === 0) await tx.query(`create schema ${pg.escapeIdentifier(schema)}`);
};

import pg from 'pg';
import type { Connection, Database, Queryable } from '../pool.js';
import { inTransaction, patienceDefault, takeMigrationLock, type Patience } from './locks.js';
import {
  checkNames,
  checksumOf,
  isOnline,
  pendingOf,
  type Applied,
  type Migration,
  type PlainMigration,
} from './migration.js';
import { applyOnline, progressTable } from './online.js';

export interface MigrateOptions extends Partial<Patience> {
  /** One line for people: what an online migration is doing, and how far it is. */
  readonly say?: (line: string) => void;
}

/**
 * Brings a schema up to date: creates it if missing, and applies what `<schema>.migrations` does not list yet. Plain migrations that follow each
 * other are applied together or not at all; an online one step by step, resumable. Several processes at once are safe: one
 * does it, the others wait; who has nothing to apply waits for nobody.
 * Throws `MigrationConflict`, `SchemaTooNew` or `MigrationBlocked`.
 */
export const migrate = async (
  db: Database,
  schema: string,
  migrations: readonly Migration[],
  { say = () => {}, ...patience }: MigrateOptions = {},
): Promise<void> => {
  checkNames(schema, migrations);
  const before = await appliedTo(db, schema);
  if (before !== undefined && pendingOf(schema, migrations, before).length === 0) return;

  const connection = await db.connect();
  try {
    await takeMigrationLock(connection, schema, say);
    await prepare(connection, schema);
    const context = { schema, patience: { ...patienceDefault, ...patience }, connection };
    const applied = (await appliedTo(connection, schema)) ?? [];
    for (const group of grouped(pendingOf(schema, migrations, applied))) {
      if (Array.isArray(group)) {
        const what = group.map(({ name }) => name).join(', ');
        await inTransaction(connection, { schema, what }, context.patience, async () => {
          for (const migration of group) {
            await connection.query(migration.sql);
            await writeDown(connection, migration);
          }
        });
      } else {
        const run = { ...context, say, applied: (one: Migration) => writeDown(connection, one) };
        await applyOnline(run, group);
      }
    }
  } finally {
    // Its lock and settings go with it.
    connection.release(true);
  }
};

/** Up to and with the one that is named: what a release had whose last migration it was. Throws where there is none of that name. */
export const migrationsUpTo = <M extends Migration>(
  migrations: readonly M[],
  name: string,
): readonly M[] => {
  const index = migrations.findIndex((migration) => migration.name === name);
  if (index < 0) throw new Error(`there is no migration ${name}`);
  return migrations.slice(0, index + 1);
};

/** What a schema has applied, in order; undefined where nothing ever was. */
export const appliedTo = async (
  db: Queryable,
  schema: string,
): Promise<readonly Applied[] | undefined> => {
  const table = `${pg.escapeIdentifier(schema)}.migrations`;
  const { rows: found } = await db.query<{ there: boolean }>(
    `select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                     where n.nspname = $1 and c.relname = 'migrations') as there`,
    [schema],
  );
  if (found[0]?.there !== true) return undefined;
  // The first releases had no column `contracts`.
  const { rows } = await db.query<Applied>(
    `select name, checksum, coalesce((to_jsonb(m) ->> 'contracts')::boolean, false) as contracts
       from ${table} m order by name`,
  );
  return rows;
};

const prepare = async (connection: Connection, schema: string): Promise<void> => {
  const name = pg.escapeIdentifier(schema);
  // `create schema if not exists` would ask for the right to create even where there is nothing to create.
  const { rowCount } = await connection.query('select 1 from pg_namespace where nspname = $1', [
    schema,
  ]);
  if (rowCount === 0) await connection.query(`create schema ${name}`);
  await connection.query(`set search_path = ${name}`);
  // An index of a large table takes as long as it takes.
  await connection.query('set statement_timeout = 0');
  await connection.query(`create table if not exists migrations (
    name text primary key,
    checksum text not null,
    note text not null,
    applied_at timestamptz not null default now()
  )`);
  await connection.query(
    'alter table migrations add column if not exists contracts boolean not null default false',
  );
  await connection.query(progressTable);
};

/** Plain migrations that follow each other are one group; an online one is by itself. */
const grouped = (
  pending: readonly Migration[],
): readonly (PlainMigration[] | Exclude<Migration, PlainMigration>)[] => {
  const groups: (PlainMigration[] | Exclude<Migration, PlainMigration>)[] = [];
  for (const migration of pending) {
    const last = groups.at(-1);
    if (isOnline(migration)) groups.push(migration);
    else if (Array.isArray(last)) last.push(migration);
    else groups.push([migration]);
  }
  return groups;
};

const writeDown = async (connection: Connection, migration: Migration): Promise<void> => {
  const { name, note, contracts = false } = migration;
  await connection.query(
    'insert into migrations (name, checksum, note, contracts) values ($1, $2, $3, $4)',
    [name, checksumOf(migration), note, contracts],
  );
};

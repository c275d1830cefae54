import pg from 'pg';
import { serviceNames } from '@tallystick/contracts';
import { eventStoreSchema } from '@tallystick/event-store';
import { busSchema } from '@tallystick/message-bus';
import {
  createPool,
  migrate,
  migrationsUpTo,
  provision,
  type Connection,
  type Database,
  type Migration,
} from '@tallystick/postgres';
import { relaySchema } from '@tallystick/relay';
import { keptSchemas, type KeptSchema } from './kept.js';
import { digestLines, readLines } from './line-files.js';
import { beginRestore, eventLines, tableLines } from './lines-of.js';
import { BackupUnusable, readManifest, type Manifest } from './manifest.js';

export interface BackupRestored {
  readonly position: number;
  readonly rows: number;
}

const linesAtOnce = 500;

/**
 * Fills an empty database from a backup, whole or not at all, reads it again and compares: events and rows are those that were
 * backed up, to the byte. What the events alone can make (views, the bus) is made when the services start.
 * Throws `BackupUnusable`.
 */
export const restoreBackup = async (
  adminUrl: string,
  folder: string,
  say: (line: string) => void = () => {},
): Promise<BackupRestored> => {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw new BackupUnusable(`there is no backup in ${folder}`);
  say('checking the files');
  for (const { file, sha256 } of filesOf(manifest)) {
    await digestLines(readLines(folder, file, sha256));
  }
  const db = createPool(adminUrl, { max: 2, applicationName: 'tallystick restore' });
  try {
    await assertEmpty(db);
    await makeSchemas(adminUrl, manifest);
    const connection = await db.connect();
    try {
      await beginRestore(connection);
      const position = await restoreEvents(connection, folder, manifest, say);
      const rows = await restoreRows(connection, folder, manifest);
      say('reading it again');
      await verify(connection, manifest);
      await connection.query('commit');
      await connection.query('analyze');
      return { position, rows };
    } finally {
      // What was not committed is gone with the connection.
      connection.release(true);
    }
  } finally {
    await db.end();
  }
};

const filesOf = ({ segments, schemas }: Manifest): readonly { file: string; sha256: string }[] => [
  ...segments,
  ...schemas.flatMap(({ tables }) => tables),
];

const assertEmpty = async (db: Database): Promise<void> => {
  for (const table of [
    'eventstore.events',
    'bus.messages',
    'enrollment.members',
    'partners.partners',
  ]) {
    const { rows } = await db.query<{ there: boolean }>(
      'select to_regclass($1) is not null as there',
      [table],
    );
    if (rows[0]?.there !== true) continue;
    const { rowCount } = await db.query(`select 1 from ${table} limit 1`);
    if (rowCount !== 0) {
      throw new BackupUnusable(
        `${table} has rows: a backup is restored into an empty database. Choose another one`,
      );
    }
  }
};

/** The schemas as the backup's release had them; the services' start brings them to theirs. Roles that are made new cannot log in before that. */
const makeSchemas = async (adminUrl: string, manifest: Manifest): Promise<void> => {
  const none = { eventstore: 'none', bus: 'none', relay: 'none' } as const;
  const shared = [eventStoreSchema, busSchema, relaySchema];
  const roles = serviceNames.map((name) => ({
    role: `tallystick_${name}`,
    schema: name,
    access: none,
  }));
  await provision(adminUrl, roles, shared);
  for (const { schema, owner, migrations } of keptSchemas) {
    if (owner === undefined) continue;
    const url = new URL(adminUrl);
    url.searchParams.set('options', `-c role=${owner}`);
    const asOwner = createPool(url.href, { max: 1, applicationName: 'tallystick restore' });
    try {
      await migrate(asOwner, schema, asBackedUp(schema, migrations, manifest));
    } finally {
      await asOwner.end();
    }
  }
};

const asBackedUp = (
  schema: string,
  migrations: readonly Migration[],
  manifest: Manifest,
): readonly Migration[] => {
  const name = manifest.schemas.find((one) => one.schema === schema)?.migration;
  if (name === undefined) throw new BackupUnusable(`the backup has nothing of schema ${schema}`);
  if (!migrations.some((migration) => migration.name === name)) {
    throw new BackupUnusable(
      `the backup was made by a newer release (${schema}: ${name}): restore it with that one`,
    );
  }
  return migrationsUpTo(migrations, name);
};

const restoreEvents = async (
  connection: Connection,
  folder: string,
  { segments, position }: Manifest,
  say: (line: string) => void,
): Promise<number> => {
  for (const { file, sha256, last } of segments) {
    for await (const lines of readLines(folder, file, sha256)) {
      await insertJson(
        connection,
        lines,
        `insert into eventstore.events (position, stream, revision, id, type, schema_version, data, metadata)
           select position, stream, revision, id, type, "schemaVersion", data, metadata
             from json_to_recordset($1::json) as e (position bigint, stream text, revision integer, id uuid, type text,
                                                    "schemaVersion" integer, data text, metadata text)`,
      );
    }
    say(`events to position ${last} of ${position}`);
  }
  return position;
};

const restoreRows = async (
  connection: Connection,
  folder: string,
  manifest: Manifest,
): Promise<number> => {
  let count = 0;
  for (const kept of keptSchemas) {
    for (const { table, file, sha256, rows } of tablesOf(kept, manifest)) {
      const name = `${pg.escapeIdentifier(kept.schema)}.${pg.escapeIdentifier(table)}`;
      // What a migration has put there: it is among the rows of the backup, as it was then.
      await connection.query(`delete from ${name}`);
      for await (const lines of readLines(folder, file, sha256)) {
        await insertJson(
          connection,
          lines,
          `insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, $1::json)`,
        );
      }
      await continueNumbers(connection, kept.schema, table);
      count += rows;
    }
  }
  return count;
};

const tablesOf = (
  { schema, tables }: KeptSchema,
  manifest: Manifest,
): Manifest['schemas'][number]['tables'] => {
  const backedUp = manifest.schemas.find((one) => one.schema === schema)?.tables ?? [];
  // In our order: rows come after those that they refer to.
  return tables.flatMap(({ table }) => backedUp.filter((one) => one.table === table));
};

const insertJson = async (
  connection: Connection,
  lines: readonly string[],
  insert: string,
): Promise<void> => {
  for (let at = 0; at < lines.length; at += linesAtOnce) {
    await connection.query(insert, [`[${lines.slice(at, at + linesAtOnce).join(',')}]`]);
  }
};

/** Columns that number their rows go on after the highest number that was restored. */
const continueNumbers = async (
  connection: Connection,
  schema: string,
  table: string,
): Promise<void> => {
  const name = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  const { rows } = await connection.query<{ column: string }>(
    `select attname as column from pg_attribute where attrelid = $1::regclass and attidentity <> ''`,
    [name],
  );
  for (const { column } of rows) {
    await connection.query(
      `select setval(pg_get_serial_sequence($1, $2), max(${pg.escapeIdentifier(column)})) from ${name}`,
      [name, column],
    );
  }
};

const verify = async (connection: Connection, manifest: Manifest): Promise<void> => {
  let next = 1;
  for (const { first, last, sha256 } of manifest.segments) {
    const there = await digestLines(eventLines(connection, first, last));
    if (first !== next || there.sha256 !== sha256) {
      throw new BackupUnusable(`the events ${first} to ${last} are not what was backed up`);
    }
    next = last + 1;
  }
  if (next !== manifest.position + 1)
    throw new BackupUnusable(`the backup ends at ${next - 1}, not at ${manifest.position}`);
  for (const kept of keptSchemas) {
    for (const { table, sha256 } of tablesOf(kept, manifest)) {
      const there = await digestLines(tableLines(connection, kept.schema, { table }));
      if (there.sha256 !== sha256) {
        throw new BackupUnusable(`the rows of ${kept.schema}.${table} are not what was backed up`);
      }
    }
  }
};

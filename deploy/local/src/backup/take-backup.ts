import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { appliedTo, createPool, type Connection } from '@tallystick/postgres';
import { keptSchemas, type KeptSchema } from './kept.js';
import { writeLines } from './line-files.js';
import { beginSnapshot, eventLines, tableLines } from './lines-of.js';
import {
  BackupUnusable,
  readManifest,
  writeManifest,
  type Manifest,
  type Segment,
} from './manifest.js';

export interface BackupTaken {
  readonly position: number;
  /** Events that this run has added. */
  readonly newEvents: number;
  readonly rows: number;
}

export interface BackupOptions {
  /** Events of one file at most. */
  readonly segmentMax?: number;
  readonly say?: (line: string) => void;
}

const segmentMaxDefault = 500_000;
const ownFile = /^(events|rows)-.*\.jsonl\.gz(\.half)?$/;

/**
 * Copies a system's database into a folder while it is being written to: all of it as of one moment. Into a folder that has a backup of the same
 * store, only the events since then are copied; the other tables, which change, are copied anew.
 * A run that is cut off leaves the backup that was there before. Throws `BackupUnusable`.
 */
export const takeBackup = async (
  databaseUrl: string,
  folder: string,
  { segmentMax = segmentMaxDefault, say = () => {} }: BackupOptions = {},
): Promise<BackupTaken> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = await readManifest(folder);
  const db = createPool(databaseUrl, { max: 1, applicationName: 'tallystick backup' });
  const connection = await db.connect();
  try {
    await beginSnapshot(connection);
    const last = await lastEvent(connection);
    await checkSameStore(connection, folder, before, last.position);
    const segments = [...(before?.segments ?? [])];
    for (let first = (before?.position ?? 0) + 1; first <= last.position; first += segmentMax) {
      const to = Math.min(last.position, first + segmentMax - 1);
      segments.push(await copyEvents(connection, folder, first, to));
      say(`events to position ${to} of ${last.position}`);
    }
    const schemas: Manifest['schemas'] = [];
    for (const kept of keptSchemas) {
      schemas.push(await copySchema(connection, folder, kept, last.position));
    }
    const manifest: Manifest = {
      format: 1,
      madeAt: new Date().toISOString(),
      position: last.position,
      lastEvent: last.id,
      segments,
      schemas,
    };
    await writeManifest(folder, manifest);
    await removeOthers(folder, manifest);
    return {
      position: last.position,
      newEvents: last.position - (before?.position ?? 0),
      rows: schemas.reduce(
        (sum, { tables }) => sum + tables.reduce((of, { rows }) => of + rows, 0),
        0,
      ),
    };
  } finally {
    connection.release(true);
    await db.end();
  }
};

const lastEvent = async (
  connection: Connection,
  atMost?: number,
): Promise<{ position: number; id: string | null }> => {
  const { rows } = await connection.query<{ position: bigint; id: string }>(
    `select position, id from eventstore.events where position <= coalesce($1, 9223372036854775807)
      order by position desc limit 1`,
    [atMost],
  );
  return { position: Number(rows[0]?.position ?? 0n), id: rows[0]?.id ?? null };
};

const checkSameStore = async (
  connection: Connection,
  folder: string,
  before: Manifest | undefined,
  head: number,
): Promise<void> => {
  if (before === undefined) return;
  const there = await lastEvent(connection, before.position);
  if (before.position > head || there.id !== before.lastEvent) {
    throw new BackupUnusable(
      `${folder} holds a backup of another store, or of this one before it was set back: choose another folder`,
    );
  }
};

const copyEvents = async (
  connection: Connection,
  folder: string,
  first: number,
  last: number,
): Promise<Segment> => {
  const file = `events-${String(first).padStart(12, '0')}-${String(last).padStart(12, '0')}.jsonl.gz`;
  const { sha256, count } = await writeLines(folder, file, eventLines(connection, first, last));
  if (count !== last - first + 1) {
    throw new BackupUnusable(
      `of the positions ${first} to ${last} only ${count} are in the store: it is not whole`,
    );
  }
  return { file, first, last, sha256 };
};

const copySchema = async (
  connection: Connection,
  folder: string,
  { schema, tables }: KeptSchema,
  position: number,
): Promise<Manifest['schemas'][number]> => {
  const migration = (await appliedTo(connection, schema))?.at(-1)?.name;
  if (migration === undefined) {
    throw new BackupUnusable(
      `there is no schema ${schema}: is this the database of a whole system that has been started once?`,
    );
  }
  const copied: Manifest['schemas'][number]['tables'] = [];
  for (const kept of tables) {
    const file = `rows-${schema}.${kept.table}-${position}-${Date.now()}.jsonl.gz`;
    const lines = tableLines(connection, schema, kept);
    const { sha256, count } = await writeLines(folder, file, lines);
    copied.push({ table: kept.table, file, rows: count, sha256 });
  }
  return { schema, migration, tables: copied };
};

/** Rows of earlier backups, and halves of one that was cut off: personal data are not kept longer than they have to be. */
const removeOthers = async (folder: string, manifest: Manifest): Promise<void> => {
  const wanted = new Set([
    ...manifest.segments.map(({ file }) => file),
    ...manifest.schemas.flatMap(({ tables }) => tables.map(({ file }) => file)),
  ]);
  for (const name of await readdir(folder)) {
    if (ownFile.test(name) && !wanted.has(name)) await rm(path.join(folder, name));
  }
};

import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DataInUse, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import { dataFolder, ensureDataFolder, exists, type DataFolder } from '../data/folder.js';
import { runningPostgres } from '../data/running-postgres.js';
import { BackupUnusable } from './manifest.js';

/** Where a system's data are: a folder of `npm start`, or a PostgreSQL of one's own, as its administrator. */
export type Place =
  | { readonly kind: 'folder'; readonly folder: DataFolder }
  | { readonly kind: 'database'; readonly url: string };

type Say = (line: string) => void;

export const placeOf = (
  data: string | undefined,
  adminUrl: string | undefined,
  defaultData: string,
): Place =>
  data === undefined && adminUrl !== undefined
    ? { kind: 'database', url: adminUrl }
    : { kind: 'folder', folder: dataFolder(data ?? defaultData) };

/** Does something with a place's database; where no system runs on a folder, its PostgreSQL is started for as long as it takes. */
export const withDatabase = async <T>(
  place: Place,
  say: Say,
  work: (url: string) => Promise<T>,
): Promise<T> => {
  if (place.kind === 'database') return await work(place.url);
  const { postgres: dataDir } = place.folder;
  let own;
  try {
    own = await startEmbeddedPostgres({ dataDir, log: say });
  } catch (error) {
    if (!(error instanceof DataInUse)) throw error;
    return await work((await runningPostgres(dataDir)).url);
  }
  try {
    return await work(own.url);
  } finally {
    await own.stop();
  }
};

const keysName = 'keys.json';

/** Puts a copy of a folder's keys beside the backup; says whether there are any. */
export const keepKeys = async (place: Place, backup: string): Promise<boolean> => {
  if (place.kind === 'database') return false;
  if (!(await exists(place.folder.keys))) {
    throw new BackupUnusable(`there is no system in ${place.folder.path}`);
  }
  await mkdir(backup, { recursive: true, mode: 0o700 });
  await copyFile(place.folder.keys, path.join(backup, keysName));
  return true;
};

/** Puts the keys where they belong, before the data. Throws `BackupUnusable` where there are none, or others. */
export const bringKeys = async (place: Place, backup: string): Promise<void> => {
  if (place.kind === 'database') return;
  await ensureDataFolder(place.folder);
  const from = path.join(backup, keysName);
  if (await exists(place.folder.keys)) {
    const [there, ours] = await Promise.all([
      readFile(place.folder.keys, 'utf8'),
      readFile(from, 'utf8').catch(() => undefined),
    ]);
    if (ours !== undefined && there !== ours) {
      throw new BackupUnusable(
        `${place.folder.keys} has other keys than the backup: restore into an empty folder`,
      );
    }
    return;
  }
  if (!(await exists(from))) {
    throw new BackupUnusable(
      `${from} is missing: put the keys of the backed-up system there, without which its data cannot be read`,
    );
  }
  await copyFile(from, place.folder.keys);
};

import { rm } from 'node:fs/promises';
import { exists } from '../data/folder.js';
import { bringKeys, withDatabase, type Place } from './place.js';
import { restoreBackup, type BackupRestored } from './restore-backup.js';

/**
 * Fills an empty place from a backup, keys and all. Where that fails, nothing is left in its folder that was not there before.
 * Throws `BackupUnusable`.
 */
export const restoreInto = async (
  place: Place,
  backup: string,
  say: (line: string) => void,
): Promise<BackupRestored> => {
  const made = await missingOf(place);
  try {
    await bringKeys(place, backup);
    return await withDatabase(place, say, (url) => restoreBackup(url, backup, say));
  } catch (error) {
    for (const path of made) await rm(path, { recursive: true, force: true });
    throw error;
  }
};

/** What restoring makes, as far as it is not there yet. */
const missingOf = async (place: Place): Promise<readonly string[]> => {
  if (place.kind === 'database') return [];
  const { path, keys, postgres } = place.folder;
  const missing: string[] = [];
  for (const one of [keys, postgres, path]) if (!(await exists(one))) missing.push(one);
  return missing;
};

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataFolderUnusable, DataInUse } from './errors.js';

const lockName = 'owner.lock';
const ownerName = 'owner.json';
const sqliteBusy = 5;

/**
 * Makes this process the owner of a data folder until the returned function is called or the process ends, however it
 * ends. The lock is one of the operating system's, held through an empty SQLite file: unlike a file with a
 * process number in it, it is never stale, and two starts at the same moment cannot both get it.
 * Throws `DataInUse`, naming the process that has it.
 */
export const takeOwnership = async (place: string): Promise<() => void> => {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(path.join(place, lockName), { timeout: 0 });
  } catch (cause) {
    throw new DataFolderUnusable(
      `the data folder ${place} cannot be used: this user may not write there. Put that right, or choose another with TALLYSTICK_DATA`,
      { cause },
    );
  }
  try {
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    if (isBusy(cause)) throw new DataInUse(place, ownerOf(place), 'a Tallystick that is running');
    throw new DataFolderUnusable(
      `the data folder ${place} cannot be locked (${cause instanceof Error ? cause.message : String(cause)}): ` +
        'is it writable, and on a local disk?',
      { cause },
    );
  }
  const owner = path.join(place, ownerName);
  writeFileSync(owner, `${JSON.stringify({ pid: process.pid })}\n`);
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    if (existsSync(owner)) rmSync(owner);
    lock.close();
  };
};

const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === sqliteBusy;

/** Only for the message: the owner may just be writing it. */
const ownerOf = (place: string): number | undefined => {
  try {
    const owner: unknown = JSON.parse(readFileSync(path.join(place, ownerName), 'utf8'));
    const pid: unknown =
      typeof owner === 'object' && owner !== null && 'pid' in owner ? owner.pid : 0;
    return typeof pid === 'number' && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
};

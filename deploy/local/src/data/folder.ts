import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DataFolderUnusable } from '@tallystick/embedded-postgres';
import { codeOf } from '../error-code.js';

/** Where each thing of one local system is kept. */
export interface DataFolder {
  readonly path: string;
  readonly postgres: string;
  readonly keys: string;
  readonly running: string;
  /** What the sample has to remember between runs. */
  readonly sample: string;
}

export const dataFolder = (at: string): DataFolder => {
  const folder = path.resolve(at);
  const inside = (name: string): string => path.join(folder, name);
  return {
    path: folder,
    postgres: inside('postgres'),
    keys: inside('keys.json'),
    running: inside('running.json'),
    sample: inside('sample.json'),
  };
};

/** Makes the folder if it is missing. Throws `DataFolderUnusable` where nothing can be written. */
export const ensureDataFolder = async (folder: DataFolder): Promise<void> => {
  const probe = path.join(folder.path, `.writable-${process.pid}`);
  try {
    await mkdir(folder.path, { recursive: true, mode: 0o755 });
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    throw new DataFolderUnusable(
      `the data folder ${folder.path} cannot be used (${reasonOf(cause)}). Make it writable for this user, ` +
        'or choose another: npm start -- --data <folder>, or the variable TALLYSTICK_DATA',
      { cause },
    );
  }
};

export const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined;

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is a file of that name',
  ENOSPC: 'the disk is full',
  ENOENT: 'it cannot be made there',
};

const reasonOf = (error: unknown): string => {
  const code = codeOf(error) ?? 'for an unknown reason';
  return reasons[code] ?? code;
};

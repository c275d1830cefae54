import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeData } from '@tallystick/embedded-postgres';
import { rm } from 'node:fs/promises';

/** An empty folder for the data of one system; PostgreSQL's user can reach it. */
export const makeDataFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tallystick-e2e-'));
  await chmod(folder, 0o755);
  return folder;
};

/** Removes it, and ends a PostgreSQL that was left running on it. */
export const removeDataFolder = async (folder: string): Promise<void> => {
  await removeData(path.join(folder, 'postgres'));
  await rm(folder, { recursive: true, force: true });
};

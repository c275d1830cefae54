import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { codeOf } from '../error-code.js';

const ownerOnly = 0o600;
const textOf = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes JSON so that a reader sees the old file or the new one, never a part; readable by the owner alone. */
export const writeJson = async (file: string, value: object): Promise<void> => {
  const half = `${file}.${randomUUID()}`;
  await writeFile(half, textOf(value), { mode: ownerOnly });
  await rename(half, file);
};

/** The same for a file that is made once: of two that make it at the same moment, the second leaves it as it is. */
export const createJson = async (file: string, value: object): Promise<void> => {
  const half = `${file}.${randomUUID()}`;
  await writeFile(half, textOf(value), { mode: ownerOnly });
  try {
    await link(half, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(half);
  }
};

/** The file's JSON; undefined where there is no file or no JSON in it. */
export const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
};

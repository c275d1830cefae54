import { readFile, rename, writeFile } from 'node:fs/promises';

/** Writes JSON so that a reader sees the old file or the new one, never a part; readable by the owner alone. */
export const writeJson = async (file: string, value: object): Promise<void> => {
  const half = `${file}.${process.pid}`;
  await writeFile(half, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(half, file);
};

/** The file's JSON; undefined where there is no file or no JSON in it. */
export const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
};

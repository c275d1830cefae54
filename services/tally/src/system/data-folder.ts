import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { exitCodes, Failure } from '../exit-codes.js';
import { codeOf, messageOf } from '../thrown.js';

/** The root of the repository: this file lies four folders below it, as a source and as built. */
export const repositoryRoot = resolve(import.meta.dirname, '../../../..');

/** Where the embedded system keeps its data: TALLYSTICK_DATA, else `.tallystick` beside the sources. */
export const dataFolder = (env: NodeJS.ProcessEnv): string =>
  env['TALLYSTICK_DATA'] === undefined || env['TALLYSTICK_DATA'] === ''
    ? join(repositoryRoot, '.tallystick')
    : resolve(env['TALLYSTICK_DATA']);

/** `running.json`: the system that runs on a data folder now. It is removed on a clean stop, and left by a killed one. */
const runningSystem = z.looseObject({ pid: z.int().positive(), url: z.url() });
export type RunningSystem = z.output<typeof runningSystem>;

/** The part of `keys.json` that signs tokens. The file is the embedded system's; it makes it at its first start. */
const localKeys = z.looseObject({
  issuer: z.string(),
  audience: z.string(),
  signingKey: z.looseObject({ kty: z.string(), kid: z.string() }),
});
export type LocalKeys = z.output<typeof localKeys>;

export const readRunningSystem = (folder: string): Promise<RunningSystem | null> =>
  readJson(join(folder, 'running.json'), runningSystem);

export const readLocalKeys = (folder: string): Promise<LocalKeys | null> =>
  readJson(join(folder, 'keys.json'), localKeys);

/** A file's content, checked; null if there is no such file. */
const readJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T | null> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new Failure(exitCodes.usage, `cannot read ${path}: ${messageOf(error)}`);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Failure(exitCodes.usage, `${path} is not as the system writes it`);
  }
};

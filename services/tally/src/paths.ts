import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exitCodes, Failure } from './exit-codes.js';
import { repositoryRoot } from './system/data-folder.js';
import { messageOf } from './thrown.js';

/** Where a path that a person typed begins: `npm run` moves to the root of the project, and says where it was called. */
const workingFolder = (env: NodeJS.ProcessEnv): string =>
  env['npm_lifecycle_event'] === 'tally' && env['INIT_CWD'] !== undefined
    ? env['INIT_CWD']
    : process.cwd();

export const typedPath = (env: NodeJS.ProcessEnv, path: string): string =>
  path === '-' ? path : resolve(workingFolder(env), path);

const mappingsFolder = join(repositoryRoot, 'services/tally/mappings');

/** A mapping's file: the path that was typed, or the name of one that comes with the project. */
export const mappingPath = (env: NodeJS.ProcessEnv, typed: string): string => {
  const path = typedPath(env, typed);
  const ours = join(mappingsFolder, `${typed}.yaml`);
  return !existsSync(path) && /^[a-z0-9-]+$/.test(typed) && existsSync(ours) ? ours : path;
};

/** The text of a file that a person named. */
export const readTyped = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Failure(exitCodes.usage, `cannot read ${path}: ${messageOf(error)}`);
  }
};

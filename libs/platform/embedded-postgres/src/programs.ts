import { createHash, randomBytes } from 'node:crypto';
import { chmod, cp, lstat, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ensureLinks, findBinaries, type Binaries } from './binaries.js';
import { canReach, type RunAs } from './run-as.js';

/**
 * The folder of PostgreSQL's programs: the installed package, or a copy that the user can reach. The copy is made once, in
 * `reachableFolder`, for each content of the package.
 */
export const reachableHome = async (
  runAs: RunAs | undefined,
  reachableFolder: () => Promise<string>,
  log: (message: string) => void,
): Promise<string> => {
  const binaries = findBinaries();
  if (await canReach(runAs, path.join(binaries.home, 'bin'))) {
    await ensureLinks(binaries.home, binaries.links);
    return binaries.home;
  }
  const name = `postgresql-${binaries.version}-${await fingerprintOf(binaries.home)}`;
  const copy = path.join(await reachableFolder(), name);
  if ((await lstat(copy).catch(() => undefined)) === undefined) {
    await copyPrograms(binaries, copy);
    log(`PostgreSQL's user cannot reach ${binaries.home}: its programs were copied to ${copy}`);
  }
  return copy;
};

/** Only for building against, not for running. */
const isNeeded = (file: string): boolean => !file.endsWith('.a');

/** Told by names and sizes, so that a package that was installed halfway is never taken for a whole one. */
const fingerprintOf = async (home: string): Promise<string> => {
  const files: string[] = [];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isNeeded(file)) continue;
    files.push(`${path.relative(home, file)} ${(await stat(file)).size}`);
  }
  return createHash('sha256').update(files.sort().join('\n')).digest('hex').slice(0, 8);
};

const copyPrograms = async (binaries: Binaries, copy: string): Promise<void> => {
  const half = `${copy}.${randomBytes(4).toString('hex')}`;
  await cp(binaries.home, half, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  await ensureLinks(half, binaries.links);
  // Whatever root's umask made of it.
  for (const entry of await readdir(half, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(file, 0o755);
    else if (entry.isFile()) await chmod(file, ((await stat(file)).mode & 0o777) | 0o444);
  }
  await chmod(half, 0o755);
  try {
    await rename(half, copy);
  } catch (error) {
    // Somebody else has just made the same copy.
    await rm(half, { recursive: true, force: true });
    if ((await lstat(copy).catch(() => undefined)) === undefined) throw error;
  }
};

import { execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PlatformUnusable } from './errors.js';

/** Whom PostgreSQL runs as, where that is not ourselves: it refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const userName = 'postgres';

const idOf = async (flag: '-u' | '-g'): Promise<number> =>
  Number((await run('id', [flag, userName])).stdout.trim());
const systemUser = async (): Promise<RunAs> => ({ uid: await idOf('-u'), gid: await idOf('-g') });

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * An ordinary user runs PostgreSQL itself (undefined). For root it is the owner of the data that are there already,
 * or the system's user `postgres`, who is made if missing.
 */
export const whomToRunAs = async (
  cluster: string,
  log: (message: string) => void,
): Promise<RunAs | undefined> => {
  if (!isRoot()) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  try {
    return await systemUser();
  } catch {
    try {
      await run('useradd', [
        '--system',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        userName,
      ]);
      log(`PostgreSQL does not run as root: made the system user '${userName}' for it`);
      return await systemUser();
    } catch (cause) {
      throw new PlatformUnusable(
        `PostgreSQL does not run as root, and the system user '${userName}' could not be made: ` +
          'make it (useradd --system postgres), or start as an ordinary user',
        { cause },
      );
    }
  }
};

/** Whether that user can get to a folder: every folder above must let them pass. Asked of the system itself, not guessed from modes. */
export const canReach = async (user: RunAs | undefined, folder: string): Promise<boolean> => {
  if (user === undefined) return true;
  const child = spawn('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  return await new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
};

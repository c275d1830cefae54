import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, DataFolderUnusable, PlatformUnusable } from './errors.js';
import { clearTheWay } from './leftovers.js';
import { takeOwnership } from './owner-lock.js';
import { reachableHome } from './programs.js';
import { canReach, isRoot, whomToRunAs, type RunAs } from './run-as.js';

/** Where everything of one cluster is. */
export interface Placement {
  /** The folder that was asked for. */
  readonly dataDir: string;
  /** The folder that really holds the files: `dataDir`, or a reachable one that `dataDir/elsewhere` links to. */
  readonly place: string;
  /** PostgreSQL's own data directory, in `place`. */
  readonly cluster: string;
  /** The folder of PostgreSQL's `bin`, `lib` and `share`. */
  readonly home: string;
  readonly runAs: RunAs | undefined;
}

type Log = (message: string) => void;

/** Root's place for what the user `postgres` has to reach when the project lies in a folder closed to others, such as /root. */
const reachableRoot = '/var/lib/tallystick';
const linkName = 'elsewhere';

const exists = async (file: string): Promise<boolean> =>
  await lstat(file).then(
    () => true,
    () => false,
  );

const unusable = (folder: string, cause: unknown): DataFolderUnusable => {
  const code = codeOf(cause);
  const why =
    code === 'EROFS'
      ? 'it is on a file system that is read-only'
      : code === 'EACCES' || code === 'EPERM'
        ? 'this user may not write there'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'it is not a folder'
          : String(cause);
  return new DataFolderUnusable(
    `the data folder ${folder} cannot be used: ${why}. Put that right, or choose another with TALLYSTICK_DATA`,
    { cause },
  );
};

/** Makes a folder that others may pass through, whatever the umask says. */
const openFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
};

/**
 * Decides where data and programs lie so that whoever runs PostgreSQL can reach them, and makes the folders.
 * Throws `DataFolderUnusable` or `PlatformUnusable`, each with what to do.
 */
export const findPlace = async (dataDir: string, log: Log): Promise<Placement> => {
  const folder = path.resolve(dataDir);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw unusable(folder, cause);
  }
  const here = await realpath(folder);
  const moved = await linkedPlace(here);
  const runAs = await whomToRunAs(path.join(moved ?? here, 'cluster'), log);
  const place = moved ?? (await placeFor(here, runAs, log));
  if (!(await canReach(runAs, place))) {
    throw new DataFolderUnusable(
      `the user whom PostgreSQL runs as (uid ${runAs?.uid}) cannot reach ${place}: let others pass through the folders above it, ` +
        'or choose another data folder with TALLYSTICK_DATA',
    );
  }
  const cluster = path.join(place, 'cluster');
  await assertReadable(cluster);
  return {
    dataDir: folder,
    place,
    cluster,
    home: await reachableHome(runAs, rootsOwnFolder, log),
    runAs,
  };
};

const linkedPlace = async (here: string): Promise<string | undefined> => {
  const link = path.join(here, linkName);
  if (!(await exists(link))) return undefined;
  try {
    return await realpath(link);
  } catch (cause) {
    throw new DataFolderUnusable(
      `the data of ${here} should be where ${link} points to, but nothing is there: put it back, or remove the link to begin anew`,
      { cause },
    );
  }
};

const placeFor = async (here: string, runAs: RunAs | undefined, log: Log): Promise<string> => {
  if ((await exists(path.join(here, 'cluster'))) || (await canReach(runAs, here))) return here;
  const name = `data-${createHash('sha256').update(here).digest('hex').slice(0, 16)}`;
  const place = path.join(await rootsOwnFolder(), name);
  await openFolder(place);
  await symlink(place, path.join(here, linkName));
  log(
    `PostgreSQL does not run as root, and its user cannot reach ${here}: the data are kept in ${place} (${path.join(here, linkName)} links there)`,
  );
  return place;
};

const assertReadable = async (cluster: string): Promise<void> => {
  if (!(await exists(cluster)) || isRoot()) return;
  const { uid } = await stat(cluster);
  if (uid !== process.getuid?.()) {
    throw new DataFolderUnusable(
      `the data in ${cluster} belong to another user (uid ${uid}): start as that user or as root, or choose another data folder with TALLYSTICK_DATA`,
    );
  }
};

const rootsOwnFolder = async (): Promise<string> => {
  try {
    await openFolder(reachableRoot);
  } catch (cause) {
    throw new DataFolderUnusable(
      `the project lies in a folder that PostgreSQL's user cannot reach, and ${reachableRoot} cannot be made: ` +
        'choose a data folder and a project folder that others may pass through, or start as an ordinary user',
      { cause },
    );
  }
  if ((await stat(reachableRoot)).uid !== 0) {
    throw new PlatformUnusable(
      `${reachableRoot} does not belong to root: programs are not run from there`,
    );
  }
  return reachableRoot;
};

/** Makes a file or folder PostgreSQL's own. */
export const giveTo = async (user: RunAs | undefined, file: string): Promise<void> => {
  if (user !== undefined) await chown(file, user.uid, user.gid);
};

/**
 * Removes a data folder with everything in it, wherever it is kept, and ends a PostgreSQL that was left running on it.
 * Throws `DataInUse` when a living process owns it.
 */
export const removeData = async (dataDir: string, log: Log = () => {}): Promise<void> => {
  const here = await realpath(dataDir).catch(() => undefined);
  if (here === undefined) return;
  const place = (await linkedPlace(here)) ?? here;
  const release = await takeOwnership(place);
  try {
    await clearTheWay(path.join(place, 'cluster'), log);
    await rm(place, { recursive: true, force: true });
  } finally {
    release();
  }
  await rm(here, { recursive: true, force: true });
};

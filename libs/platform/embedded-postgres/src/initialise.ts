import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DataFolderUnusable, StartFailed } from './errors.js';
import { giveTo, type Placement } from './placement.js';

export const superuser = 'tallystick_admin';
const passwordName = 'tallystick.password';
const halfMade = 'cluster.new';
const noticeBytesMax = 4_000;

/** What PostgreSQL's programs see of our environment: nothing that could change how they behave. */
export const programEnvironment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Makes the cluster if there is none: UTF-8, sorted as bytes (C), with checksums, and a random password for the
 * superuser that only the data's owner can read. It appears whole or not at all.
 */
export const ensureCluster = async (
  at: Placement,
  log: (message: string) => void,
): Promise<void> => {
  await removeHalfMade(at.place);
  if ((await stat(at.cluster).catch(() => undefined)) !== undefined) {
    await assertSameRelease(at);
    return;
  }
  const started = Date.now();
  const half = path.join(at.place, halfMade);
  const passwordFile = path.join(at.place, `${halfMade}.password`);
  const password = randomBytes(24).toString('base64url');
  await mkdir(half, { mode: 0o700 });
  await giveTo(at.runAs, half);
  await writeOwnFile(at, passwordFile, password);
  await runInitdb(at, [
    `--pgdata=${half}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
  ]);
  await rename(passwordFile, path.join(half, passwordName));
  await rename(half, at.cluster);
  log(`made a new PostgreSQL cluster in ${at.cluster} (${Date.now() - started} ms)`);
};

export const readPassword = async (cluster: string): Promise<string> => {
  try {
    return (await readFile(path.join(cluster, passwordName), 'utf8')).trim();
  } catch (cause) {
    throw new DataFolderUnusable(
      `the superuser's password cannot be read from ${path.join(cluster, passwordName)}`,
      { cause },
    );
  }
};

const removeHalfMade = async (place: string): Promise<void> => {
  for (const name of await readdir(place)) {
    if (name.startsWith(halfMade)) await rm(path.join(place, name), { recursive: true });
  }
};

const writeOwnFile = async (at: Placement, file: string, text: string): Promise<void> => {
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  await giveTo(at.runAs, file);
};

const assertSameRelease = async (at: Placement): Promise<void> => {
  const data = (await readFile(path.join(at.cluster, 'PG_VERSION'), 'utf8')).trim();
  const share = await readFile(path.join(at.home, 'share', 'postgresql', 'postgres.bki'), 'utf8');
  const programs = /^# PostgreSQL (\d+)/.exec(share)?.[1] ?? data;
  if (data !== programs) {
    throw new DataFolderUnusable(
      `the data in ${at.cluster} were made by PostgreSQL ${data}, and this release brings ${programs}: ` +
        'dump them with the earlier release of Tallystick first, or choose another data folder with TALLYSTICK_DATA',
    );
  }
};

const runInitdb = async (at: Placement, args: readonly string[]): Promise<void> => {
  const child = spawn(path.join(at.home, 'bin', 'initdb'), args, {
    ...at.runAs,
    // The folder that we were started in may be closed to PostgreSQL's user.
    cwd: '/',
    env: programEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let notice = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    notice = (notice + text).slice(-noticeBytesMax);
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', (cause) => reject(new StartFailed('initdb cannot be run', { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new StartFailed(`initdb ended with ${code ?? signal}: ${notice.trim()}`));
    });
  });
};

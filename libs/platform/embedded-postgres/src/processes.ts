import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from './errors.js';

const run = promisify(execFile);

/**
 * The name that a cluster's processes carry: the server on its command line, its children in their titles. Made of the
 * data directory's path, so that a copy of the data is another cluster.
 */
export const clusterName = (cluster: string): string =>
  `tallystick-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;

/** The command line of a process, or undefined when it does not run. A zombie has an empty one. */
const commandOf = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8').then(
      (text) => text.replaceAll('\0', ' '),
      () => undefined,
    );
  }
  return await run('ps', ['-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
};

/** Every process of a cluster, the server itself and its children. */
export const processesOf = async (cluster: string): Promise<readonly number[]> => {
  const name = clusterName(cluster);
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-axo', 'pid=,command=']);
    return stdout
      .split('\n')
      .filter((line) => isOfCluster(line.replace(/^\s*\d+\s+/, ''), name))
      .map((line) => Number.parseInt(line, 10));
  }
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => (isOfCluster((await commandOf(pid)) ?? '', name) ? [pid] : [])),
  );
  return found.flat();
};

/** `…/bin/postgres -D … -c cluster_name=<name>`, or a child's title `postgres: <name>: checkpointer`. */
const isOfCluster = (command: string, name: string): boolean =>
  command.startsWith(`postgres: ${name}`) ||
  (isPostgresCommand(command) && command.includes(`cluster_name=${name}`));

const isPostgresCommand = (command: string): boolean => /^\S*postgres( |$)/.test(command);

export const isPostgres = async (pid: number): Promise<boolean> =>
  isPostgresCommand((await commandOf(pid)) ?? '');

/** Sends a signal; a process that has gone already is fine. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
};

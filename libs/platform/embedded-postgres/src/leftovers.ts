import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataInUse, StartFailed } from './errors.js';
import { isPostgres, processesOf, signal } from './processes.js';

const pollMs = 25;
/** A fast shutdown writes a checkpoint first. */
const fastShutdownMs = 60_000;
/** Children of a server that was killed notice by themselves, unless they are in the middle of work. */
const childrenMs = 2_000;
const immediateShutdownMs = 5_000;

/** What PostgreSQL writes into `postmaster.pid`, line by line. Source: PostgreSQL 18, `pidfile.h`. */
export interface PidFile {
  readonly pid: number;
  readonly ready: boolean;
}

export const readPidFile = async (cluster: string): Promise<PidFile | undefined> => {
  const text = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
};

const gone = async (cluster: string, withinMs: number): Promise<boolean> => {
  const deadline = Date.now() + withinMs;
  while ((await processesOf(cluster)).length > 0) {
    if (Date.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
};

/**
 * Ends what a killed start has left on this data: a server without an owner is shut down in order, children of a killed
 * server are waited for, then ended. To be called only by the owner of the data.
 * Throws `DataInUse` for a server that somebody else has started by hand.
 */
export const clearTheWay = async (
  cluster: string,
  log: (message: string) => void,
): Promise<void> => {
  const file = await readPidFile(cluster);
  const ours = await processesOf(cluster);
  if (file !== undefined && ours.includes(file.pid)) {
    log(
      `a PostgreSQL (process ${file.pid}) was left running by a start that was killed: shutting it down`,
    );
    signal(file.pid, 'SIGINT');
    if (await gone(cluster, fastShutdownMs)) return;
  }
  if (ours.length > 0) await endChildren(cluster);
  if (file !== undefined && (await readPidFile(cluster))?.pid === file.pid) {
    if (await isPostgres(file.pid)) {
      throw new DataInUse(cluster, file.pid, 'a PostgreSQL that was started by other means');
    }
    // The number may belong to another program by now, which PostgreSQL would take for a server.
    await rm(path.join(cluster, 'postmaster.pid'), { force: true });
  }
};

const endChildren = async (cluster: string): Promise<void> => {
  if (await gone(cluster, childrenMs)) return;
  for (const name of ['SIGQUIT', 'SIGKILL'] as const) {
    for (const pid of await processesOf(cluster)) signal(pid, name);
    if (await gone(cluster, immediateShutdownMs)) return;
  }
  const left = await processesOf(cluster);
  throw new StartFailed(`processes of an earlier PostgreSQL do not end: ${left.join(', ')}`);
};

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The root of the project: five folders above. */
export const root = fileURLToPath(new URL('../../../../..', import.meta.url));

/** The built programs: `npm run build` makes them. */
export const localProgram = path.join(root, 'deploy/local/dist/main.js');
export const backupProgram = path.join(root, 'deploy/local/dist/backup/main.js');
export const psqlProgram = path.join(root, 'deploy/local/dist/psql/main.js');
export const tallyProgram = path.join(root, 'services/tally/dist/main.js');

/** A program of ours in a process of its own. */
export interface Program {
  readonly pid: number;
  /** What it wrote so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly running: () => boolean;
  /** Resolves when it has ended: its status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

const keptCharsMax = 2_000_000;

/** Starts `node <file> <args>`. It sees the environment that is given, and of ours only the path. */
export const startProgram = (
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Program => {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', file, ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw new Error(`${file} cannot be run`);
  const gathered = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      gathered[name] = (gathered[name] + chunk).slice(-keptCharsMax);
    });
  }
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    return signal ?? code ?? 'SIGKILL';
  });
  return {
    pid: child.pid,
    stdout: () => gathered.stdout,
    stderr: () => gathered.stderr,
    running: () => child.exitCode === null && child.signalCode === null,
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
  };
};

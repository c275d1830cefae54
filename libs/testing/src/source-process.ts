import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A process of its own that runs one of our TypeScript sources; for tests that kill it. */
export interface SourceProcess {
  readonly pid: number;
  /** What it prints, line by line. Can be read once. */
  readonly lines: AsyncIterable<string>;
  /** Resolves when it has ended, with its status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

const hook = new URL('../src/source-hook.ts', import.meta.url).href;

/**
 * Starts `node <file> <args>` with workspaces taken from their sources; with `heapMiBMax`, it fails when it keeps more
 * than that, and has little room for what it does not keep. What it says on stderr appears on ours.
 */
export const runSource = (
  file: URL,
  args: readonly string[],
  options: { readonly heapMiBMax?: number } = {},
): SourceProcess => {
  const child: ChildProcess & { readonly stdout: Readable } = spawn(
    process.execPath,
    [
      '--conditions=@tallystick/source',
      '--disable-warning=ExperimentalWarning',
      `--import=${hook}`,
      ...(options.heapMiBMax === undefined
        ? []
        : [`--max-old-space-size=${options.heapMiBMax}`, '--max-semi-space-size=2']),
      file.pathname,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const ended = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    return signal ?? code ?? 'SIGKILL';
  });
  if (child.pid === undefined) throw new Error(`${file.pathname} cannot be run`);
  return {
    pid: child.pid,
    lines: createInterface({ input: child.stdout }),
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

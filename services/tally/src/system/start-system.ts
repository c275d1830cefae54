import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { serviceNames } from '@tallystick/contracts';
import { invariant } from '@tallystick/kernel';
import { exitCodes, Failure } from '../exit-codes.js';
import { readRunningSystem, repositoryRoot, type RunningSystem } from './data-folder.js';

/** The embedded system's program. A file and no import: it depends on this package. */
const localMain = join(repositoryRoot, 'deploy/local/dist/main.js');
/** Ends the system when this process is gone, however it went: the channel between them closes. */
const parentWatch = pathToFileURL(join(repositoryRoot, 'deploy/local/dist/system/parent-watch.js'));

/** The first start makes a database and brings it up to date. */
const readyWithinMs = 180_000;
const lookEveryMs = 200;
const stoppedWithinMs = 30_000;
const healthWithinMs = 5_000;
/** How much of what the system says is shown when it does not start. */
const tailLines = 15;

export interface StartedSystem {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the embedded system, and waits until all of it is ready. It serves this command alone and ends with it. */
export const startSystem = async (
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<StartedSystem> => {
  if (!existsSync(localMain))
    throw new Failure(
      exitCodes.unreachable,
      'no system runs, and none can be started before it is built: run npm run build, or name one by TALLYSTICK_URL',
    );
  const child = spawn(
    process.execPath,
    ['--import', parentWatch.href, localMain, '--serve', '--port', '0'],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env,
    },
  );
  const tail: string[] = [];
  const { stderr } = child;
  invariant(stderr !== null, 'a pipe was asked for');
  createInterface({ input: stderr }).on('line', (line) => {
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
  });
  try {
    return { url: await becomesReady(child, folder, signal), stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.exitCode, [error.message, ...tail].join('\n'));
  }
};

const becomesReady = async (
  child: ChildProcess,
  folder: string,
  signal: AbortSignal,
): Promise<string> => {
  const until = performance.now() + readyWithinMs;
  while (performance.now() < until) {
    signal.throwIfAborted();
    if (hasEnded(child))
      throw new Failure(
        exitCodes.unreachable,
        'no system runs, and one could not be started. It said:',
      );
    const running = await readRunningSystem(folder);
    if (running?.pid === child.pid && running !== null && (await isReady(running)))
      return running.url;
    await sleep(lookEveryMs);
  }
  throw new Failure(
    exitCodes.unreachable,
    `a system was started, and was not ready within ${readyWithinMs / 1_000} s. It said:`,
  );
};

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

const stop = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
  await ended;
  clearTimeout(killer);
};

/** Whether every service behind a system's address says that it is ready. */
export const isReady = async ({ url }: RunningSystem): Promise<boolean> => {
  const ready = await Promise.all(
    serviceNames.map(async (service) => {
      try {
        const answer = await fetch(new URL(`/health/${service}/ready`, url), {
          signal: AbortSignal.timeout(healthWithinMs),
        });
        await answer.body?.cancel();
        return answer.ok;
      } catch {
        // Whatever keeps it from answering: it is not ready.
        return false;
      }
    }),
  );
  return ready.every((service) => service);
};

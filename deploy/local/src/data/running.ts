import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { CannotStart } from '@tallystick/embedded-postgres';
import type { DataFolder } from './folder.js';
import { readJson, writeJson } from './whole-file.js';

const runningFile = z.object({
  pid: z.int().positive(),
  /** The base address of the front door. */
  url: z.url(),
  startedAt: z.string(),
  /** Tells one start from another: the front door answers it at `/health`. */
  instance: z.string(),
});
export type Running = z.output<typeof runningFile>;

/** The data folder belongs to a system that runs. */
export class AlreadyRunning extends CannotStart {
  constructor(
    folder: DataFolder,
    { pid, url }: { readonly pid?: number | undefined; readonly url?: string },
  ) {
    super(
      `a Tallystick is running on ${folder.path} already` +
        (pid === undefined ? '' : ` (process ${pid})`) +
        (url === undefined ? '' : `, at ${url}`) +
        `. Use that one, stop it${pid === undefined ? '' : ` (Ctrl-C where it was started, or kill ${pid})`}, ` +
        'or start another beside it: npm start -- --data <folder> --port <port>',
    );
  }
}

/** The system that runs on this data, if its process lives. A file that a killed one left behind says nothing. */
export const whoRuns = async (folder: DataFolder): Promise<Running | undefined> => {
  const running = runningFile.safeParse(await readJson(folder.running));
  if (!running.success || !(await isAlive(running.data.pid))) return undefined;
  return running.data;
};

export const announce = async (folder: DataFolder, running: Running): Promise<void> =>
  await writeJson(folder.running, running);

/** Takes our announcement back, and nobody else's. */
export const withdraw = async (folder: DataFolder, instance: string): Promise<void> => {
  const running = runningFile.safeParse(await readJson(folder.running));
  if (running.success && running.data.instance === instance)
    await rm(folder.running, { force: true });
};

/** Whether a process runs. One that has ended and waits to be collected (a zombie) does not. */
const isAlive = async (pid: number): Promise<boolean> => {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  // The state follows the name, which may have any characters, in brackets. Source: proc_pid_stat(5).
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X');
  return !['Z', 'X'].includes(text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3));
};

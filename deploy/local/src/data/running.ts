import { rm } from 'node:fs/promises';
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
  /** `running`: what the folder says; of use only if it tells of the very process that has the data. */
  constructor(folder: DataFolder, pid: number | undefined, running: Running | undefined) {
    const url = running?.pid === pid ? running?.url : undefined;
    super(
      `a Tallystick is running on ${folder.path} already` +
        (pid === undefined ? '' : ` (process ${pid})`) +
        (url === undefined ? '' : `, at ${url}`) +
        `. Use that one; or stop it (Ctrl-C where it was started${pid === undefined ? '' : `, or kill ${pid}`}); ` +
        'or start another beside it: npm start -- --data <folder> --port <port>',
    );
  }
}

/** The last system that was ready on this data and has not stopped in order: it runs, or it was killed. */
export const lastRunning = async (folder: DataFolder): Promise<Running | undefined> => {
  const running = runningFile.safeParse(await readJson(folder.running));
  return running.success ? running.data : undefined;
};

export const announce = async (folder: DataFolder, running: Running): Promise<void> =>
  await writeJson(folder.running, running);

/** Takes our announcement back, and nobody else's. */
export const withdraw = async (folder: DataFolder, instance: string): Promise<void> => {
  if ((await lastRunning(folder))?.instance === instance) await rm(folder.running, { force: true });
};

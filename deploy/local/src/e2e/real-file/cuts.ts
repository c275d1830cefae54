import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../tools/eventually.js';
import type { Program } from '../tools/programs.js';
import { say } from '../tools/say.js';
import { withStore } from '../tools/store.js';
import type { SystemProcess } from '../tools/system-process.js';
import { startImport } from './importing.js';
import type { Programme } from './programmes.js';

export type Victim = 'importer' | 'service' | 'postgres';

export interface Cut {
  readonly victim: Victim;
  /** Of what the import makes in all, in percent. */
  readonly percent: number;
}

const victims: readonly Victim[] = [
  'importer',
  'service',
  'postgres',
  'service',
  'importer',
  'postgres',
  'service',
  'importer',
  'postgres',
  'service',
];
const firstPercent = 5;
/** A batch is some 4 %, so that the last cut still falls before 95 %. */
const lastPercent = 88;

/** Ten cuts, each at a random point of its own tenth of the way. */
export const tenCuts = (): Cut[] => {
  const part = (lastPercent - firstPercent) / victims.length;
  return victims.map((victim, index) => ({
    victim,
    percent: firstPercent + (index + Math.random()) * part,
  }));
};

const lookEveryMs = 100;
/** A cut comes up to this much later than its point was seen: anywhere in a batch, and not only when one is written. */
const laterMaxMs = 1_500;
/** A killed PostgreSQL recovers before it answers. */
const awayMaxMs = 180_000;

/**
 * Imports the file, and cuts it off by SIGKILL at each point: the importer is started again, the system too;
 * PostgreSQL is brought back by the system. Answers the last importer's output.
 */
export const importCutOff = async (
  system: SystemProcess,
  programme: Programme,
  cuts: readonly Cut[],
  eventsInAll: bigint,
): Promise<string> => {
  const start = (): Program => startImport(system, programme, '--json');
  let importer = start();
  /** One that gave up, as the system was away for too long, is started again as a person would. */
  const keepGoing = async (): Promise<boolean> => {
    if (importer.running()) return true;
    const ended = await importer.ended;
    if (ended === 0) return false;
    say(`the importer ended with ${ended}; started again`);
    importer = start();
    return true;
  };

  for (const { victim, percent } of cuts) {
    let reached = await percentDone(system, eventsInAll);
    while (reached < percent) {
      if (!(await keepGoing()))
        throw new Error(`the import ended before it could be cut off at ${percent} %`);
      await sleep(lookEveryMs);
      reached = await percentDone(system, eventsInAll);
    }
    await sleep(Math.random() * laterMaxMs);
    reached = await percentDone(system, eventsInAll);
    say(`SIGKILL of the ${victim} at ${reached.toFixed(1)} %`);
    switch (victim) {
      case 'importer':
        importer.kill('SIGKILL');
        await importer.ended;
        importer = start();
        break;
      case 'service':
        await system.kill();
        await system.restart();
        break;
      case 'postgres':
        process.kill(await system.postgresPid(), 'SIGKILL');
        break;
    }
  }
  while (await keepGoing()) await Promise.race([importer.ended, sleep(1_000)]);
  return importer.stdout();
};

/** By the events in the store: their positions have no gaps. Waits while PostgreSQL is away. */
const percentDone = async (system: SystemProcess, eventsInAll: bigint): Promise<number> => {
  const head = await eventually(
    'the store can be read',
    async () => {
      try {
        return await withStore(await system.databaseUrl(), (store) => store.head());
      } catch {
        return undefined;
      }
    },
    { withinMs: awayMaxMs },
  );
  return (Number(head) * 100) / Number(eventsInAll);
};

import { setTimeout as sleep } from 'node:timers/promises';
import { serviceNames } from '@tallystick/contracts';
import { createPool } from '@tallystick/postgres';
import { runningPostgres } from '../../data/running-postgres.js';
import type { LocalSystem } from '../../index.js';
import { eventually } from '../tools/eventually.js';
import { stateOf } from './state.js';
import type { Answered, Door, Journal } from './journal.js';
import type { Point, Victim } from './points.js';

const everyDoor: readonly Door[] = serviceNames;
/** Generous: a service starts Node anew, PostgreSQL goes through its log, and the machine may be busy. */
const servesWithinMs = 180_000;

/** One kill, and what it took until everything that it concerns had answered again. */
export interface Kill extends Point {
  readonly atMs: number;
  /** Those of the doors that have not answered anything that was asked after the kill. */
  readonly waitedFor: Set<Door>;
  servedAgainMs: number | undefined;
}

/** Kills at each point, in turn; answers what it did when everything serves again. */
export const killAtEach = async (
  system: LocalSystem,
  journal: Journal,
  points: readonly Point[],
  afterEach: (kill: Kill, nth: number) => Promise<void>,
): Promise<readonly Kill[]> => {
  const kills: Kill[] = [];
  const open = new Set<Kill>();
  journal.answered = ({ door, begunMs, answeredMs }: Answered): void => {
    for (const kill of open) {
      if (begunMs < kill.atMs) continue;
      kill.waitedFor.delete(door);
      if (kill.waitedFor.size > 0) continue;
      kill.servedAgainMs = answeredMs - kill.atMs;
      open.delete(kill);
    }
  };
  const allServe = async (): Promise<void> => {
    try {
      await eventually(
        `everything serves again after ${JSON.stringify(kills.at(-1))}`,
        () => Promise.resolve(open.size === 0 ? true : undefined),
        { withinMs: servesWithinMs, everyMs: 5 },
      );
    } catch (error) {
      const awaited = [...open].flatMap(({ waitedFor }) => [...waitedFor]);
      throw new Error(`${awaited.join(', ')} did not answer; ${await stateOf(system, journal)}`, {
        cause: error,
      });
    }
  };

  for (const [index, point] of points.entries()) {
    if (point.phase !== 'recovering') {
      await allServe();
      const last = kills.at(-1);
      if (last !== undefined) await afterEach(last, index);
    }
    await sleep(point.delayMs);
    await killNow(system, point.victim);
    const concerned =
      point.victim === 'postgres' || point.victim === 'backend' ? everyDoor : [point.victim];
    const kill: Kill = {
      ...point,
      atMs: performance.now(),
      waitedFor: new Set(concerned),
      servedAgainMs: undefined,
    };
    kills.push(kill);
    open.add(kill);
  }
  await allServe();
  return kills;
};

/** Process ids that are dead already, so that none is taken for a living one twice. */
const killed = new Set<number>();

/** Kills what is alive of a victim: one that is being started again is waited for, until there is a process of it. */
const killNow = async (system: LocalSystem, victim: Victim): Promise<void> => {
  await eventually(
    `there is a ${victim} to kill`,
    async () => {
      const pid = await pidOf(system, victim);
      if (pid === undefined || killed.has(pid)) return undefined;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        return undefined;
      }
      killed.add(pid);
      return pid;
    },
    { withinMs: servesWithinMs, everyMs: 5 },
  );
};

const pidOf = async (system: LocalSystem, victim: Victim): Promise<number | undefined> => {
  switch (victim) {
    case 'postgres':
      return await runningPostgres(system.folder.postgres).then(
        ({ pid }) => pid,
        () => undefined,
      );
    case 'backend':
      return await aBackend(system.postgres.url).catch(() => undefined);
    default:
      return system.pids()[victim];
  }
};

/** One that is at work, if there is one: the appending of events rather than anything else. */
const aBackend = async (url: string): Promise<number | undefined> => {
  const db = createPool(url, { max: 1, applicationName: 'tallystick crash' });
  try {
    const { rows } = await db.query<{ pid: number }>(
      `select pid from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name like 'tallystick %'
        order by (state = 'active' and query like '%eventstore.append%') desc, state = 'active' desc, random() limit 1`,
    );
    return rows[0]?.pid;
  } finally {
    await db.end();
  }
};

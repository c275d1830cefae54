import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startLocalSystem, type LocalSystem } from '../index.js';
import { newJournal } from './crash/journal.js';
import { killAtEach, type Kill } from './crash/kills.js';
import { openShop, program, startLoad } from './crash/load.js';
import { pointsOf, victims } from './crash/points.js';
import { compareWithStore, type Verdict } from './crash/store-tells.js';
import { viewsAhead } from './crash/views-ahead.js';
import { houseOf, retried, type House } from './front-door/house.js';
import { at } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { replay } from './tools/replay.js';
import { say } from './tools/say.js';
import { withStore } from './tools/store.js';

/** `npm run crash` makes it many. */
const count = Number(process.env['TALLYSTICK_CRASH_POINTS'] ?? 6);
const seed = Number(process.env['TALLYSTICK_CRASH_SEED'] ?? Math.floor(Math.random() * 1_000_000));

const setUpMs = 240_000;
const settledWithinMs = 60_000;
jest.setTimeout(setUpMs + count * 30_000);

describe(`SIGKILL of PostgreSQL and of services at ${count} points under load`, () => {
  let folder: string;
  let system: LocalSystem;
  let house: House;
  const journal = newJournal();
  /** What the system itself says: who ended, and who was started again. */
  const log: string[] = [];
  let kills: readonly Kill[] = [];

  beforeAll(async () => {
    folder = await makeDataFolder();
    system = await startLocalSystem({
      dataDir: folder,
      port: 0,
      processes: 5,
      logLevel: 'fatal',
      log: (line) => log.push(line),
    });
    house = await houseOf(system, system.postgres.url);
  }, setUpMs);
  afterAll(async () => {
    await system.stop();
    await removeDataFolder(folder);
  }, setUpMs);

  it('serves again by itself each time, with all that was acknowledged and no view ahead of the store', async () => {
    say(`seed ${seed}`);
    const shop = await openShop(house, journal);
    const load = startLoad(shop, journal, seed);
    try {
      kills = await killAtEach(system, journal, pointsOf(seed, count), async (kill, nth) => {
        const told = journal.toldPosition;
        await withStore(system.postgres.url, async (store, db) => {
          expect(Number(await store.head())).toBeGreaterThanOrEqual(told);
          expect(await viewsAhead(db)).toEqual([]);
        });
        if (nth % 10 === 0)
          say(
            `${nth} kills, ${journal.acknowledged.length} writes acknowledged; the last: ${kill.victim}, served again after ${kill.servedAgainMs?.toFixed(0)} ms`,
          );
      });
    } finally {
      await load.stop();
    }
    expect(kills).toHaveLength(count);
    expect(journal.unexpected).toEqual([]);
  });

  it('has every write that was acknowledged once, and none that was not', async () => {
    const compare = (): Promise<Verdict> =>
      withStore(system.postgres.url, (store) => compareWithStore(store, journal.acknowledged));
    // Partners' events are settled after they were acknowledged.
    let verdict = await compare();
    const deadlineMs = performance.now() + settledWithinMs;
    while (verdict.unsettled.length > 0 && performance.now() < deadlineMs) {
      await sleep(1_000);
      verdict = await compare();
    }
    expect(verdict).toMatchObject({ lost: [], twice: [], untold: [], unsettled: [] });
    report(verdict.events);
  });

  it('replays to equal views, with a trial balance of zero', async () => {
    const after = String(await withStore(system.postgres.url, (store) => store.head()));
    const trial = await retried(() =>
      house.auditor('reporting', `/v1/reports/${program}/trial-balance`, { after }),
    );
    expect(trial.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
    const replayed = await replay(house.ops);
    expect(replayed).toMatchObject({ status: 'done', equal: true, caughtUp: true });
    say(`replay equal at position ${String(at(replayed, 'position'))}; trial balance zero`);
    expect(await withStore(system.postgres.url, (_, db) => viewsAhead(db))).toEqual([]);
  });

  it('had nobody end that was not killed', () => {
    const ended = log.filter((line) => / ended \(/.test(line));
    expect(ended.filter((line) => !line.includes('(SIGKILL)'))).toEqual([]);
  });

  const report = (events: number): void => {
    for (const victim of victims) {
      const ofIt = kills.filter((kill) => kill.victim === victim);
      const took = ofIt.flatMap(({ servedAgainMs }) => servedAgainMs ?? []).sort((a, b) => a - b);
      if (took.length > 0)
        say(
          `${victim}: ${took.length} kills, served again after ${shown(took[0])} (least), ${shown(took[took.length >> 1])} (median), ${shown(took.at(-1))} (most)`,
        );
    }
    const phases = Map.groupBy(kills, ({ phase }) => phase);
    say([...phases].map(([phase, { length }]) => `${phase} ${length}`).join(', '));
    const kinds = Map.groupBy(journal.acknowledged, ({ kind }) => kind);
    say(`acknowledged: ${[...kinds].map(([kind, { length }]) => `${kind} ${length}`).join(', ')}`);
    say(
      `${kills.length} kills, ${journal.acknowledged.length} writes acknowledged, ${events} events; ` +
        `${journal.retries} attempts tried again, ${journal.refused} refused for want of points, ${journal.reads} reads`,
    );
    say('lost 0, twice 0, views ahead 0');
  };
});

const shown = (ms: number | undefined): string => `${((ms ?? 0) / 1_000).toFixed(1)} s`;

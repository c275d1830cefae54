import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, openSession, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createWake, type Wake } from './wake.js';

/** Longer than any test takes: who is woken was told, and did not only look. */
const longMs = 60_000;
const never = new AbortController().signal;

describe('a wake', () => {
  let database: TestDatabase;
  let admin: Database;
  let here: Wake;
  let there: Wake;
  let pools: Database[];

  beforeEach(async () => {
    database = await testDatabase();
    admin = createPool(database.url);
    pools = [createPool(database.url), createPool(database.url)];
    [here, there] = pools.map(createWake) as [Wake, Wake];
  });
  afterEach(async () => {
    await Promise.all([here.close(), there.close()]);
    await Promise.all([admin, ...pools].map((pool) => pool.end()));
    await database.drop();
  });

  const listeners = async (): Promise<readonly number[]> => {
    const { rows } = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity
        where datname = current_database() and state = 'idle' and query = 'listen tallystick_events'`,
    );
    return rows.map(({ pid }) => pid);
  };
  const untilListening = async (count: number): Promise<readonly number[]> => {
    for (;;) {
      const pids = await listeners();
      if (pids.length === count) return pids;
      await sleep(10);
    }
  };
  const isOver = async (over: Promise<unknown>, withinMs: number): Promise<boolean> =>
    await Promise.race([over.then(() => true), sleep(withinMs, false)]);

  it('is waited for no longer than the time given, and not shorter', async () => {
    const began = performance.now();
    await here.wait(80, never).over;
    expect(performance.now() - began).toBeGreaterThan(70);
    const waiting = here.wait(longMs, never);
    await untilListening(1);
    expect(await isOver(waiting.over, 300)).toBe(false);
    waiting.stop();
    expect(await isOver(waiting.over, 1_000)).toBe(true);
  });

  it('is heard at once in its own process, where nobody has to listen', async () => {
    const waiting = here.wait(longMs, never);
    here.announce(1n);
    expect(await isOver(waiting.over, 5)).toBe(true);
  });

  it('is heard in other processes, by who listens', async () => {
    there.wait(1, never);
    await untilListening(1);
    const waiting = there.wait(longMs, never);
    here.announce(1n);
    expect(await isOver(waiting.over, 5_000)).toBe(true);
  });

  it('tells others the newest position alone of many that come together, and never an older one', async () => {
    const session = await openSession({ url: database.url, applicationName: 'test' });
    const heard: bigint[] = [];
    await session.listen('tallystick_events', (payload) => heard.push(BigInt(payload)));
    const untilHeard = async (position: bigint): Promise<void> => {
      while (heard.at(-1) !== position) await sleep(5);
    };
    for (let position = 1n; position <= 100n; position += 1n) here.announce(position);
    here.announce(50n);
    await untilHeard(100n);
    expect(heard).toEqual([1n, 100n]);
    // It has come to rest by then.
    await sleep(100);
    here.announce(101n);
    await untilHeard(101n);
    expect(heard).toEqual([1n, 100n, 101n]);
    await session.close();
  });

  it('lets who waits look when the connection breaks, and is heard over another one after that', async () => {
    const first = there.wait(longMs, never);
    const [pid] = await untilListening(1);
    await admin.query('select pg_terminate_backend($1)', [pid]);
    expect(await isOver(first.over, 5_000)).toBe(true);
    await untilListening(1);
    const second = there.wait(longMs, never);
    here.announce(1n);
    expect(await isOver(second.over, 5_000)).toBe(true);
  });

  it('is over for who gives up, before or meanwhile, and leaves nothing behind', async () => {
    const stopping = new AbortController();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    here.wait(longMs, never).stop();
    await untilListening(1);
    const before = timers();
    const waiting = here.wait(longMs, stopping.signal);
    expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(1);
    stopping.abort();
    await waiting.over;
    expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(0);
    expect(timers()).toBe(before);
    await here.wait(longMs, stopping.signal).over;
  });

  it('lets everybody go when it is closed, with its connection', async () => {
    const waiting = here.wait(longMs, never);
    await untilListening(1);
    here.announce(1n);
    const later = here.wait(longMs, never);
    const began = performance.now();
    await here.close();
    expect(await isOver(Promise.all([waiting.over, later.over]), 1_000)).toBe(true);
    await here.wait(longMs, never).over;
    expect(performance.now() - began).toBeLessThan(400);
    await untilListening(0);
    expect(await isOver(there.wait(longMs, never).over, 50)).toBe(false);
  });
});

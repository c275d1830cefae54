import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { runSource, testDatabase, type SourceProcess } from '@tallystick/testing';
import type { AccountId } from '@tallystick/kernel';
import { startReporting, type ReplayJob, type Reporting } from '../testing/start-reporting.js';
import { allViews } from '../views/all.js';

jest.setTimeout(180_000);

describe('replay jobs', () => {
  let reporting: Reporting;
  let accounts: AccountId[];
  let sold = 0;
  beforeEach(async () => {
    reporting = await startReporting(await testDatabase());
    const { shop } = reporting;
    shop.publish();
    accounts = Array.from({ length: 50 }, (_, index) => shop.open(`m${index}`));
    sold = 0;
    await sell(200);
  });
  afterEach(() => reporting.end());

  const sell = async (count: number): Promise<void> => {
    for (let more = 0; more < count; more += 1) {
      const account = accounts[sold % accounts.length];
      if (account !== undefined) reporting.shop.sell(account, { number: String(sold), points: 2 });
      sold += 1;
    }
    await reporting.shop.flush();
  };
  const earned = async (): Promise<unknown> =>
    (await reporting.ask('/v1/reports/shop/summary')).body['earned'];
  const digests = ({ views }: ReplayJob) => views.map(({ view, digest }) => [view, digest.live]);
  const shadows = async (): Promise<number> => {
    const { rows } = await reporting.admin.query<{ tables: number }>(
      `select count(*)::int as tables from pg_class where relname like 'replay\\_%' and relkind = 'r'`,
    );
    return rows[0]?.tables ?? -1;
  };

  it('runs in the background, and says what it found', async () => {
    expect(await earned()).toBe(400);
    const job = await reporting.replay();
    expect(job).toMatchObject({
      status: 'done',
      problem: null,
      caughtUp: true,
      equal: true,
      rebuilt: false,
    });
    expect(job.events).toBe(1 + 50 * 2 + 200 * 2);
    expect(job.views.find(({ view }) => view === 'receipts')).toMatchObject({
      rows: 200,
      equal: 200,
    });
  });

  it('are one at a time: the second is told which one runs', async () => {
    const [one, two] = await Promise.all([
      reporting.ask('/v1/replays', { body: {} }),
      reporting.ask('/v1/replays', { body: {} }),
    ]);
    expect([one.status, two.status].sort()).toEqual([202, 409]);
    const refused = one.status === 409 ? one : two;
    expect(refused.body['type']).toBe('urn:tallystick:problem:replay-running');
    await reporting.stop();
  });

  it('bring every view back after all were dropped by hand, without a restart, while events keep coming', async () => {
    const before = await reporting.replay();
    for (const { name } of allViews) await reporting.admin.query(`drop table ${name}`);
    const missing = await reporting.ask('/v1/reports/shop/summary', { after: null });
    expect([missing.status, missing.body['type']]).toEqual([
      503,
      'urn:tallystick:problem:views-missing',
    ]);
    expect(await reporting.replay({ rebuild: true })).toMatchObject({ equal: true, rebuilt: true });
    const again = await reporting.replay();
    expect(again).toMatchObject({ equal: true, rebuilt: false });
    expect(digests(again)).toEqual(digests(before));
    await sell(50);
    expect(await earned()).toBe(500);
  });

  it('cannot be had where the whole schema was dropped, and say that a start brings it back', async () => {
    const before = await reporting.replay();
    await reporting.admin.query('drop schema reporting cascade');
    for (const body of [{}, { rebuild: true }]) {
      const refused = await reporting.ask('/v1/replays', { body, after: null });
      expect([refused.status, refused.body['type']]).toEqual([
        503,
        'urn:tallystick:problem:views-missing',
      ]);
      expect(refused.body['detail']).toContain('start reporting again');
    }
    await reporting.stop();
    await reporting.startAgain();
    const again = await reporting.replay({ rebuild: true });
    expect(again).toMatchObject({ equal: true, rebuilt: true });
    expect(digests(await reporting.replay())).toEqual(digests(before));
  });

  it('rebuild under load: live consumption goes on without gap or doubling', async () => {
    const stopped = new AbortController();
    const load = (async () => {
      // A steady stream that live consumption can follow, however busy the machine is.
      while (!stopped.signal.aborted) {
        await sell(10);
        await sleep(100);
      }
    })();
    try {
      for (let round = 0; round < 2; round += 1) {
        expect(await reporting.replay({ rebuild: true })).toMatchObject({
          status: 'done',
          rebuilt: true,
        });
        const { status, problem, views } = await reporting.replay();
        expect([status, problem]).toEqual(['done', null]);
        expect(
          views.filter(({ different, missing, extra }) => different + missing + extra > 0),
        ).toEqual([]);
      }
    } finally {
      stopped.abort();
      await load;
    }
    expect(await earned()).toBe(sold * 2);
    expect(await reporting.replay()).toMatchObject({ equal: true });
  });

  describe('killed in the middle', () => {
    let process: SourceProcess | undefined;
    afterEach(() => process?.kill());

    it('leave the live views as they were, and what is left of them is cleared away', async () => {
      await sell(2_500);
      const before = digests(await reporting.replay());
      await reporting.stop();

      const replay = randomUUID();
      process = runSource(new URL('../testing/killable-replay.ts', import.meta.url), [
        reporting.env.TALLYSTICK_DATABASE_URL,
        replay,
      ]);
      for await (const events of process.lines) {
        if (Number(events) > 0) break;
      }
      await process.kill();
      expect(await shadows()).toBe(allViews.length);

      await reporting.startAgain();
      expect(await reporting.job(replay)).toMatchObject({ status: 'interrupted', equal: null });
      expect(await shadows()).toBe(0);
      const after = await reporting.replay();
      expect(after).toMatchObject({ status: 'done', equal: true });
      expect(digests(after)).toEqual(before);
    });
  });

  it('end with the service, and say so', async () => {
    await sell(1_500);
    const replay = await reporting.begin();
    await reporting.stop();
    expect(await shadows()).toBe(0);
    await reporting.startAgain();
    expect((await reporting.job(replay)).status).toMatch(/^(interrupted|done)$/);
    expect(await reporting.replay()).toMatchObject({ equal: true });
  });

  it('fail when PostgreSQL cuts them off, and say so; the next one is right', async () => {
    await sell(1_500);
    const replay = await reporting.begin({ rebuild: true });
    await reporting.admin.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and objsubid = 2 and classid = 1952541804`,
    );
    while ((await reporting.job(replay)).status === 'running') await sleep(50);
    expect(await reporting.job(replay)).toMatchObject({ status: 'failed', equal: null });
    expect(await reporting.replay()).toMatchObject({ equal: true });
    expect(await shadows()).toBe(0);
  });
});

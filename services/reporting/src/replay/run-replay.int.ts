import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import type { AccountId } from '@tallystick/kernel';
import { openViews, type Views } from '../testing/open-views.js';
import { allViews } from '../views/all.js';
import type { ReplayReport } from './report.js';

jest.setTimeout(120_000);

describe('a replay', () => {
  let views: Views;
  let ann: AccountId;
  let sold: ReturnType<Views['shop']['sell']>;
  beforeEach(async () => {
    views = await openViews(await testDatabase());
    const { shop } = views;
    shop.publish();
    ann = shop.open('ann');
    sold = shop.sell(ann, { number: '1', points: 100 });
    shop.redeem(ann, 'r', 30);
    const bob = shop.open('bob');
    shop.sell(bob, { number: '2', points: 0 });
    shop.park({ number: '3' });
    shop.refuse({ number: '3' }, 'conflict');
    await shop.flush();
    await views.deliver(await views.messages());
  });
  afterEach(() => views.end());

  const view = (report: ReplayReport, name: string) => {
    const found = report.views.find((one) => one.view === name);
    if (found === undefined) throw new Error(`no view ${name}`);
    return found;
  };
  const digests = ({ views: all }: ReplayReport) =>
    Object.fromEntries(all.map(({ view: name, digest }) => [name, digest]));
  const tables = async () => {
    const { rows } = await views.db.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'reporting'::regnamespace order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  it('finds the views equal, and leaves nothing behind', async () => {
    const before = await tables();
    const report = await views.replay();
    expect(report).toMatchObject({ caughtUp: true, equal: true, rebuilt: false });
    expect(report.views.map(({ view: name, rows, equal }) => [name, rows, equal])).toEqual([
      ['programs', 1, 1],
      ['members', 2, 2],
      ['receipts', 3, 3],
      ['refusals', 1, 1],
      ['accounts', 2, 2],
      ['lots', 1, 1],
      ['statement_entries', 5, 5],
      ['posting_sums', 3, 3],
      ['awards', 2, 2],
    ]);
    for (const { live, replayed } of Object.values(digests(report))) expect(live).toBe(replayed);
    expect(await tables()).toEqual(before);
  });

  it.each([
    ['accounts', 'update accounts set unspent = 71 where account = $1', 'unspent', '70', '71'],
    ['lots', 'update lots set remaining = 99 where account = $1', 'remaining', '70', '99'],
    [
      'statement_entries',
      `update statement_entries set reason = 'x' where account = $1 and revision = 1`,
      'reason',
      null,
      '"x"',
    ],
    [
      'posting_sums',
      `update posting_sums set points = 5 where account = $1 and posting like '%unspent'`,
      'points',
      '70',
      '5',
    ],
  ])(
    'finds a wrong row in %s and names it, its column and both values',
    async (name, sql, column, replayed, live) => {
      await views.db.query(sql, [ann]);
      const report = await views.replay();
      expect(report.equal).toBe(false);
      const { first, different, missing, extra, digest } = view(report, name);
      expect({ different, missing, extra }).toEqual({ different: 1, missing: 0, extra: 0 });
      expect(first).toMatchObject({ what: 'different', key: { stream: 'ledger-shop-a%2Dann' } });
      expect(first?.columns).toMatchObject([
        { column, live, ...(replayed === null ? {} : { replayed }) },
      ]);
      expect(digest.live).not.toBe(digest.replayed);
      expect(
        report.views
          .filter(({ view: other }) => other !== name)
          .every(({ rows, equal }) => rows === equal),
      ).toBe(true);

      expect(await views.replay({ rebuild: true })).toMatchObject({ equal: true, rebuilt: true });
      expect(await views.replay()).toMatchObject({ equal: true, rebuilt: false });
    },
  );

  it('finds rows that are missing and rows that nobody wrote', async () => {
    await views.db.query('delete from statement_entries where account = $1 and revision = 2', [
      ann,
    ]);
    await views.db.query('delete from members where account = $1', [ann]);
    await views.db.query(
      `insert into lots select stream, 'forged', program, account, 5, 5, available_at, null, rule, kind, funder, true from lots`,
    );
    const report = await views.replay();
    expect(report.equal).toBe(false);
    expect(view(report, 'statement_entries')).toMatchObject({
      missing: 1,
      first: { what: 'missing', key: { stream: 'ledger-shop-a%2Dann', revision: 2 }, columns: [] },
    });
    expect(view(report, 'members')).toMatchObject({ rows: 1, equal: 1, missing: 1 });
    expect(view(report, 'lots')).toMatchObject({
      rows: 2,
      extra: 1,
      first: { what: 'extra', key: { lot: 'forged' } },
    });
  });

  it('compares what lags as of its own revision, and does not call it different', async () => {
    const { shop } = views;
    shop.sell(ann, { number: '4', points: 8 });
    shop.giveBack(ann, '5', sold, '2');
    const cid = shop.open('cid');
    shop.sell(cid, { number: '6', points: 8 });
    await shop.flush();
    // Not caught up: live consumption has seen none of this.
    const report = await views.replay({ caughtUp: () => Promise.resolve(false) });
    expect(
      report.views.every(({ different, missing, extra }) => different + missing + extra === 0),
    ).toBe(true);
    expect(view(report, 'accounts')).toMatchObject({ rows: 2, equal: 2, lagging: 2 });
    expect(view(report, 'lots')).toMatchObject({ rows: 1, equal: 1, lagging: 1 });
    expect(view(report, 'receipts')).toMatchObject({ rows: 3, equal: 3, lagging: 3 });
    // But it is not shown to be equal either: what is late cannot be told from what is lost.
    expect(report).toMatchObject({ caughtUp: false, equal: false });

    await views.db.query('update lots set remaining = 1');
    const wrong = await views.replay({ caughtUp: () => Promise.resolve(false) });
    expect(view(wrong, 'lots')).toMatchObject({ different: 1, lagging: 1 });

    await views.db.query('update lots set remaining = 70');
    await views.deliver(await views.messages());
    expect(await views.replay()).toMatchObject({ equal: true });
  });

  it('compares long streams too, read page by page', async () => {
    const { shop } = views;
    const sell = (from: number, to: number) => {
      for (let number = from; number < to; number += 1) {
        shop.sell(ann, { number: String(number), points: 1 });
      }
    };
    sell(100, 1_400);
    await shop.flush();
    await views.deliver(await views.messages());
    sell(1_400, 1_410);
    await shop.flush();
    const report = await views.replay({ caughtUp: () => Promise.resolve(false) });
    expect(view(report, 'statement_entries')).toMatchObject({
      rows: 1_305,
      equal: 1_305,
      lagging: 1_303,
    });
    expect(
      report.views.filter(({ rows, equal, missing }) => rows !== equal || missing > 0),
    ).toEqual([]);
    await views.deliver(await views.messages());
    expect(await views.replay()).toMatchObject({ equal: true });
  });

  it('calls wrong, not late, what consumption has passed', async () => {
    const { shop } = views;
    shop.sell(ann, { number: '4', points: 8 });
    await shop.flush();
    const report = await views.replay({ caughtUp: () => Promise.resolve(true) });
    expect(report.equal).toBe(false);
    expect(view(report, 'accounts')).toMatchObject({ equal: 1, different: 1, lagging: 0 });
    expect(view(report, 'receipts')).toMatchObject({ equal: 3, missing: 1, lagging: 0 });
  });

  it('compares what came after it began too: live rows may be ahead of the fold', async () => {
    const { shop } = views;
    let done = false;
    const report = await views.replay({
      caughtUp: async () => {
        if (done) return true;
        done = true;
        for (let number = 10; number < 60; number += 1)
          shop.sell(ann, { number: String(number), points: 1 });
        shop.sell(shop.open('dan'), { number: '60' });
        await shop.flush();
        await views.deliver(await views.messages());
        return true;
      },
    });
    expect(report.equal).toBe(true);
    expect(view(report, 'accounts')).toMatchObject({ rows: 3, equal: 3, lagging: 0 });
    expect(view(report, 'statement_entries')).toMatchObject({ rows: 57, equal: 57 });
  });

  it('makes each view again after it was dropped', async () => {
    const before = digests(await views.replay());
    for (const { name } of allViews) {
      await views.db.query(`drop table ${name}`);
      // Asked for or not: without the view there is nothing else to do.
      const rebuilt = await views.replay();
      expect(rebuilt).toMatchObject({ rebuilt: true, equal: true });
      expect(view(rebuilt, name)).toMatchObject({ rows: 0, equal: 0 });
    }
    const after = await views.replay();
    expect(after).toMatchObject({ rebuilt: false, equal: true });
    expect(digests(after)).toEqual(before);
  });

  it('makes all views again after all were dropped, equal to the byte, and consumption goes on', async () => {
    const before = digests(await views.replay());
    for (const { name } of allViews) await views.db.query(`drop table ${name}`);
    expect(await views.replay({ rebuild: true })).toMatchObject({ rebuilt: true, equal: true });
    const { shop } = views;
    expect(digests(await views.replay())).toEqual(before);
    shop.sell(ann, { number: '4', points: 8 });
    await shop.flush();
    await views.deliver(await views.messages());
    expect(await views.replay()).toMatchObject({ rebuilt: false, equal: true });
  });

  it('replaces views of another shape', async () => {
    await views.db.query('alter table accounts drop column earned');
    await views.db.query('alter table lots add column colour text');
    expect(await views.replay()).toMatchObject({ rebuilt: true, equal: true });
    expect(await views.replay()).toMatchObject({ rebuilt: false, equal: true });
  });

  it('clears away what a replay that was killed has left', async () => {
    const before = await tables();
    await views.db.query('create table replay_accounts (stale int)');
    await views.db.query('create table replay_lots (stale int)');
    expect(await views.replay()).toMatchObject({ equal: true });
    expect(await tables()).toEqual(before);
  });

  it('takes the place of the live views while events keep coming: none is missed, none counts twice', async () => {
    const { shop } = views;
    const accounts = Array.from({ length: 40 }, (_, index) => shop.open(`load-${index}`));
    const stopped = new AbortController();
    let number = 0;
    const load = (async () => {
      while (!stopped.signal.aborted) {
        for (let round = 0; round < 25; round += 1) {
          const account = accounts[number % accounts.length];
          if (account !== undefined) shop.sell(account, { number: `load-${number}`, points: 3 });
          number += 1;
        }
        await shop.flush();
        const verdicts = await views.deliver(await views.messages());
        expect(verdicts.filter(({ kind }) => kind !== 'done')).toEqual([]);
        await sleep(20);
      }
    })();
    try {
      for (let round = 0; round < 2; round += 1) {
        expect(await views.replay({ rebuild: true })).toMatchObject({ rebuilt: true });
        const { views: checked } = await views.replay({ caughtUp: () => Promise.resolve(false) });
        expect(
          checked.filter(({ different, missing, extra }) => different + missing + extra > 0),
        ).toEqual([]);
      }
    } finally {
      stopped.abort();
      await load;
    }
    const report = await views.replay();
    expect(report).toMatchObject({ equal: true });
    expect(view(report, 'receipts').rows).toBe(3 + number);
  });

  it('stops at an event that it cannot fold, names it, and leaves the live views as they are', async () => {
    await views.store.append([
      {
        stream: 'ledger-shop-x' as never,
        expected: 'noStream',
        events: [
          {
            id: '6f0a3d5e-4c0b-4a86-9d5a-7f1f0f6e2b12',
            type: 'PointsMinted',
            schemaVersion: 1,
            data: '{}',
            metadata: {
              program: 'shop' as never,
              occurredAt: '2026-02-01T10:00:00.000Z' as never,
              recordedAt: '2026-02-01T10:00:00.000Z' as never,
              actor: 'service:test',
              correlationId: 'c',
            },
          },
        ],
      },
    ]);
    await expect(views.replay({ rebuild: true })).rejects.toThrow(
      'ledger-shop-x: revision 0 cannot be folded',
    );
    const { rows } = await views.db.query('select count(*)::int as accounts from accounts');
    expect(rows).toEqual([{ accounts: 2 }]);
  });
});

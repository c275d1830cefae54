import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import type { AccountId, FactId } from '@tallystick/kernel';
import { valuation } from '@tallystick/ledger';
import type { Message, Verdict } from '@tallystick/message-bus';
import { testDatabase } from '@tallystick/testing';
import { hear } from '../hear/hear.js';
import { readAccount } from '../read-account/account.js';
import { openViews, type Views } from '../testing/open-views.js';
import { program } from '../testing/shop.js';
import { overAt, wholeLedger } from '../testing/whole-ledger.js';
import { foldersOf } from '../views/all.js';
import type { PastReader } from '../views/past.js';

jest.setTimeout(120_000);

const unreadable: PastReader = {
  readStreams: () => Promise.reject(new Error('the past was read')),
  readStream: () => {
    throw new Error('the past was read');
  },
};

describe('ledger views whose states are not in memory', () => {
  let views: Views;
  beforeEach(async () => {
    views = await openViews(await testDatabase());
  });
  afterEach(() => views.end());

  /** Each batch by a process that has just started, unless its folders are given. */
  const hearCold = async (
    batch: readonly Message[],
    store: PastReader = views.store,
    folders = foldersOf('live', store),
  ): Promise<readonly Verdict[]> => {
    const verdicts: Verdict[] = [];
    for (const folder of Object.values(folders)) {
      const own = batch.filter(({ key }) => key.startsWith(`${folder.category}-`));
      const parts = { db: views.db, log: pino({ level: 'silent' }), telemetry: null };
      if (own.length > 0) verdicts.push(...(await hear(parts, folder, own)));
    }
    return verdicts;
  };
  const written = async (): Promise<readonly Message[]> => {
    await views.shop.flush();
    return views.messages();
  };
  const isRight = async (): Promise<void> => {
    const report = await views.replay();
    expect(
      report.views.filter(({ rows, equal, missing }) => rows !== equal || missing > 0),
    ).toEqual([]);
  };

  it('are the same as folded from the beginning, whatever happened', async () => {
    wholeLedger(views.shop);
    for (const message of await written())
      expect(await hearCold([message])).toEqual([{ kind: 'done' }]);
    for (const name of ['a-ann', 'a-bob'] as AccountId[])
      expect(await readAccount(views.db, program, name, overAt)).toMatchObject(
        valuation(views.shop.accountOf(name), overAt),
      );
    await isRight();
  });

  it('take earning and redeeming from the rows: nothing of the past is read', async () => {
    const { shop } = views;
    shop.publish();
    const ann = shop.open('ann');
    shop.sell(ann, { number: '1', points: 100 });
    shop.redeem(ann, 'r', 40);
    await views.deliver(await written());
    shop.sell(ann, { number: '2', points: 7 });
    shop.redeem(ann, 'both', 62);
    shop.sell(ann, { number: '3', points: 0 });
    const verdicts = await hearCold(await written(), unreadable);
    expect(verdicts.filter(({ kind }) => kind !== 'done')).toEqual([]);
    expect(await readAccount(views.db, program, ann, overAt)).toMatchObject({ available: 5 });
    await isRight();
  });

  it('are folded from the past where an event touches more than it names', async () => {
    const { shop } = views;
    shop.publish();
    const [ann, bob] = [shop.open('ann'), shop.open('bob')];
    const inactivity = { months: 12, timeZone: 'Europe/London' };
    const lapsing = { points: 5, expiresAt: '2027-01-01T00:00:00Z', inactivity };
    shop.sell(ann, { number: '1', ...lapsing });
    const sold = shop.sell(bob, { number: '2', points: 5 });
    await views.deliver(await written());
    shop.sell(ann, { number: '3', points: 5, at: '2026-02-20T10:00:00Z' });
    shop.giveBack(bob, '4', sold, '1');
    const messages = await written();
    const receipts = messages.filter(({ key }) => key.startsWith('ledger-'));
    for (const message of receipts)
      await expect(hearCold([message], unreadable)).rejects.toThrow('the past was read');
    await hearCold(messages);
    await isRight();
  });

  it('are folded from the past where the first lot that lapses after inactivity comes late', async () => {
    const { shop } = views;
    shop.publish();
    const ann = shop.open('ann');
    shop.sell(ann, { number: '1', points: 5, at: '2026-03-21T10:00:00Z' });
    await views.deliver(await written());
    const inactivity = { months: 12, timeZone: 'Europe/London' };
    const lapsing = { points: 5, expiresAt: '2027-02-21T00:00:00.000Z', inactivity };
    shop.sell(ann, { number: '2', at: '2026-02-20T10:00:00Z', ...lapsing });
    const late = await written();
    await expect(hearCold(late, unreadable)).rejects.toThrow('the past was read');
    await hearCold(late);
    const { rows } = await views.db.query(
      'select expires_at from lots where expires_at is not null',
    );
    expect(rows).toEqual([{ expires_at: '2027-03-22T00:00:00.000Z' }]);
    await isRight();
  });

  it('are not taken for whole ones afterwards', async () => {
    const { shop } = views;
    shop.publish();
    const ann = shop.open('ann');
    const sold = shop.sell(ann, { number: '1', points: 100 });
    await views.deliver(await written());
    const restarted = foldersOf('live', views.store);
    shop.sell(ann, { number: '2', points: 5 });
    await hearCold(await written(), views.store, restarted);
    shop.giveBack(ann, '3', sold, '1');
    const verdicts = await hearCold(await written(), views.store, restarted);
    expect(verdicts.filter(({ kind }) => kind !== 'done')).toEqual([]);
    await isRight();
  });

  it('come from the past again when rows of lots are gone', async () => {
    const { shop } = views;
    shop.publish();
    const ann = shop.open('ann');
    shop.sell(ann, { number: '1', points: 100 });
    await views.deliver(await written());
    await views.db.query('delete from lots');
    shop.redeem(ann, 'r', 40);
    expect(await hearCold(await written())).toEqual([{ kind: 'done' }]);
    await isRight();
  });

  it('are right after a random history in batches of any size', async () => {
    const { shop } = views;
    shop.publish();
    const names = ['ann', 'bob', 'cid', 'dan'].map((name) => shop.open(name));
    const step = fc.record({
      who: fc.constantFrom(...names),
      what: fc.constantFrom('sell', 'sell', 'sell', 'redeem', 'redeem', 'return', 'refund'),
      points: fc.integer({ min: 0, max: 20 }),
      flush: fc.integer({ min: 0, max: 4 }),
    });
    const [steps = []] = fc.sample(fc.array(step, { minLength: 150, maxLength: 150 }), {
      ...{ seed: 20261122, numRuns: 1 },
    });
    const sales = new Map<AccountId, FactId[]>();
    const redemptions = new Map<AccountId, FactId[]>();
    const of = (map: Map<AccountId, FactId[]>, who: AccountId): FactId[] => {
      const known = map.get(who) ?? [];
      map.set(who, known);
      return known;
    };
    for (const [number, { who, what, points, flush }] of steps.entries()) {
      const name = String(number);
      const { available } = valuation(shop.accountOf(who), overAt);
      const sold = what === 'return' ? of(sales, who).pop() : undefined;
      const spent = what === 'refund' ? of(redemptions, who).pop() : undefined;
      if (what === 'redeem' && points > 0 && available >= points)
        of(redemptions, who).push(shop.redeem(who, name, points));
      else if (sold !== undefined) shop.giveBack(who, name, sold, '1');
      else if (spent !== undefined) shop.refund(who, spent);
      else of(sales, who).push(shop.sell(who, { number: name, points }));
      if (flush === 0) await hearCold(await written());
    }
    await hearCold(await written());
    await isRight();
  });
});

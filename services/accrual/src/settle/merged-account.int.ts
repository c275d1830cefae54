import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { Points, accountId, factId, instant } from '@tallystick/kernel';
import { assertEquation, decideImport } from '@tallystick/ledger';
import { provision } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { openTill, tea, type Till } from '../testing/settling.js';

let database: TestDatabase;
let store: EventStore;

beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  store = createPostgresEventStore({ db: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const household = async (...names: readonly string[]): Promise<Till> => {
  const till = await openTill(store);
  for (const name of names) await till.open(name);
  return till;
};
const kinds = async (till: Till, name: string) => (await till.events(name)).map(({ type }) => type);

/** Reports count a receipt as posted when as many accounts tell of it as its newest pin has parts. */
const isToldBy = async (till: Till, number: number, names: readonly string[]): Promise<void> => {
  const { id, revision } = till.receipt(number, null).fact;
  const pins = (await till.factEvents(number)).map(
    ({ data }) => (JSON.parse(data) as { pin: { parts: unknown[] } }).pin,
  );
  const streams = await Promise.all(names.map((name) => till.events(name)));
  const telling = streams.filter((events) =>
    events.some(({ data }) => {
      const { fact, factRevision } = JSON.parse(data) as { fact: string; factRevision?: number };
      return fact === id && factRevision === revision;
    }),
  );
  expect(telling).toHaveLength(pins.at(-1)?.parts.length ?? -1);
};

describe('a receipt of an account that was merged away', () => {
  it('goes to its successor, which first takes over what was on its way to it', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'ann'), till.receipt(2, 'bob', [tea(1, 5)]));
    await till.leave('ann', 'bob');
    expect(await till.points('bob')).toBe(5);
    expect(await till.settle(till.receipt(3, 'ann', [tea(1, 7)]))).toMatchObject([
      { outcome: 'awarded', earned: 7, account: 'bob', known: false },
    ]);
    expect(await till.points('bob')).toBe(22);
    expect(await kinds(till, 'bob')).toEqual([
      'AccountOpened',
      'PointsEarned',
      'AccountsMerged',
      'PointsEarned',
    ]);
    expect(await till.settle(till.receipt(4, 'ann', [tea(1, 1)]))).toMatchObject([
      { account: 'bob' },
    ]);
    const pinned = (await till.factEvents(4)).map(({ data }) => JSON.parse(data) as object);
    expect(pinned).toMatchObject([{ pin: { parts: [{ account: 'bob', lines: [1] }] } }]);
  });

  it('that was awarded before is told with the account that has the points now', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'ann'));
    await till.leave('ann', 'bob');
    const told = { outcome: 'awarded', earned: 10, account: 'bob' };
    expect(await till.find(1)).toMatchObject(told);
    expect(await till.settle(till.receipt(1, 'ann'))).toMatchObject([{ ...told, known: true }]);
    expect(await till.another().settle(till.receipt(1, 'ann'))).toMatchObject([told]);
    // To tell is not to move anything.
    expect(await kinds(till, 'bob')).toEqual(['AccountOpened']);
  });

  it('follows several merges, though none of them was finished', async () => {
    const till = await household('ann', 'bob', 'cid');
    await till.settle(till.receipt(1, 'ann'), till.receipt(2, 'bob'), till.receipt(3, 'cid'));
    await till.leave('ann', 'bob');
    await till.leave('bob', 'cid');
    expect(await till.settle(till.receipt(4, 'ann'))).toMatchObject([{ account: 'cid' }]);
    expect(await till.points('cid')).toBe(40);
    expect((await till.state('cid')).absorbed).toEqual(new Set(['ann', 'bob']));
    expect(await till.find(1)).toMatchObject({ account: 'cid', earned: 10 });
    expect(await till.settle(till.receipt(5, 'bob'))).toMatchObject([{ account: 'cid' }]);
    expect(await till.points('cid')).toBe(50);
  });

  it('that had more than one event holds follows it all the same', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'ann'));
    const fact = factId('import', till.program, 'ann');
    const lot = {
      ...{ points: Points.points(1), rule: 'old', kind: 'base' as const, funder: 'chain' },
      ...{ availableAt: instant('2020-01-01T00:00:00Z'), expiresAt: null, qualifies: true },
    };
    const lots = Array.from({ length: 6_000 }, () => lot);
    const command = { fact, factHash: 'h', system: 'old', reference: 'ann', lots, spend: {} };
    await till.post('ann', fact, (state) => decideImport(state, command, lot.availableAt));
    await till.leave('ann', 'bob');
    for (const by of [till, till.another()])
      expect(await by.settle(till.receipt(2, 'ann', [tea(1, 7)]))).toMatchObject([
        { outcome: 'awarded', earned: 7, account: 'bob' },
      ]);
    expect(await till.points('bob')).toBe(6_017);
    expect(new Set(await kinds(till, 'bob'))).toEqual(
      new Set(['AccountOpened', 'EventPart', 'AccountsMerged', 'PointsEarned']),
    );
    expect(await till.settle(till.receipt(3, 'bob', [tea(1, -10, 1)]))).toMatchObject([
      { reversed: 10, account: 'bob' },
    ]);
    assertEquation(await till.state('bob'));
  });

  it('that returns what the source sold takes the points from the successor', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'ann'));
    await till.leave('ann', 'bob');
    expect(await till.settle(till.receipt(2, null, [tea(1, -10, 1)]))).toMatchObject([
      { outcome: 'awarded', reversed: 10, account: 'bob' },
    ]);
    expect(await till.points('bob')).toBe(0);
    assertEquation(await till.state('bob'));
  });

  it('that corrects one that the source got takes that back from the successor, and rates anew there', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'ann'));
    await till.leave('ann', 'bob');
    expect(await till.settle(till.receipt(1, 'ann', [tea(1, 4)], { revision: 2 }))).toMatchObject([
      { outcome: 'awarded', earned: 4, reversed: 10, account: 'bob' },
    ]);
    expect(await till.points('bob')).toBe(4);
  });
});

describe('a receipt that was pinned to an account when that was merged away', () => {
  it('goes to the successor, once, and its pin says so', async () => {
    const till = await household('ann', 'bob');
    const receipt = till.receipt(1, 'ann');
    await till.pinOnly(receipt, [{ account: accountId('ann'), lines: [1] }]);
    await till.leave('ann', 'bob');
    expect(await till.find(1)).toMatchObject({ outcome: 'waiting', reason: 'not-posted-yet' });
    for (const known of [till, till, till.another()]) {
      expect(await known.settle(receipt)).toMatchObject([
        { outcome: 'awarded', earned: 10, account: 'bob', known: true },
      ]);
    }
    expect(await till.points('bob')).toBe(10);
    expect((await till.factEvents(1)).map(({ type }) => type)).toEqual([
      'ReceiptRegistered',
      'FactPinned',
    ]);
  });

  it('is not applied again where the source had applied it, also when that was left behind by the merge', async () => {
    for (const keepFrom of ['2020-01-01T00:00:00Z', '2026-05-31T00:00:00Z']) {
      const till = await household('ann', 'bob');
      await till.settle(till.receipt(1, 'ann'));
      await till.leave('ann', 'bob', instant(keepFrom));
      await till.settle(till.receipt(2, 'ann'));
      expect((await till.state('bob')).facts.size).toBe(keepFrom < '2026' ? 2 : 1);
      for (const known of [till, till.another()]) {
        expect(await known.settle(till.receipt(1, 'ann'))).toMatchObject([
          { outcome: 'awarded', earned: 10, account: 'bob', known: true },
        ]);
      }
      expect(await till.points('bob')).toBe(20);
    }
  });

  it('and to another one, and these two are one by now, is applied there as one', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'bob'));
    const exchange = till.receipt(2, 'ann', [tea(1, 6), tea(2, -10, 1)]);
    await till.pinOnly(exchange, [
      { account: accountId('ann'), lines: [1] },
      { account: accountId('bob'), lines: [2] },
    ]);
    await till.leave('ann', 'bob');
    const told = { outcome: 'awarded', earned: 6, reversed: 10, account: 'bob' };
    expect(await till.settle(exchange)).toMatchObject([told]);
    expect(await till.settle(exchange)).toMatchObject([told]);
    expect(await till.points('bob')).toBe(6);
    const pins = (await till.factEvents(2)).map(({ data }) => JSON.parse(data) as object);
    expect(pins.at(-1)).toMatchObject({ pin: { parts: [{ account: 'bob', lines: [1, 2] }] } });
    await isToldBy(till, 2, ['ann', 'bob']);
  });
});

describe('a receipt in two parts, of which a crash let one through, and then their accounts were merged', () => {
  it('gets its second part where the points are by now', async () => {
    const till = await household('ann', 'bob');
    await till.settle(till.receipt(1, 'bob'));
    const exchange = till.receipt(2, 'ann', [tea(1, 6), tea(2, -10, 1)]);
    await till.pinOnly(exchange, [{ account: accountId('ann'), lines: [1] }]);
    await till.settle(exchange);
    await till.repin(exchange, [
      { account: accountId('ann'), lines: [1] },
      { account: accountId('bob'), lines: [2] },
    ]);
    await till.leave('ann', 'bob');
    await till.settle(till.receipt(4, 'ann', [tea(1, 1)]));
    const told = { outcome: 'awarded', earned: 6, reversed: 10 };
    for (const number of [3, 4])
      expect(await till.settle(exchange, till.receipt(3, 'bob', [tea(1, 2)]))).toMatchObject([
        { ...told, known: true },
        { earned: 2, known: number > 3 },
      ]);
    expect(await till.points('bob')).toBe(9);
  });
});

describe('a merge at any moment', () => {
  it('between a fact’s stream and its account’s changes no total', async () => {
    // Each sale goes through these moments in another order: registered, applied, merged (twice), sent again.
    for (let round = 0; round < 24; round += 1) {
      const till = await household('ann', 'bob', 'cid');
      const steps: (() => Promise<unknown>)[] = [
        () => till.settle(till.receipt(1, 'ann')),
        () => till.settle(till.receipt(2, 'bob')),
        () => till.leave('ann', 'bob'),
        () => till.leave('bob', 'cid'),
      ];
      const pinned = till.receipt(3, 'ann', [tea(1, 3)]);
      await till.pinOnly(pinned, [{ account: accountId('ann'), lines: [1] }]);
      // The second merge may come before the first one, then the first goes straight on.
      const order = permutation(steps, round);
      for (const step of order) {
        await step();
        if (round % 3 === 0) await till.settle(pinned);
      }
      const others = till.another();
      await Promise.all([
        till.settle(pinned, till.receipt(1, 'ann'), till.receipt(2, 'bob')),
        others.settle(till.receipt(2, 'bob'), pinned),
      ]);
      expect(await till.settle(till.receipt(4, 'ann', [tea(1, 0)]))).toMatchObject([
        { known: false },
      ]);
      await till.settle(till.receipt(5, 'bob', [tea(1, 1)]));
      const home = await till.state('cid');
      expect(await till.points('cid')).toBe(24);
      expect(home.totals.transferredIn + home.totals.earned).toBe(24);
      for (const name of ['ann', 'bob', 'cid']) assertEquation(await till.state(name));
      for (const number of [1, 2, 3, 4, 5]) await isToldBy(till, number, ['ann', 'bob', 'cid']);
    }
  });
});

/** The n-th order of some items. */
const permutation = <T>(items: readonly T[], n: number): readonly T[] => {
  const left = [...items];
  const order: T[] = [];
  for (let rest = n; left.length > 0; rest = Math.floor(rest / (left.length + 1)))
    order.push(...left.splice(rest % left.length, 1));
  return order;
};

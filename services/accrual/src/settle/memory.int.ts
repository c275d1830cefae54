import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache } from '@tallystick/accounts';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { factId, type StreamName } from '@tallystick/kernel';
import { Points } from '@tallystick/kernel';
import { decideRedeem, valuation } from '@tallystick/ledger';
import { provision } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { now, openTill, tea, type Till } from '../testing/settling.js';
import { Memory } from './memory.js';
import { Settler } from './settler.js';

let database: TestDatabase;
let store: EventStore;
/** What was read, query by query: streams, each with the revision that it was read from. */
const queries: (readonly (readonly [StreamName, number])[])[] = [];
let events = 0;
let watched: EventStore;

beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  store = createPostgresEventStore({ db: database.url });
  watched = {
    ...store,
    readStreams: async (streams, options) => {
      queries.push(streams.map((stream) => [stream, options?.from?.get(stream) ?? 0]));
      const read = await store.readStreams(streams, options);
      for (const found of read.values()) events += found.length;
      return read;
    },
  };
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const readBy = async (work: () => Promise<unknown>) => {
  queries.length = 0;
  events = 0;
  await work();
  return { queries: queries.length, events };
};
const withAnn = async (): Promise<Till> => {
  const till = await openTill(watched);
  await till.open('ann');
  return till;
};
const spend = (till: Till, name: string, points: number) => {
  const redemption = factId('redemption', till.program, name);
  const command = { factHash: 'h', points: Points.points(points), kind: 'd', reference: name };
  return till.post('ann', redemption, (account) =>
    decideRedeem(account, { redemption, ...command }, now),
  );
};

describe('what was used lately', () => {
  it('is not read again: a round of receipts reads once, and only what is new', async () => {
    const till = await withAnn();
    await till.open('bob');
    await till.settle(till.receipt(1, 'ann'), till.receipt(2, 'bob'));
    const round = [till.receipt(3, 'ann'), till.receipt(4, 'bob'), till.receipt(5, 'ann')];
    expect(await readBy(() => till.settle(...round))).toEqual({ queries: 1, events: 0 });
    await spend(till, 'one', 5);
    expect(await readBy(() => till.settle(till.receipt(6, 'ann')))).toEqual({
      queries: 1,
      events: 1,
    });
    expect(await till.points('ann')).toBe(35);
  });

  it('is read whole only to tell again what a receipt did', async () => {
    const till = await withAnn();
    for (let number = 0; number < 5; number += 1) await till.settle(till.receipt(number, 'ann'));
    const again = await readBy(() => till.settle(till.receipt(2, 'ann')));
    // The receipt's own event; then the account's six.
    expect(again).toEqual({ queries: 2, events: 7 });
    expect(await readBy(() => till.settle(till.receipt(9, 'ann')))).toMatchObject({ events: 0 });
  });

  it('is read anew after a restart, and then is kept', async () => {
    const till = await withAnn();
    await till.settle(till.receipt(1, 'ann'));
    const restarted = till.another(watched);
    expect(await readBy(() => restarted.settle(till.receipt(2, 'ann')))).toMatchObject({
      queries: 2,
    });
    expect(await readBy(() => restarted.settle(till.receipt(3, 'ann')))).toEqual({
      queries: 1,
      events: 0,
    });
    expect(await till.points('ann')).toBe(30);
  });

  it('is not kept where a decision on it was in vain, nor where nobody knows what became of it', async () => {
    const till = await withAnn();
    const accounts = new AccountCache();
    let fate: 'conflict' | 'lost' | 'through' = 'through';
    let appends = 0;
    const flaky: EventStore = {
      ...store,
      append: async (writes) => {
        appends += 1;
        const was = fate;
        fate = 'through';
        if (was === 'conflict') await spend(till, `before-${appends}`, 1);
        const result = await store.append(writes);
        if (was === 'lost') throw new Error('the answer was lost');
        return result;
      },
    };
    const { settle } = till.another(flaky, accounts);
    await settle(till.receipt(1, 'ann'));
    fate = 'conflict';
    await settle(till.receipt(2, 'ann'));
    fate = 'lost';
    await expect(settle(till.receipt(3, 'ann'))).rejects.toThrow('lost');
    expect(await settle(till.receipt(3, 'ann'))).toMatchObject([{ earned: 10, known: true }]);
    await settle(till.receipt(4, 'ann'));
    const held = accounts.take(till.stream('ann'));
    expect(held?.revision).toBe((await till.events('ann')).length - 1);
    expect(held && valuation(held.state, now)).toEqual(valuation(await till.state('ann'), now));
    expect(await till.points('ann')).toBe(39);
  });

  it('stays right beside other writers of the same accounts', async () => {
    const till = await withAnn();
    await till.settle(till.receipt(0, 'ann', [tea(1, 100)]));
    const stores = [0, 1, 2].map(() => createPostgresEventStore({ db: database.url }));
    const writers = stores.map((other) => till.another(other));
    const spender = async () => {
      for (let number = 0; number < 30; number += 1)
        await spend(till, String(number), 1).catch(() => undefined);
    };
    await Promise.all([
      spender(),
      ...writers.map(async ({ settle }, writer) => {
        for (let number = 1; number <= 20; number += 1)
          await settle(
            till.receipt(number, 'ann', [tea(1, 1)]),
            till.receipt(100 * (writer + 1) + number, 'ann', [tea(1, 1)]),
          );
      }),
    ]);
    await Promise.all(stores.map((other) => other.close()));
    const { totals } = await till.state('ann');
    expect(totals.earned).toBe(100 + 20 + 60);
    expect(await till.settle(till.receipt(999, 'ann', [tea(1, 1)]))).toMatchObject([{ earned: 1 }]);
  });

  it('is bounded: far more accounts than are kept', async () => {
    const till = await openTill(store);
    const accounts = new AccountCache({ weightMax: 40 });
    const { settle } = till.another(store, accounts);
    const names = Array.from({ length: 20 }, (_, n) => `m${n}`);
    for (const name of names) await till.open(name);
    for (let turn = 0; turn < 3; turn += 1)
      await settle(...names.map((name, n) => till.receipt(100 * turn + n, name)));
    expect(accounts.weight).toBeLessThanOrEqual(40);
    expect(await Promise.all(names.map((name) => till.points(name)))).toEqual(names.map(() => 30));
  });

  it('begins at a closed period, where somebody knows of it, and is not misled', async () => {
    const till = await withAnn();
    for (let number = 0; number < 4; number += 1) await till.settle(till.receipt(number, 'ann'));
    await till.close('ann', now);
    for (const [hint, found] of [
      [5, 1],
      [3, 9],
      [99, 6],
      [null, 6],
    ] as const) {
      const memory = new Memory({ store: watched, closedAt: () => Promise.resolve(hint) });
      const settler = new Settler(memory, () => now);
      const earlier = (await till.events('ann')).length - 6;
      const read = await readBy(async () => {
        const [answer] = await settler.settle([till.receipt(100 + (hint ?? 0), 'ann')]);
        expect(answer).toMatchObject({ kind: 'settled', outcome: { earned: 10 } });
      });
      // Besides the programme's rulebook and the card's link.
      const again = hint === 3 ? 2 : 1;
      expect(read.events - 2).toBe(found + earlier * again);
    }
  });
});

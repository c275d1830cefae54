import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { accountId } from '@tallystick/kernel';
import { provision } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { now, openTill, tea, type Till } from '../testing/settling.js';

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

const household = async (): Promise<Till> => {
  const till = await openTill(store);
  for (const name of ['ann', 'bob']) await till.open(name);
  return till;
};
const closed = `correction-after-${now}-was-closed`;

describe('an account that has forgotten what is older than its closed period', () => {
  it('is not awarded again for a receipt from before it: its own stream knows it', async () => {
    const till = await household();
    await till.settle(till.receipt(1, 'ann'));
    await till.close('ann', now);
    expect((await till.state('ann')).facts.size).toBe(0);
    for (const known of [till, till.another()]) {
      expect(await known.settle(till.receipt(1, 'ann'))).toMatchObject([
        { outcome: 'awarded', earned: 10, known: true },
      ]);
    }
    expect(await till.find(1)).toMatchObject({ outcome: 'awarded', earned: 10 });
    expect(await till.points('ann')).toBe(10);
  });

  it('is awarded for a receipt from before it that comes late', async () => {
    const till = await household();
    await till.close('ann', now);
    expect(await till.settle(till.receipt(1, 'ann'))).toMatchObject([{ earned: 10 }]);
    expect(await till.settle(till.receipt(1, 'ann'))).toMatchObject([{ earned: 10, known: true }]);
    expect(await till.points('ann')).toBe(10);
  });

  it('is awarded, once, for a receipt that was pinned to it before and not applied', async () => {
    const till = await household();
    const receipt = till.receipt(1, 'ann');
    await till.pinOnly(receipt, [{ account: accountId('ann'), lines: [1] }]);
    await till.close('ann', now);
    for (const known of [till, till, till.another()])
      expect(await known.settle(receipt)).toMatchObject([{ outcome: 'awarded', earned: 10 }]);
    expect(await till.points('ann')).toBe(10);
  });

  it.each(['closed a period', 'took another account over'])(
    'is awarded for a correction of a receipt that had waited, and that nobody had had, though it %s',
    async (what) => {
      const till = await household();
      for (const revision of [1, 2])
        await till.settle(till.receipt(1, 'new', [tea(1, 10 + revision)], { revision }));
      if (what === 'closed a period') await till.close('ann', now);
      else await till.leave('bob', 'ann', now);
      await till.attach('new', what === 'closed a period' ? 'ann' : 'bob');
      const corrected = till.receipt(1, 'new', [tea(1, 12)], { revision: 2 });
      expect(await till.settle(corrected)).toMatchObject([{ outcome: 'awarded', earned: 12 }]);
      expect(await till.another().settle(corrected)).toMatchObject([{ earned: 12, known: true }]);
      expect(await till.points('ann')).toBe(12);
    },
  );

  it('keeps what it earned when a correction comes, and the receipt’s own stream says why', async () => {
    const till = await household();
    await till.settle(till.receipt(1, 'ann'));
    await till.close('ann', now);
    const before = await till.events('ann');
    const corrected = till.receipt(1, 'ann', [tea(1, 4)], { revision: 2 });
    const nothing = { outcome: 'nothing', reason: closed };
    expect(await till.settle(corrected)).toMatchObject([{ ...nothing, known: false }]);
    expect(await till.settle(corrected)).toMatchObject([{ ...nothing, known: true }]);
    expect(await till.find(1)).toMatchObject(nothing);
    const pins = (await till.factEvents(1)).map(({ data }) => JSON.parse(data) as object);
    expect(pins.at(-1)).toMatchObject({ pin: { parts: [], nothing: closed } });
    expect(await till.events('ann')).toHaveLength(before.length);
  });

  it('keeps it also when the correction names another’s card, who gets nothing for it, however often it is corrected', async () => {
    const till = await household();
    await till.settle(till.receipt(1, 'ann'));
    await till.close('ann', now);
    for (const revision of [2, 3]) {
      const moved = till.receipt(1, 'bob', [tea(1, 4)], { revision });
      expect(await till.settle(moved)).toMatchObject([{ outcome: 'nothing', reason: closed }]);
    }
    expect([await till.points('ann'), await till.points('bob')]).toEqual([10, 0]);
  });

  it('takes no correction that was pinned before it closed and had not come through', async () => {
    const till = await household();
    await till.settle(till.receipt(1, 'ann'));
    const corrected = till.receipt(1, 'ann', [tea(1, 4)], { revision: 2 });
    await till.pinOnly(corrected, [{ account: accountId('ann'), lines: [1] }]);
    await till.close('ann', now);
    const nothing = { outcome: 'nothing', reason: closed };
    expect(await till.find(1)).toMatchObject(nothing);
    expect(await till.settle(corrected)).toMatchObject([nothing]);
    expect((await till.factEvents(1)).map(({ type }) => type)).toEqual([
      'ReceiptRegistered',
      'ReceiptRegistered',
      'FactPinned',
    ]);
    expect(await till.points('ann')).toBe(10);
  });
});

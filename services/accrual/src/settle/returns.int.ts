import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { accountId, factId, instant, Points } from '@tallystick/kernel';
import { arrearsOf, assertEquation, decideRedeem } from '@tallystick/ledger';
import { provision } from '@tallystick/postgres';
import type { Rulebook } from '@tallystick/rulebook';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { claimReceipt } from '../claims/claim-receipt.js';
import { now, openTill, tea, type Till } from '../testing/settling.js';
import { Memory } from './memory.js';
import { Settler } from './settler.js';

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

describe('a return after the points were spent', () => {
  /** Earns 10 and spends 8 of them; then all goods come back, and something else is bought for 3. */
  const history = async (arrears?: Rulebook['arrears']): Promise<Till> => {
    const till = await openTill(store, arrears === undefined ? {} : { arrears });
    await till.open('ann');
    await till.settle(till.receipt(1, 'ann'));
    const redemption = factId('redemption', till.program, '1');
    const command = { factHash: 'h', points: Points.points(8), kind: 'd', reference: '1' };
    await till.post('ann', redemption, (account) =>
      decideRedeem(account, { redemption, ...command }, now),
    );
    expect(await till.settle(till.receipt(2, 'ann', [tea(1, -10, 1)]))).toMatchObject([
      { outcome: 'awarded', reversed: 10, arrearsRaised: 8 },
    ]);
    await till.settle(till.receipt(3, 'ann', [tea(1, 3)]));
    assertEquation(await till.state('ann'));
    return till;
  };
  const standing = async (till: Till) => ({
    available: await till.points('ann'),
    owed: arrearsOf(await till.state('ann')),
  });

  it('is paid by the next awards, where the programme says nothing else', async () => {
    expect(await standing(await history())).toEqual({ available: 0, owed: 5 });
    const said = await history({ policy: 'next-awards' });
    expect(await standing(said)).toEqual({ available: 0, owed: 5 });
  });

  it('is waived as it arises, where the programme says so', async () => {
    const till = await history({ policy: 'waived' });
    expect(await standing(till)).toEqual({ available: 3, owed: 0 });
    expect((await till.state('ann')).totals).toMatchObject({ arrearsRaised: 8, arrearsPaid: 8 });
    expect(await till.settle(till.receipt(2, 'ann', [tea(1, -10, 1)]))).toMatchObject([
      { reversed: 10, arrearsRaised: 8, known: true },
    ]);
  });

  it('stays owed until it is paid in money, where the programme says so', async () => {
    expect(await standing(await history({ policy: 'paid-in-money' }))).toEqual({
      available: 3,
      owed: 8,
    });
  });
});

describe('a return and a claim of its sale at one instant, in several processes', () => {
  it('come one after the other: what came back earns nothing, each time', async () => {
    const till = await openTill(store);
    for (const name of ['ann', 'bob']) await till.open(name);
    const claim = (number: number) => {
      const memory = new Memory({ store });
      const parts = { memory, settler: new Settler(memory, () => now), clock: () => now };
      const { fact, metadata } = till.receipt(number, null);
      const request = { receipt: fact.id, account: accountId('ann'), total: null };
      return claimReceipt(parts, request, () => metadata);
    };
    for (let round = 1; round <= 20; round += 1) {
      const [sale, once, twice] = [round * 10, round * 10 + 1, round * 10 + 2];
      await till.settle(till.receipt(sale, null, [tea(1, 20, undefined, { quantity: '2' })]));
      const [claimed] = await Promise.all([
        claim(sale),
        till.another().settle(till.receipt(once, 'bob', [tea(1, -10, sale)])),
        till.another().settle(till.receipt(twice, null, [tea(1, -10, sale)])),
      ]);
      expect(claimed).toMatchObject({ kind: 'claimed' });
      expect([await till.points('ann'), await till.points('bob')]).toEqual([0, 0]);
    }
    const { totals } = await till.state('ann');
    expect([totals.earned, totals.reversed]).toEqual([400, 400]);
    assertEquation(await till.state('ann'));
  });
});

describe('a return whose account forgets it before the sale comes', () => {
  const keepFrom = now;
  const returned = async (): Promise<Till> => {
    const till = await openTill(store);
    for (const name of ['ann', 'bob']) await till.open(name);
    const back = tea(1, -10, 1, { quantity: '-1' });
    expect(await till.settle(till.receipt(2, 'ann', [back]))).toMatchObject([{ reversed: 0 }]);
    return till;
  };
  const sale = (till: Till, card: string | null) =>
    till.receipt(1, card, [tea(1, 20, undefined, { quantity: '2' })]);

  it('by closing: what came back earns nothing, once, when the sale comes late', async () => {
    const till = await returned();
    await till.close('ann', keepFrom);
    for (const known of [till, till.another(), till])
      await known.settle(sale(till, 'ann'), till.receipt(2, 'ann', [tea(1, -10, 1)]));
    expect(await till.points('ann')).toBe(10);
    assertEquation(await till.state('ann'));
  });

  it('by closing twice: what was taken back then is not taken again', async () => {
    const till = await returned();
    await till.close('ann', keepFrom);
    const later = { occurredAt: instant('2026-05-20T12:00:00Z') };
    const lines = [tea(1, 20, undefined, { quantity: '2' })];
    await till.settle(till.receipt(1, 'ann', lines, later));
    expect(await till.points('ann')).toBe(10);
    for (const known of [till, till.another()]) {
      await known.settle(till.receipt(1, 'ann', lines, later));
      await known.settle(till.receipt(2, 'ann', [tea(1, -10, 1)]));
    }
    expect(await till.points('ann')).toBe(10);
  });

  it('by closing: what came back earns nothing when the sale is claimed', async () => {
    const till = await returned();
    await till.settle(sale(till, null));
    await till.close('ann', keepFrom);
    const memory = new Memory({ store });
    const parts = { memory, settler: new Settler(memory, () => now), clock: () => now };
    const { fact, metadata } = sale(till, null);
    const request = { receipt: fact.id, account: accountId('ann'), total: null };
    expect(await claimReceipt(parts, request, () => metadata)).toMatchObject({ kind: 'claimed' });
    expect(await till.points('ann')).toBe(10);
  });

  it('by a merge: what came back earns nothing at the successor', async () => {
    const till = await returned();
    await till.leave('ann', 'bob', keepFrom);
    for (const known of [till, till.another()]) await known.settle(sale(till, 'ann'));
    expect(await till.points('bob')).toBe(10);
    assertEquation(await till.state('bob'));
  });
});

describe('a correction that moves a receipt to another account', () => {
  it('brings along what had come back of it', async () => {
    const till = await openTill(store);
    for (const name of ['ann', 'bob']) await till.open(name);
    const two = tea(1, 10, undefined, { quantity: '2' });
    const cake = tea(2, 5, undefined, { product: 'cake' });
    await till.settle(till.receipt(1, 'ann', [two, cake]));
    await till.settle(till.receipt(2, null, [tea(1, -5, 1, { quantity: '-1' })]));
    expect(await till.points('ann')).toBe(10);
    const moved = till.receipt(1, 'bob', [two, cake], { revision: 2 });
    const told = { outcome: 'awarded', earned: 15, reversed: 10, account: 'bob' };
    for (const known of [false, true])
      expect(await till.settle(moved)).toMatchObject([{ ...told, known }]);
    expect([await till.points('ann'), await till.points('bob')]).toEqual([0, 10]);
    // The other one comes back, too, and nothing is left of that line.
    await till.settle(till.receipt(3, null, [tea(1, -5, 1, { quantity: '-1' })]));
    expect(await till.points('bob')).toBe(5);
    expect(
      await till.settle(till.receipt(4, null, [tea(1, -5, 1, { quantity: '-1' })])),
    ).toMatchObject([{ outcome: 'nothing', reason: 'returned-goods-match-no-sale' }]);
    for (const name of ['ann', 'bob']) assertEquation(await till.state(name));
  });
});

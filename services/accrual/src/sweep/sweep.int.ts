import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { accountId } from '@tallystick/kernel';
import { pino } from 'pino';
import { createPool, migrate, provision, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { migrations } from '../migrations.js';
import { IntakeQueue } from '../settle/intake-queue.js';
import { dyingAfter, now, openTill, tea, type Till } from '../testing/settling.js';
import { Sweeper } from './sweeper.js';
import { sightingOf } from './unsettled.consumer.js';
import { Unsettled } from './unsettled.js';

let database: TestDatabase;
let db: Database;
let store: EventStore;

beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  db = createPool(database.url, { searchPath: 'accrual' });
  await migrate(db, 'accrual', migrations);
  store = createPostgresEventStore({ db: database.url });
});
afterAll(async () => {
  await store.close();
  await db.end();
  await database.drop();
});

const sweeperOf = (till: Till, unsettled: Unsettled): Sweeper =>
  new Sweeper(
    till.memory,
    new IntakeQueue(till.settler),
    unsettled,
    () => now,
    pino({ level: 'silent' }),
  );

describe('the sweeper', () => {
  it('finishes what was pinned and not applied, at the successor where the account was merged meanwhile', async () => {
    const till = await openTill(store);
    for (const name of ['ann', 'bob']) await till.open(name);
    const [one, other] = [till.receipt(1, 'ann'), till.receipt(2, 'bob', [tea(1, 4)])];
    await till.pinOnly(one, [{ account: accountId('ann'), lines: [1] }]);
    await till.pinOnly(other, [{ account: accountId('bob'), lines: [1] }]);
    await till.leave('ann', 'bob');
    const unsettled = new Unsettled(db, { atomic: false });
    await unsettled.note([
      { fact: one.fact.id, kind: 'registered' },
      { fact: other.fact.id, kind: 'registered' },
    ]);
    const sweeper = sweeperOf(till, unsettled);
    expect(await sweeper.sweep()).toBe(0); // they may still be under way
    expect(await sweeper.sweep(0)).toBe(2);
    expect(await sweeper.sweep(0)).toBe(0);
    expect(await till.points('bob')).toBe(14);
  });

  it('finishes a correction of which one account has heard and the other has not', async () => {
    const till = await openTill(store);
    for (const name of ['ann', 'bob']) await till.open(name);
    await till.settle(till.receipt(1, 'ann'));
    const moved = till.receipt(1, 'bob', [tea(1, 10)], { revision: 2 });
    // Killed after the receipt's own stream and the first of the two accounts.
    await expect(till.another(dyingAfter(store, 2)).settle(moved)).rejects.toThrow();
    expect([await till.points('ann'), await till.points('bob')]).toEqual([10, 10]);
    const unsettled = new Unsettled(db, { atomic: false });
    for (const { type, data } of await till.factEvents(1)) {
      const sighting = sightingOf(type, JSON.parse(data));
      if (sighting !== null) await unsettled.note([sighting]);
    }
    await unsettled.note([{ fact: moved.fact.id, kind: 'settled' }]);
    const sweeper = sweeperOf(till, unsettled);
    expect(await sweeper.sweep(0)).toBe(1);
    expect([await till.points('ann'), await till.points('bob')]).toEqual([0, 10]);
    expect(await sweeper.sweep(0)).toBe(0);
  });

  it.each([
    [1, 0],
    [2, 1],
  ])(
    'looks at revision %i of a receipt %i times when it has heard at once what became of it',
    async (revision, times) => {
      const till = await openTill(store);
      await till.open('ann');
      const { fact } = till.receipt(1, 'ann', [tea(1, 10)], { revision });
      await till.settle(till.receipt(1, 'ann', [tea(1, 10)], { revision }));
      const sightings = (await till.factEvents(1)).flatMap(
        ({ type, data }) => sightingOf(type, JSON.parse(data)) ?? [],
      );
      const unsettled = new Unsettled(db, { atomic: false });
      await unsettled.note([...sightings, { fact: fact.id, kind: 'settled' }]);
      expect(await sweeperOf(till, unsettled).sweep(0)).toBe(times);
    },
  );

  it('is told nothing where the store writes facts with their effects', async () => {
    const till = await openTill(store);
    const unsettled = new Unsettled(db, { atomic: store.capabilities.atomicAcrossStreams });
    await unsettled.note([{ fact: till.receipt(1, null).fact.id, kind: 'registered' }]);
    expect(await sweeperOf(till, unsettled).sweep(0)).toBe(0);
  });
});

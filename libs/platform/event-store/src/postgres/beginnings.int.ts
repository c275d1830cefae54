import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { sampleEvents, sampleStream } from '../contract/events.js';
import { createBeginnings } from './beginnings.js';
import { eventStoreSchema } from './schema.js';
import { createPostgresEventStore } from './store.js';

const streams = 120;
const longEvents = 450;

describe('the beginnings of streams', () => {
  let database: TestDatabase;
  let db: Database;

  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url, { max: 10 });
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    const store = createPostgresEventStore({ db });
    const writes = Array.from({ length: streams }, (_, nth) => ({
      stream: sampleStream(`s${nth}`),
      expected: 'noStream' as const,
      events: sampleEvents(`s${nth}`, 2),
    }));
    await store.append(writes);
    await store.append([
      {
        ...{ stream: sampleStream('long'), expected: 'noStream' },
        events: sampleEvents('long', longEvents),
      },
    ]);
    await store.close();
  });
  afterEach(async () => {
    await db.end();
    await database.drop();
  });

  /** The same database, its queries told and held back until they are let go. */
  const held = () => {
    const waiting: (() => void)[] = [];
    const asked: string[] = [];
    const query = async (config: {
      readonly name: string;
      readonly text: string;
    }): Promise<unknown> => {
      asked.push(config.name);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return await db.query({ ...config });
    };
    const slow = new Proxy(db, {
      get: (of, name): unknown => (name === 'query' ? query : Reflect.get(of, name)),
    });
    return { db: slow, asked, letGo: () => waiting.splice(0).forEach((go) => go()) };
  };

  it('are read by few queries, two of them at a time, and each reader gets its own', async () => {
    const { db: slow, asked, letGo } = held();
    const beginning = createBeginnings(slow);
    const pages = Promise.all(
      Array.from({ length: streams }, (_, nth) => beginning(sampleStream(`s${nth}`), nth % 3)),
    );
    for (const begun of [2, 4]) {
      while (asked.length < begun) await sleep(5);
      await sleep(50);
      expect(asked).toHaveLength(begun);
      letGo();
    }
    const found = await pages;
    expect(
      found.map(({ events }) => events.map(({ stream, revision }) => [stream, revision])),
    ).toEqual(
      Array.from({ length: streams }, (_, nth) =>
        [0, 1].slice(nth % 3).map((revision) => [sampleStream(`s${nth}`), revision]),
      ),
    );
    expect(found.every(({ last }) => last)).toBe(true);
    // Who comes after all of them is served, too.
    const after = beginning(sampleStream('s0'), 0);
    while (asked.length < 5) await sleep(5);
    letGo();
    expect((await after).events).toHaveLength(2);
  });

  it('of one reader alone are a whole page, of several a short one each', async () => {
    const beginning = createBeginnings(db);
    const alone = await beginning(sampleStream('long'), 0);
    expect([alone.events.length, alone.last]).toEqual([longEvents, true]);
    const [one, other] = await Promise.all([
      beginning(sampleStream('long'), 0),
      beginning(sampleStream('long'), 300),
    ]);
    expect([one.events.length, one.last]).toEqual([200, false]);
    expect([other.events.length, other.last]).toEqual([150, true]);
  });

  it('that cannot be read are told to everybody who asked', async () => {
    const gone = createPool(database.url);
    await gone.end();
    const beginning = createBeginnings(gone);
    const asked = ['s0', 's1', 's2'].map((name) => beginning(sampleStream(name), 0));
    const settled = await Promise.allSettled(asked);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});

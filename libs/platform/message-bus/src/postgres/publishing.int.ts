import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPool, migrate, transaction, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import {
  effects,
  message,
  numbered,
  unique,
  until,
  valuesUpTo,
} from '../contract/bus-under-test.js';
import { createPostgresMessageBus, type PostgresMessageBus } from './bus.js';
import { busSchema } from './schema.js';

jest.setTimeout(120_000);

const busDatabase = async (): Promise<TestDatabase> => {
  const database = await testDatabase();
  const admin = createPool(database.url, { max: 1 });
  await migrate(admin, busSchema.schema, busSchema.migrations);
  await admin.end();
  return database;
};

describe('publishing to PostgreSQL', () => {
  let database: TestDatabase;
  let bus: PostgresMessageBus;
  let db: Database;
  beforeAll(async () => {
    database = await busDatabase();
    db = createPool(database.url, { max: 10 });
    bus = createPostgresMessageBus({ url: database.url, limits: { pollMs: 200 } });
  });
  afterAll(async () => {
    await bus.close();
    await db.end();
    await database.drop();
  });
  const topicWith = async (partitions: number): Promise<string> => {
    const topic = unique('t');
    await bus.ensureTopics([{ name: topic, partitions }]);
    return topic;
  };

  it('shows a reader every message below one that it has seen, whatever publishers do', async () => {
    const topic = await topicWith(2);
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
    const published = new AbortController();
    const publishers = Array.from({ length: 6 }, async (_, publisher) => {
      for (let nth = 0; nth < 40; nth += 1) {
        const batch = keys.map((key) => message(topic, `${key} ${publisher}`, String(nth)));
        await transaction(db, async (tx) => {
          await bus.publishIn(tx, batch);
          if (nth % 4 === 0) throw new Error('rolled back');
        }).catch((error: unknown) => expect(String(error)).toContain('rolled back'));
      }
    });
    const reading = (async () => {
      let looks = 0;
      while (!published.signal.aborted) {
        const { rows } = await db.query<{ count: bigint; end: bigint }>(
          `select count(*) as count, coalesce(max("offset") + 1, 0) as end
             from bus.messages m join bus.partitions p on p.id = m.partition_id
            where p.topic = $1 group by m.partition_id`,
          [topic],
        );
        for (const { count, end } of rows) expect(count).toBe(end);
        looks += 1;
      }
      return looks;
    })();
    await Promise.all(publishers);
    published.abort();
    expect(await reading).toBeGreaterThan(10);
    expect([...(await bus.ends([topic])).values()].reduce((a, b) => a + b, 0n)).toBe(
      BigInt(6 * 30 * 8),
    );
  });

  it('does not deadlock when batches name the same partitions in other orders', async () => {
    const topics = await Promise.all(Array.from({ length: 6 }, () => topicWith(3)));
    const batches = Array.from({ length: 60 }, (_, nth) => {
      const turned = [...topics.slice(nth % 6), ...topics.slice(0, nth % 6)];
      const order = nth % 2 === 0 ? turned : turned.reverse();
      return order.flatMap((topic) => numbered(topic, `k${nth % 5}`, 3));
    });
    await Promise.all(batches.map((batch) => bus.publish(batch)));
    const ends = await bus.ends(topics);
    expect([...ends.values()].reduce((a, b) => a + b, 0n)).toBe(BigInt(60 * 6 * 3));
  });

  it('does not deadlock when large batches take several statements', async () => {
    const small = createPostgresMessageBus({
      url: database.url,
      limits: { publishBytesMax: 2000, connectionsMax: 8 },
    });
    try {
      const topics = await Promise.all(Array.from({ length: 4 }, () => topicWith(2)));
      await Promise.all(
        Array.from({ length: 24 }, (_, nth) => {
          const order = nth % 2 === 0 ? topics : [...topics].reverse();
          return small.publish(
            order.flatMap((topic) => numbered(topic, `${'k'.repeat(100)}${nth}`, 30)),
          );
        }),
      );
      const seen = effects();
      await small.subscribe({ topics, group: unique('g'), handler: seen.handler });
      await until('all arrived', () => seen.all.length === 24 * 4 * 30);
      for (const topic of topics)
        for (let nth = 0; nth < 24; nth += 1)
          expect(
            seen.all
              .filter((one) => one.topic === topic && one.key.endsWith(`k${nth}`))
              .map(({ value }) => value),
          ).toEqual(valuesUpTo(30));
    } finally {
      await small.close();
    }
  });

  it('publishes in a transaction: all with its commit, nothing with its rollback', async () => {
    const topic = await topicWith(1);
    const seen = effects();
    await bus.subscribe({ topics: [topic], group: unique('g'), handler: seen.handler });
    await transaction(db, async (tx) => {
      await bus.publishIn(tx, numbered(topic, 'k', 3));
      throw new Error('not so');
    }).catch(() => undefined);
    expect([...(await bus.ends([topic])).values()]).toEqual([0n]);
    const announce = await transaction(db, (tx) => bus.publishIn(tx, numbered(topic, 'k', 5)));
    announce();
    await until('all arrived', () => seen.all.length === 5);
    expect(seen.all.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n, 4n]);
  });

  it('finds by polling what nobody told of', async () => {
    const topic = await topicWith(1);
    const seen = effects();
    const member = await bus.subscribe({
      topics: [topic],
      group: unique('g'),
      handler: seen.handler,
    });
    await until('it waits', () => member.status().partitions.length === 1);
    await transaction(db, (tx) => bus.publishIn(tx, numbered(topic, 'k', 2)));
    await until('it arrived', () => seen.all.length === 2);
  });

  it('wakes a consumer long before it would have looked', async () => {
    const rarely = createPostgresMessageBus({ url: database.url, limits: { pollMs: 3_600_000 } });
    try {
      const topic = await topicWith(2);
      const seen = effects();
      const member = await rarely.subscribe({
        topics: [topic],
        group: unique('g'),
        handler: seen.handler,
      });
      await until('it waits', () => member.status().partitions.length === 2);
      await bus.publish(numbered(topic, 'k', 3));
      await until('it arrived', () => seen.all.length === 3);
    } finally {
      await rarely.close();
    }
  });

  it('tells its own database from another', async () => {
    const [other, empty] = [await busDatabase(), await testDatabase()];
    const pools = [database, other, empty].map(({ url }) => createPool(url, { max: 1 }));
    try {
      expect(await Promise.all(pools.map((pool) => bus.livesIn(pool)))).toEqual([
        true,
        false,
        false,
      ]);
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
      await Promise.all([other.drop(), empty.drop()]);
    }
  });
});

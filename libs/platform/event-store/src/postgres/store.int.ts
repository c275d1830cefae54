import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate, provision, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import {
  allOf,
  collect,
  idsOf,
  sampleEvent,
  sampleEvents,
  sampleStream,
} from '../contract/events.js';
import { EventIdTaken, type EventStore } from '../port.js';
import { besideFrom } from './group.js';
import { someCategories, someCategoriesBare } from './pages.js';
import { eventStoreSchema } from './schema.js';
import { createPostgresEventStore } from './store.js';

const begin = (name: string, count = 1) =>
  [
    { stream: sampleStream(name), expected: 'noStream', events: sampleEvents(name, count) },
  ] as const;

describe('the event store in PostgreSQL', () => {
  let database: TestDatabase;
  let db: Database;
  let store: EventStore;

  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    store = createPostgresEventStore({ db: database.url });
  });
  afterEach(async () => {
    await store.close();
    await db.end();
    await database.drop();
  });

  const transactions = async (): Promise<number> => {
    const { rows } = await db.query<{ n: bigint }>(
      'select count(distinct xmin::text) as n from eventstore.events',
    );
    return Number(rows[0]?.n);
  };

  const waitForLock = async (kind: string): Promise<void> => {
    const waiting = `select 1 from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = $1 and not l.granted and a.datname = current_database()`;
    while ((await db.query(waiting, [kind])).rowCount === 0) await sleep(10);
  };

  it('ends the connections that it opened, and leaves those that it was given', async () => {
    const own = async (): Promise<number> => {
      const { rows } = await db.query(
        `select from pg_stat_activity
          where datname = current_database() and application_name = 'tallystick event store'`,
      );
      return rows.length;
    };
    expect(await store.head()).toBe(0n);
    expect(await own()).toBe(1);
    await store.close();
    while ((await own()) > 0) await sleep(10);
    const guest = createPostgresEventStore({ db });
    expect(await guest.head()).toBe(0n);
    await guest.close();
    expect((await db.query('select 1')).rowCount).toBe(1);
    expect(guest.capabilities).toEqual({
      atomicAcrossStreams: true,
      positionsFollowEachOther: true,
    });
  });

  it('gives positions without gaps, from 1', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => store.append(begin(`s${index}`, 3))),
    );
    await store.append(begin('s0', 4));
    await store.append(begin('last'));
    const positions = (await allOf(store)).map(({ position }) => position);
    expect(positions).toEqual(Array.from({ length: 121 }, (_, index) => BigInt(index + 1)));
  });

  it('lets calls that come at once share a commit', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => store.append(begin(`s${index}`))));
    expect(await transactions()).toBeLessThanOrEqual(3);
  });

  it('never weakens the commit', async () => {
    const { rows } = await db.query(
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit') order by name`,
    );
    expect(rows.map(({ setting }: { setting: string }) => setting)).toEqual(['on', 'on']);
  });

  it('refuses an event whose id is in another stream, and says where; those beside it are written', async () => {
    await store.append(begin('a', 3));
    const taken = [
      { stream: sampleStream('b'), expected: 'noStream', events: sampleEvents('a', 3) },
    ] as const;
    const [refused, written, conflict] = await Promise.allSettled([
      store.append(taken),
      store.append(begin('c')),
      store.append([{ ...begin('a')[0], expected: 7, events: [sampleEvent('new')] }]),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(EventIdTaken) });
    expect(refused).toMatchObject({
      reason: { message: expect.stringContaining(`${sampleStream('a')} revision`) },
    });
    expect(written).toMatchObject({ value: { kind: 'appended' } });
    expect(conflict).toMatchObject({ value: { kind: 'conflict', actual: 2 } });
  });

  it('lets nobody overtake an append that is held up before its commit', async () => {
    const [event] = sampleEvents('held', 1);
    const foreign = await db.connect();
    await foreign.query('begin');
    await foreign.query(
      `insert into eventstore.events (position, id, revision, schema_version, stream, type, data, metadata)
         values (1000, $1, 0, 1, 'x-1', 'X', '{}', '{}')`,
      [event?.id],
    );
    // It has its position, and waits for the other one with its id.
    const held = store.append(begin('held'));
    await waitForLock('transactionid');
    const other = createPostgresEventStore({ db: database.url });
    const overtaking = other.append(begin('overtaking'));
    await waitForLock('advisory');
    expect(await allOf(store)).toEqual([]);
    await foreign.query('rollback');
    foreign.release();
    expect(await held).toEqual({ kind: 'appended', position: 1n });
    expect(await overtaking).toEqual({ kind: 'appended', position: 2n });
    await other.close();
  });

  it('has two groups under way on streams that differ; who follows on one of them waits', async () => {
    const holder = await db.connect();
    await holder.query('begin');
    await holder.query(
      `select pg_advisory_xact_lock(hashtextextended('tallystick event store append', 0))`,
    );
    const many = (name: string) => store.append(begin(name, besideFrom));
    const first = [many('a'), many('b')];
    const next = store.append([
      { stream: sampleStream('a'), expected: besideFrom - 1, events: sampleEvents('more', 1) },
    ]);
    const waiting = `select count(*) as n from pg_locks l join pg_stat_activity s using (pid)
      where l.locktype = 'advisory' and not l.granted and s.datname = current_database()`;
    while ((await db.query<{ n: bigint }>(waiting)).rows[0]?.n !== 2n) await sleep(10);
    await holder.query('rollback');
    holder.release();
    const kinds = (await Promise.all([...first, next])).map(({ kind }) => kind);
    expect(kinds).toEqual(['appended', 'appended', 'appended']);
    expect(await transactions()).toBe(3);
  });

  it('reads many streams at the same moment, short and long, small and large, each whole and in order', async () => {
    const large = 'x'.repeat(400_000);
    const lengths = [1, 2, 199, 200, 201, 1_300, ...Array.from({ length: 50 }, () => 3)];
    const streams = lengths.map((length, index) => ({
      stream: sampleStream(`s${index}`),
      events: sampleEvents(`s${index}`, length),
    }));
    streams.push({
      stream: sampleStream('large'),
      events: Array.from({ length: 7 }, (_, index) => sampleEvent(`large/${index}`, { large })),
    });
    for (const { stream, events } of streams)
      await store.append([{ stream, expected: 'noStream', events }]);
    const read = await Promise.all([
      ...streams.map(({ stream }) => collect(store.readStream(stream))),
      ...streams.map(({ stream }) => collect(store.readStream(stream, { from: 2 }))),
      collect(store.readStream(sampleStream('nothing'))),
    ]);
    expect(read.map((events) => idsOf(events))).toEqual([
      ...streams.map(({ events }) => idsOf(events)),
      ...streams.map(({ events }) => idsOf(events.slice(2))),
      [],
    ]);
  });

  it.each([someCategories, someCategoriesBare])(
    'finds rare categories by their index: $name',
    async ({ text }) => {
      await store.append(begin('many', 2_000));
      await db.query('analyze eventstore.events');
      const { rows } = await db.query<{ 'QUERY PLAN': string }>(
        `explain ${text.replace('$3::text[]', `array['ledger', 'card']`).replace('$1', '5').replaceAll('$2', '10')}`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('events_category');
    },
  );

  it('works on a pool of somebody else, and leaves it open', async () => {
    const guest = createPostgresEventStore({ db });
    const stop = new AbortController();
    const following = collect(guest.follow({ batchMax: 5, signal: stop.signal }));
    await guest.append(begin('a', 2));
    expect(await guest.head()).toBe(2n);
    await guest.close();
    expect((await following).length).toBeLessThanOrEqual(1);
    expect((await db.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await expect(guest.append(begin('b'))).rejects.toThrow('closed');
  });

  describe('its rights', () => {
    const suffix = randomBytes(4).toString('hex');
    const [writer, reader] = ['writer', 'reader'].map((name) => `${name}_${suffix}`);
    const pools: Database[] = [];

    afterEach(async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
      for (const role of [writer, reader]) {
        await db.query(`drop owned by ${role} cascade; drop role ${role}`);
      }
    });

    const as = (role = ''): Database => {
      const url = new URL(database.url);
      url.username = role;
      url.password = 'p';
      const pool = createPool(url.href);
      pools.push(pool);
      return pool;
    };

    it('let a writer append and read, a reader read, and nobody change or insert by another way', async () => {
      await provision(
        database.url,
        [
          { role: writer ?? '', schema: 'w', password: 'p' },
          { role: reader ?? '', schema: 'r', password: 'p', access: { eventstore: 'read' } },
        ],
        [eventStoreSchema],
      );
      const [asWriter, asReader] = [as(writer), as(reader)];
      const [writing, reading] = [asWriter, asReader].map((pool) =>
        createPostgresEventStore({ db: pool }),
      );
      expect(await writing?.append(begin('a', 3))).toEqual({ kind: 'appended', position: 3n });
      expect(await writing?.append(begin('a', 3))).toEqual({ kind: 'unchanged', position: 3n });
      expect(await reading?.head()).toBe(3n);
      await expect(reading?.append(begin('b'))).rejects.toThrow('permission denied');
      const insert = `insert into eventstore.events (position, id, revision, schema_version, stream, type, data, metadata)
        values (1000, gen_random_uuid(), 0, 1, 'x-1', 'X', '{}', '{}')`;
      for (const pool of [asWriter, asReader]) {
        for (const sql of [
          insert,
          `update eventstore.events set data = '{}'`,
          'delete from eventstore.events',
          'truncate eventstore.events',
          'drop table eventstore.events',
        ]) {
          await expect(pool.query(sql)).rejects.toThrow(/permission denied|must be owner/);
        }
      }
      for (const sql of [
        `update eventstore.events set data = '{}'`,
        'delete from eventstore.events',
        'truncate eventstore.events',
      ]) {
        await expect(db.query(sql)).rejects.toThrow('never changed or removed');
      }
      await Promise.all([writing?.close(), reading?.close()]);
    });
  });
});

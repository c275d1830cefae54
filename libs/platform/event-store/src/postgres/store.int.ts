import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  removeData,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@tallystick/embedded-postgres';
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
import { digestStreams } from '../digest.js';
import { EventIdTaken, StoreUnavailable, type EventStore, type RecordedEvent } from '../port.js';
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

  it('finds rare categories by their index', async () => {
    const { rows } = await db.query<{ 'QUERY PLAN': string }>(
      `explain select * from eventstore.events where category = 'x' and position > 5 order by position limit 10`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('events_category');
  });

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

  describe('over a network that loses answers', () => {
    let proxy: Server;
    let url: string;
    let loseNextAnswer: boolean;
    let sockets: Socket[];

    beforeEach(async () => {
      const target = new URL(database.url);
      const port = Number(target.port);
      loseNextAnswer = false;
      sockets = [];
      proxy = createServer((client) => {
        const server = connect(port, target.hostname);
        sockets.push(client, server);
        client.on('error', () => server.destroy());
        server.on('error', () => client.destroy());
        client.on('close', () => server.destroy());
        server.on('close', () => client.destroy());
        let appending = false;
        client.on('data', (bytes) => {
          appending ||= loseNextAnswer && bytes.includes('tallystick-append');
          server.write(bytes);
        });
        server.on('data', (bytes) => {
          if (!appending) {
            client.write(bytes);
            return;
          }
          // The commit has happened, and nobody hears of it.
          if (bytes.includes('SELECT 1')) {
            loseNextAnswer = false;
            client.destroy();
          }
        });
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const address = proxy.address();
      target.port = String(typeof address === 'object' ? address?.port : '');
      url = target.href;
    });
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });

    it('answers appended for what it has written itself, and has it once', async () => {
      const far = createPostgresEventStore({ db: url });
      await far.append(begin('before'));
      loseNextAnswer = true;
      const results = await Promise.all([far.append(begin('a', 2)), far.append(begin('b', 2))]);
      expect(loseNextAnswer).toBe(false);
      expect(results.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
      expect(results).toMatchObject([{ position: 3n }, { position: 5n }]);
      expect(idsOf(await allOf(store))).toEqual(
        idsOf([sampleEvents('before', 1), sampleEvents('a', 2), sampleEvents('b', 2)].flat()),
      );
      await far.close();
    });

    it('says that the store is away when it stays away, and goes on when it is back', async () => {
      const far = createPostgresEventStore({ db: url, retryMs: 300 });
      await far.append(begin('before'));
      for (const socket of sockets) socket.destroy();
      const { port } = new URL(url);
      proxy.close();
      await expect(far.append(begin('a'))).rejects.toThrow(StoreUnavailable);
      await expect(far.head()).rejects.toThrow(StoreUnavailable);
      await expect(collect(far.readAll())).rejects.toThrow(StoreUnavailable);
      proxy.listen(Number(port), '127.0.0.1');
      await once(proxy, 'listening');
      expect((await far.append(begin('a'))).kind).toBe('appended');
      await far.close();
    });
  });
});

/** Follows until so many events have come. */
const followed = async (store: EventStore, count: number): Promise<RecordedEvent[]> => {
  const seen: RecordedEvent[] = [];
  const { signal } = new AbortController();
  for await (const batch of store.follow({ batchMax: 50, signal })) {
    seen.push(...batch);
    if (seen.length >= count) break;
  }
  return seen;
};

describe('the event store on a PostgreSQL that is killed', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'tallystick-killed-'));
    await chmod(dataDir, 0o755);
    postgres = await startEmbeddedPostgres({ dataDir });
    const db = createPool(postgres.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
  });
  afterEach(async () => {
    await postgres.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });

  it('has every acknowledged event, writers and followers go on by themselves, and ends as if nothing had been', async () => {
    const store = createPostgresEventStore({ db: postgres.url, retryMs: 60_000 });
    const following = followed(store, 8 * 60 * 2);
    const exits: Promise<void>[] = [];
    postgres.onExit(() => {
      exits.push(postgres.restart());
    });
    const told: string[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let count = 0; count < 60; count += 1) {
        const events = sampleEvents(`${writer} ${count}`, 2);
        const result = await store.append([
          {
            stream: sampleStream(`w${writer}`),
            expected: count === 0 ? 'noStream' : count * 2 - 1,
            events,
          },
        ]);
        expect(result.kind).toBe('appended');
        told.push(...idsOf(events));
        if (writer === 0 && count % 20 === 10) process.kill(postgres.pid, 'SIGKILL');
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(write));
    await Promise.all(exits);
    expect(exits).toHaveLength(3);
    const all = await allOf(store);
    expect(idsOf(all).toSorted()).toEqual(told.toSorted());
    const digest = await digestStreams(store);
    expect(await following).toEqual(all);

    // The same, never cut off.
    const smooth = createPool(postgres.url);
    await smooth.query(`alter table eventstore.events disable trigger append_only;
      truncate eventstore.events; alter table eventstore.events enable trigger append_only`);
    await smooth.end();
    for (const writer of [7, 6, 5, 4, 3, 2, 1, 0]) {
      for (let count = 0; count < 60; count += 1) {
        await store.append([
          {
            stream: sampleStream(`w${writer}`),
            expected: count === 0 ? 'noStream' : count * 2 - 1,
            events: sampleEvents(`${writer} ${count}`, 2),
          },
        ]);
      }
    }
    expect(await digestStreams(store)).toEqual(digest);
    await store.close();
  }, 120_000);
});

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { topicOfCategory, type RelayedEvent } from '@tallystick/contracts';
import { removeData, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
  type RecordedEvent,
} from '@tallystick/event-store';
import {
  factId,
  instantOfEpochMs,
  programId,
  streamName,
  type StreamCategory,
  type StreamName,
} from '@tallystick/kernel';
import {
  busSchema,
  createPostgresMessageBus,
  publishesInTransactions,
  type MessageBus,
  type PostgresMessageBus,
} from '@tallystick/message-bus';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { messageOf } from './message-of.js';
import { relayPosition, relaySchema, startRelay, type Relay, type RelayOptions } from './index.js';

jest.setTimeout(120_000);

const within = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const last = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > last) throw new Error(`not in time: ${what}`);
    await sleep(10);
  }
};

const limits = { standbyPollMs: 50, retryDelayMinMs: 10, retryDelayMaxMs: 200 };

/** Events of one stream, written one after the other. */
const writer = (store: EventStore, stream: StreamName) => {
  let revision = -1;
  return async (count = 1): Promise<void> => {
    const events = Array.from({ length: count }, (_, index) =>
      newEvent(
        factId('test', stream, String(revision + 1 + index)),
        0,
        { type: 'Happened', data: { nth: revision + 1 + index, note: 'ż"' } },
        {
          program: programId('shop'),
          occurredAt: instantOfEpochMs(1_800_000_000_000 + revision),
          recordedAt: instantOfEpochMs(1_800_000_001_000 + revision),
          actor: 'test',
          correlationId: `c${revision}`,
        },
      ),
    );
    const result = await store.append([
      { stream, expected: revision < 0 ? 'noStream' : revision, events },
    ]);
    expect(result.kind).toBe('appended');
    revision += count;
  };
};

interface Stored {
  readonly partition: number;
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly event: RelayedEvent;
}

/** Everything on the bus, partition by partition in order. */
const onBus = async (db: Database): Promise<readonly Stored[]> => {
  const { rows } = await db.query<Omit<Stored, 'event'> & { value: string }>(
    `select p.id as partition, p.topic, m.key, m.id, m.headers, m.value
       from bus.messages m join bus.partitions p on p.id = m.partition_id
      order by p.id, m."offset"`,
  );
  return rows.map(({ value, ...rest }) => ({ ...rest, event: JSON.parse(value) as RelayedEvent }));
};

/** Per stream: the revisions in the order of their first publication. */
const firsts = (stored: readonly Stored[]): ReadonlyMap<string, readonly number[]> => {
  const revisions = new Map<string, Set<number>>();
  for (const { key, event } of stored)
    revisions.set(key, (revisions.get(key) ?? new Set()).add(event.revision));
  return new Map([...revisions].map(([key, set]) => [key, [...set]]));
};

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** The same bus without what only the one in PostgreSQL can. */
const plain = (bus: MessageBus): MessageBus => ({
  ensureTopics: (wanted) => bus.ensureTopics(wanted),
  publish: (messages) => bus.publish(messages),
  subscribe: (subscription) => bus.subscribe(subscription),
  lag: (group, names) => bus.lag(group, names),
  ends: (names) => bus.ends(names),
  passed: (group, ends) => bus.passed(group, ends),
  deadLetters: (topic) => bus.deadLetters(topic),
  deadLetterCount: (group, topic) => bus.deadLetterCount(group, topic),
  endDeadLetter: (place, end) => bus.endDeadLetter(place, end),
  messageAt: (topic, partition, offset) => bus.messageAt(topic, partition, offset),
  close: () => bus.close(),
});

const prepare = async (url: string): Promise<void> => {
  const admin = createPool(url, { max: 1 });
  for (const { schema, migrations } of [eventStoreSchema, busSchema, relaySchema])
    await migrate(admin, schema, migrations);
  await admin.end();
};

describe.each([
  ['one transaction', false],
  ['any bus', true],
])('the relay, with %s', (_name, isPlain) => {
  let url = '';
  let db: Database;
  let store: EventStore;
  let bus: MessageBus;
  let database: TestDatabase;
  let relays: Relay[] = [];
  beforeEach(async () => {
    database = await testDatabase();
    url = database.url;
    await prepare(url);
    db = createPool(url, { max: 4 });
    store = createPostgresEventStore({ db: url });
    const postgresBus = createPostgresMessageBus({ url });
    bus = isPlain ? plain(postgresBus) : postgresBus;
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.close()));
    relays = [];
    await store.close();
    await bus.close();
    await db.end();
    await database.drop();
  });
  const start = (more: Partial<RelayOptions> = {}): Relay => {
    const relay = startRelay({ store, bus, url, ...more, limits: { ...limits, ...more.limits } });
    relays.push(relay);
    return relay;
  };
  const cut = async (): Promise<number> => {
    const { rowCount } = await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name like 'tallystick relay%' and datname = current_database()`,
    );
    return rowCount ?? 0;
  };
  const caughtUp = (): Promise<void> =>
    within(
      'the relay is at the end',
      async () => (await relayPosition(db)) === (await store.head()),
    );

  it('publishes every event where its category belongs, as it is stored', async () => {
    expect(await relayPosition(db)).toBe(0n);
    const categories = Object.keys(topicOfCategory) as StreamCategory[];
    for (const category of categories) await writer(store, streamName(category, 'shop', '1'))(3);
    const relay = start();
    await caughtUp();
    await writer(store, streamName('ledger', 'shop', '2'))(2);
    await caughtUp();
    await within('it knows', async () => relay.position() === (await store.head()));
    expect(relay.status()).toEqual({ state: 'active', position: await store.head() });
    const events: RecordedEvent[] = [];
    for await (const event of store.readAll()) events.push(event);
    const stored = await onBus(db);
    expect(stored).toHaveLength(events.length);
    for (const event of events) {
      const found = stored.filter(({ id }) => id === event.id);
      expect(found).toEqual([
        {
          partition: found[0]?.partition,
          topic: topicOfCategory[event.stream.slice(0, event.stream.indexOf('-'))],
          key: event.stream,
          id: event.id,
          headers: messageOf(event)?.headers,
          event: {
            id: event.id,
            stream: event.stream,
            revision: event.revision,
            position: String(event.position),
            type: event.type,
            schemaVersion: event.schemaVersion,
            metadata: event.metadata,
            data: JSON.parse(event.data) as unknown,
          },
        },
      ]);
    }
  });

  it('goes on behind what nobody hears of, however much of it there is', async () => {
    const [heard, budget] = [
      streamName('receipt', 'shop', '9'),
      streamName('budget', 'shop', 'spring'),
    ];
    const [writeHeard, writeBudget] = [writer(store, heard), writer(store, budget)];
    const before = (await onBus(db)).length;
    const relay = start({ limits: { batchMax: 3 } });
    await writeBudget(7);
    await caughtUp();
    await writeHeard(1);
    await writeBudget(2);
    await writeHeard(1);
    await caughtUp();
    expect(relay.status().state).toBe('active');
    const after = await onBus(db);
    expect(after).toHaveLength(before + 2);
    expect(new Set(after.slice(before).map(({ key }) => key))).toEqual(new Set([heard]));
  });

  it('keeps the order of the store within a partition', async () => {
    const writers = upTo(6).map((n) => writer(store, streamName('ledger', 'shop', String(n))));
    start({ limits: { batchMax: 7 } });
    await Promise.all(
      writers.map(async (write) => {
        for (let nth = 0; nth < 20; nth += 1) await write();
      }),
    );
    await caughtUp();
    const stored = await onBus(db);
    expect(stored).toHaveLength(120);
    for (const partition of Map.groupBy(stored, ({ partition }) => partition).values()) {
      const positions = partition.map(({ event }) => BigInt(event.position));
      expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    }
  });

  it('goes on where it was after it was closed, and repeats nothing', async () => {
    const write = writer(store, streamName('ledger', 'shop', '1'));
    for (let round = 1; round <= 3; round += 1) {
      await write(10);
      const relay = start({ limits: { batchMax: 3 } });
      await within('it has begun', () => relay.position() > 0n);
      await relay.close();
      expect(relay.status().state).toBe('closed');
    }
    start();
    await caughtUp();
    expect((await onBus(db)).map(({ event }) => event.revision)).toEqual(upTo(30));
  });

  it('lets one relay publish and another take over when its connection is lost', async () => {
    const writers = upTo(4).map((n) => writer(store, streamName('receipt', 'shop', String(n))));
    const both = [start({ limits: { batchMax: 5 } }), start({ limits: { batchMax: 5 } })];
    await within('one is active', () => both.some((one) => one.status().state === 'active'));
    const written = new AbortController();
    const write = (async () => {
      for (let nth = 0; nth < 60; nth += 1) {
        await Promise.all(writers.map((one) => one(2)));
        await sleep(10);
      }
      written.abort();
    })();
    let cuts = 0;
    while (!written.signal.aborted) {
      await sleep(120);
      cuts += await cut();
    }
    await write;
    expect(cuts).toBeGreaterThan(2);
    await caughtUp();
    const stored = await onBus(db);
    for (const revisions of firsts(stored).values()) expect(revisions).toEqual(upTo(120));
    if (!isPlain) expect(stored).toHaveLength(480);
  });

  it('does not publish after it lost its turn', async () => {
    const write = writer(store, streamName('ledger', 'shop', '1'));
    await write(10);
    const stalled = Promise.withResolvers<undefined>();
    const reached = Promise.withResolvers<undefined>();
    const wait = async (): Promise<void> => {
      reached.resolve(undefined);
      await stalled.promise;
    };
    const real = bus;
    let late: unknown;
    /** Waits, and remembers what became of it. */
    const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
      await wait();
      try {
        const result = await work();
        late = 'published';
        return result;
      } catch (error) {
        late = error;
        throw error;
      }
    };
    const slowBus: MessageBus = {
      ...plain(real),
      publish: (messages) => slowly(() => real.publish(messages)),
    };
    const slow: MessageBus | PostgresMessageBus = publishesInTransactions(real)
      ? {
          ...slowBus,
          livesIn: (tx) => real.livesIn(tx),
          publishIn: (tx, messages) => slowly(() => real.publishIn(tx, messages)),
        }
      : slowBus;
    const first = startRelay({
      store,
      bus: slow,
      url,
      limits: { ...limits, batchMax: 4, retryDelayMinMs: 60_000, retryDelayMaxMs: 60_000 },
    });
    relays.push(first);
    await reached.promise;
    expect(await cut()).toBe(1);
    const second = start();
    await within('the other took over', () => second.status().state === 'active');
    await caughtUp();
    await within('it stored', () => second.position() === 10n);
    stalled.resolve(undefined);
    await within('the first failed', () => first.status().state === 'away');
    await write(5);
    await caughtUp();
    const revisions = (await onBus(db)).map(({ event }) => event.revision);
    if (isPlain) {
      // The one batch that was on its way comes late, as a repeat; nothing more of it, and no position.
      expect(late).toBe('published');
      expect(firsts(await onBus(db)).get('ledger-shop-1')).toEqual(upTo(15));
      expect(revisions).toHaveLength(19);
    } else {
      expect(late).toBeInstanceOf(Error);
      expect(revisions).toEqual(upTo(15));
    }
    expect(await relayPosition(db)).toBe(15n);
  });

  it('stops at an event of an unknown category, says so, and skips nothing', async () => {
    await writer(store, streamName('ledger', 'shop', '1'))(3);
    await writer(store, 'coupon-shop-1' as StreamName)(1);
    await writer(store, streamName('ledger', 'shop', '2'))(3);
    const relay = start();
    await within('it stopped', () => relay.status().state === 'stopped');
    expect(relay.status().reason).toContain("'coupon'");
    expect(relay.status().reason).toContain('position 4');
    expect(await relayPosition(db)).toBe(3n);
    expect(await onBus(db)).toHaveLength(3);
    // Its turn is free for one that knows better; this one would stop at the same place.
    const another = start();
    await within('so does another', () => another.status().state === 'stopped');
    expect(await relayPosition(db)).toBe(3n);
    await relay.close();
    expect(relay.status().state).toBe('closed');
  });

  it('keeps positions of relays with other names apart', async () => {
    await writer(store, streamName('ledger', 'shop', '1'))(3);
    start({ name: 'second' });
    await within('it is at the end', async () => (await relayPosition(db, 'second')) === 3n);
    expect(await relayPosition(db)).toBe(0n);
    start();
    await caughtUp();
    expect((await onBus(db)).map(({ event }) => event.revision)).toEqual([0, 1, 2, 0, 1, 2]);
  });
});

describe('a PostgreSQL that goes away', () => {
  const dataDirs: string[] = [];
  afterAll(async () => {
    for (const dataDir of dataDirs) await removeData(dataDir);
  });

  it('is waited for by the relay, which then goes on', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tallystick-test-relay-'));
    dataDirs.push(dataDir);
    const server = await startEmbeddedPostgres({ dataDir });
    const { url } = server;
    await prepare(url);
    const db = createPool(url, { max: 2 });
    const store = createPostgresEventStore({ db: url, retryMs: 60_000 });
    const bus = createPostgresMessageBus({ url });
    const relay = startRelay({ store, bus, url, limits });
    try {
      const write = writer(store, streamName('ledger', 'shop', '1'));
      await write(5);
      await within('the first are published', () => relay.position() === 5n);
      const died = new Promise((resolve) => {
        server.onExit(resolve);
      });
      process.kill(server.pid, 'SIGKILL');
      await died;
      await within('it is away', () => relay.status().state === 'away');
      const writing = write(5);
      await server.restart();
      await writing;
      await within('the others are published', () => relay.position() === 10n);
      expect(relay.status().state).toBe('active');
      expect((await onBus(db)).map(({ event }) => event.revision)).toEqual(upTo(10));
    } finally {
      await relay.close();
      await store.close();
      await bus.close();
      await db.end();
      await server.stop();
    }
  });
});

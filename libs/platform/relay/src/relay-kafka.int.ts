import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics, type RelayedEvent } from '@tallystick/contracts';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
} from '@tallystick/event-store';
import { factId, instantOfEpochMs, programId, streamName } from '@tallystick/kernel';
import { createKafkaMessageBus, type KafkaMessageBus, type Message } from '@tallystick/message-bus';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { chooseKafka } from '@tallystick/testing/kafka';
import { relayPosition, relaySchema, startRelay, type Relay } from './index.js';

jest.setTimeout(240_000);
const recoveryMaxMs = 90_000;

const within = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const last = performance.now() + recoveryMaxMs;
  while (!(await holds())) {
    if (performance.now() > last) throw new Error(`not in time: ${what}`);
    await sleep(20);
  }
};

const chosen = await chooseKafka();
const mortal = chosen.kind === 'docker' || chosen.kind === 'java' ? [chosen] : [];

describe.each(mortal)('the relay, to Kafka ($kind)', (kind) => {
  const name = 'kafka';
  const prefix = `relay-${randomUUID().slice(0, 8)}.`;
  let broker: Awaited<ReturnType<typeof kind.start>>;
  let database: TestDatabase;
  let db: Database;
  let store: EventStore;
  const buses: KafkaMessageBus[] = [];
  const relays: Relay[] = [];
  beforeAll(async () => {
    broker = await kind.start({ mortal: true });
    database = await testDatabase();
    db = createPool(database.url, { max: 4 });
    for (const { schema, migrations } of [eventStoreSchema, relaySchema])
      await migrate(db, schema, migrations);
    store = createPostgresEventStore({ db: database.url });
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.close()));
    await Promise.all(buses.map((bus) => bus.close()));
    await store.close();
    await db.end();
    await database.drop();
    await broker.stop();
  });

  const openBus = (of = prefix): KafkaMessageBus => {
    const bus = createKafkaMessageBus({
      brokers: broker.brokers,
      prefix: of,
      limits: { connectTimeoutMs: 1000, requestTimeoutMs: 5000 },
    });
    buses.push(bus);
    return bus;
  };
  const start = (): Relay => {
    const relay = startRelay({
      store,
      bus: openBus(),
      url: database.url,
      name,
      limits: { batchMax: 50, standbyPollMs: 50, retryDelayMinMs: 20, retryDelayMaxMs: 500 },
    });
    relays.push(relay);
    return relay;
  };
  const append = async (account: string, nth: number): Promise<void> => {
    const stream = streamName('ledger', 'shop', account);
    const event = newEvent(
      factId('test', stream, String(nth)),
      0,
      { type: 'Happened', data: { nth } },
      {
        program: programId('shop'),
        occurredAt: instantOfEpochMs(1_800_000_000_000 + nth),
        recordedAt: instantOfEpochMs(1_800_000_001_000 + nth),
        actor: 'test',
        correlationId: account,
      },
    );
    const expectedRevision = nth === 0 ? 'noStream' : nth - 1;
    await store.append([{ stream, expected: expectedRevision, events: [event] }]);
  };
  const write = async (account: string, events: number): Promise<void> => {
    for (let nth = 0; nth < events; nth += 1) {
      await append(account, nth);
      await sleep(5);
    }
  };

  it('publishes every event and keeps each account’s order, over a kill of the broker and of relays', async () => {
    const [accounts, perAccount] = [20, 120];
    const reader = openBus();
    await reader.ensureTopics(Object.values(topics));
    const read: Message[] = [];
    await reader.subscribe({
      topics: [topics.ledger.name],
      group: 'reader',
      handler: async (batch) => {
        read.push(...batch);
        return batch.map(() => ({ kind: 'done' }));
      },
    });
    const first = start();
    start();
    await within('one is active, the other stands by', () =>
      ['active', 'standby'].every((state) =>
        relays.some((relay) => relay.status().state === state),
      ),
    );
    const writing = Promise.all(
      Array.from({ length: accounts }, (_, account) => write(`a${account}`, perAccount)),
    );
    await within('some are published', () => read.length > 100);
    await broker.kill();
    await broker.restart();
    await within('more are published', () => read.length > 500);
    await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name like 'tallystick relay%' and datname = current_database()`,
    );
    await within('and more', () => read.length > 1000);
    await first.close();
    start();
    await writing;
    await within('a relay is at the end', async () => {
      return (await relayPosition(db, name)) === (await store.head());
    });
    const revisions = new Map<string, Set<number>>();
    await within('all have come', () => {
      revisions.clear();
      for (const { key, value } of read) {
        const { revision } = JSON.parse(value) as RelayedEvent;
        revisions.set(key, (revisions.get(key) ?? new Set()).add(revision));
      }
      return (
        [...revisions.values()].reduce((sum, { size }) => sum + size, 0) === accounts * perAccount
      );
    });
    const inOrder = Array.from({ length: perAccount }, (_, nth) => nth);
    for (const found of revisions.values()) expect([...found]).toEqual(inOrder);
    expect(new Set(read.map(({ id }) => id)).size).toBe(accounts * perAccount);
  });

  it('keeps what a relay that lost its lock still sends from getting between what the next one publishes', async () => {
    const name = 'stalled';
    const stream = streamName('ledger', 'shop', 'stalled');
    const own = `relay-${randomUUID().slice(0, 8)}.`;
    const [begun, gate] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const refused: unknown[] = [];
    const openStalling = (): KafkaMessageBus => {
      const bus = openBus(own);
      return {
        ...bus,
        openFencedPublisher: async (of) => {
          const publisher = await bus.openFencedPublisher(of);
          return {
            ...publisher,
            publish: async (messages) => {
              if (messages.some(({ key, value }) => key === stream && revisionOf(value) === 5)) {
                begun.resolve(undefined);
                await gate.promise;
              }
              await publisher.publish(messages).catch((error: unknown) => {
                refused.push(error);
                throw error;
              });
            },
          };
        },
      };
    };
    const relayOn = (bus: KafkaMessageBus): Relay => {
      const relay = startRelay({
        ...{ store, bus, url: database.url, name },
        limits: { batchMax: 50, standbyPollMs: 50, retryDelayMinMs: 20, retryDelayMaxMs: 500 },
      });
      relays.push(relay);
      return relay;
    };
    const published = async (): Promise<readonly number[]> => {
      const revisions: number[] = [];
      const bus = openBus(own);
      const group = `g-${randomUUID()}`;
      const ends = await bus.ends([topics.ledger.name]);
      const consumer = await bus.subscribe({
        topics: [topics.ledger.name],
        group,
        handler: async (batch) => {
          for (const { key, value } of batch) if (key === stream) revisions.push(revisionOf(value));
          return batch.map(() => ({ kind: 'done' }));
        },
      });
      await within('all is read', () => bus.passed(group, ends));
      await consumer.close();
      return revisions;
    };
    const stalled = relayOn(openStalling());
    await within('it is active', () => stalled.status().state === 'active');
    await write('stalled', 5);
    await within('it is through', async () => stalled.position() === (await store.head()));
    await append('stalled', 5);
    await begun.promise;
    const next = relayOn(openBus(own));
    await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tallystick relay ' || $1 and datname = current_database()`,
      [name],
    );
    await within('the next one is through', async () => next.position() === (await store.head()));
    for (const nth of [6, 7]) await append('stalled', nth);
    await within('and through', async () => next.position() === (await store.head()));
    gate.resolve(undefined);
    await within('the stalled one is refused', () => refused.length > 0);
    // By the fence (which has a test of its own), or because its connection was gone before that: what counts is what the topic has.
    expect(refused[0]).toBeInstanceOf(Error);
    for (const nth of [8, 9]) await append('stalled', nth);
    await within(
      'all are published',
      async () => (await relayPosition(db, name)) === (await store.head()),
    );
    expect(await published()).toEqual(Array.from({ length: 10 }, (_, nth) => nth));
  });
});

const revisionOf = (value: string): number => (JSON.parse(value) as RelayedEvent).revision;

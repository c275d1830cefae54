import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { removeData, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import { createPool, migrate, provision, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { BusUnavailable, type MessageBus, type OutgoingMessage } from '../port.js';
import {
  allDone,
  effects,
  message,
  numbered,
  unique,
  until,
  valuesUpTo,
} from '../contract/bus-under-test.js';
import { createPostgresMessageBus, type PostgresMessageBusOptions } from './bus.js';
import { busSchema } from './schema.js';

jest.setTimeout(120_000);

const busDatabase = async (): Promise<TestDatabase> => {
  const database = await testDatabase();
  const admin = createPool(database.url, { max: 1 });
  await migrate(admin, busSchema.schema, busSchema.migrations);
  await admin.end();
  return database;
};

describe('keeping messages in PostgreSQL', () => {
  let database: TestDatabase;
  let db: Database;
  const opened: MessageBus[] = [];
  beforeAll(async () => {
    database = await busDatabase();
    db = createPool(database.url, { max: 3 });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.close()));
  });
  afterAll(async () => {
    await db.end();
    await database.drop();
  });
  const open = (limits: PostgresMessageBusOptions['limits'] = {}): MessageBus => {
    const bus = createPostgresMessageBus({
      url: database.url,
      limits: { pollMs: 200, ...limits },
    });
    opened.push(bus);
    return bus;
  };
  const kept = async (topic: string): Promise<readonly string[]> => {
    const { rows } = await db.query<{ value: string }>(
      `select m.value from bus.messages m join bus.partitions p on p.id = m.partition_id
        where p.topic = $1 order by m."offset"`,
      [topic],
    );
    return rows.map(({ value }) => value);
  };
  const through = (bus: MessageBus, group: string, topic: string): Promise<void> =>
    until('the group is through', async () => (await bus.lag(group, [topic])) === 0n);

  it('prunes what every group has done, in small steps, and nothing else', async () => {
    const pruning = { retentionMs: 0, pruneEveryMs: 20, pruneMax: 7 };
    const [topic, quiet] = [unique('t'), unique('quiet')];
    const setup = open();
    await setup.ensureTopics([
      { name: topic, partitions: 1 },
      { name: quiet, partitions: 1 },
    ]);
    await setup.publish([...numbered(topic, 'k', 50), ...numbered(quiet, 'k', 3)]);
    const [quick, slow] = [unique('quick'), unique('slow')];
    await setup.subscribe({ topics: [topic], group: quick, handler: allDone });
    let limit = 20;
    const seen = effects();
    await setup.subscribe({
      topics: [topic],
      group: slow,
      handler: async (batch, lost) => {
        const rest = batch.filter(({ offset }) => offset < limit);
        const verdicts = await seen.handler(rest, lost);
        return [
          ...verdicts,
          ...batch.slice(rest.length).map(() => ({ kind: 'retry', reason: 'slow' }) as const),
        ];
      },
    });
    await through(setup, quick, topic);
    open(pruning);
    open(pruning);
    await until('a part is pruned', async () => (await kept(topic)).length === 30);
    await sleep(100);
    expect(await kept(topic)).toEqual(valuesUpTo(50).slice(20));
    limit = 50;
    await through(setup, slow, topic);
    await until('all is pruned', async () => (await kept(topic)).length === 0);
    expect(seen.of('k')).toEqual(valuesUpTo(50));
    expect(await kept(quiet)).toEqual(['0', '1', '2']);
    expect(await setup.ends([topic])).toEqual(new Map([[`${topic}/0`, 50n]]));

    const late = unique('late');
    expect(await setup.lag(late, [topic])).toBe(0n);
    const lateSeen = effects();
    await setup.subscribe({ topics: [topic], group: late, handler: lateSeen.handler });
    await setup.publish(numbered(topic, 'k', 5, 50));
    await until('the late one goes on', () => lateSeen.all.length === 5);
    expect(lateSeen.all.map(({ offset }) => offset)).toEqual([50n, 51n, 52n, 53n, 54n]);
  });

  it('keeps what is younger than the retention, even behind what is older', async () => {
    const bus = open({ retentionMs: 3_600_000, pruneEveryMs: 20 });
    const topic = unique('t');
    const group = unique('g');
    await bus.ensureTopics([{ name: topic, partitions: 1 }]);
    await bus.publish(numbered(topic, 'k', 10));
    await db.query(
      `update bus.messages m set published_at = now() - interval '2 hours'
         from bus.partitions p
        where p.id = m.partition_id and p.topic = $1 and (m."offset" < 4 or m."offset" = 6)`,
      [topic],
    );
    await bus.subscribe({ topics: [topic], group, handler: allDone });
    await until('the old ones are pruned', async () => (await kept(topic)).length === 6);
    await sleep(100);
    expect(await kept(topic)).toEqual(['4', '5', '6', '7', '8', '9']);
  });

  it('moves a position and buries poison together or not at all, and only from where it is', async () => {
    const bus = open();
    const topic = unique('t');
    const group = unique('g');
    await bus.ensureTopics([{ name: topic, partitions: 1 }]);
    await bus.publish(numbered(topic, 'k', 3));
    const member = await bus.subscribe({
      topics: [topic],
      group,
      handler: async () => Promise.reject(new Error('never')),
    });
    await member.close();
    const { rows } = await db.query<{ id: number }>(
      `select o.id from bus.positions o join bus.subscriptions s on s.id = o.subscription_id
        where s.group_name = $1`,
      [group],
    );
    const settle = async (from: bigint, to: bigint, offsets: bigint[]): Promise<boolean> => {
      const answer = await db.query<{ settled: boolean }>(
        'select bus.settle($1, $2, $3, $4, $5, $6, $7) as settled',
        [rows[0]?.id, from, to, offsets, offsets.map(() => 'bad'), [], []],
      );
      return answer.rows[0]?.settled === true;
    };
    const dead = async (): Promise<number> => {
      let letters = 0;
      for await (const _ of bus.deadLetters(topic)) letters += 1;
      return letters;
    };
    await expect(settle(0n, 2n, [0n, 2n])).rejects.toThrow('poison');
    expect([await bus.lag(group, [topic]), await dead()]).toEqual([3n, 0]);
    expect(await settle(1n, 2n, [1n])).toBe(false);
    expect([await bus.lag(group, [topic]), await dead()]).toEqual([3n, 0]);
    expect(await settle(0n, 2n, [1n])).toBe(true);
    expect([await bus.lag(group, [topic]), await dead()]).toEqual([1n, 1]);
    expect(await settle(2n, 1n, [])).toBe(false);
  });

  it('never steps over a message that is missing', async () => {
    const bus = open({ reconnectDelayMaxMs: 200 });
    const topic = unique('t');
    await bus.ensureTopics([{ name: topic, partitions: 1 }]);
    await bus.publish(numbered(topic, 'k', 5));
    await db.query(
      `delete from bus.messages m using bus.partitions p
        where p.id = m.partition_id and p.topic = $1 and m."offset" = 2`,
      [topic],
    );
    const seen = effects();
    const member = await bus.subscribe({
      topics: [topic],
      group: unique('g'),
      batchMax: 2,
      handler: seen.handler,
    });
    await until('it says so', () => member.status().reason?.includes('belongs') === true);
    await sleep(300);
    expect(seen.of('k')).toEqual(['0', '1']);
  });

  it('lets services publish and consume, but change nothing by themselves', async () => {
    const password = unique('secret');
    const roles = [
      { role: unique('writer'), schema: unique('w'), password },
      { role: unique('reader'), schema: unique('r'), password, access: { bus: 'read' } as const },
    ];
    await provision(database.url, roles, [busSchema]);
    const [writer = '', reader = ''] = roles.map(({ role }) => {
      const url = new URL(database.url);
      [url.username, url.password] = [role, password];
      return url.href;
    });
    const pools = [writer, reader].map((url) => createPool(url, { max: 1 }));
    const [asWriter, asReader] = [writer, reader].map((url) => createPostgresMessageBus({ url }));
    if (asWriter === undefined || asReader === undefined) throw new Error('there are two');
    try {
      const topic = unique('t');
      const group = unique('g');
      await asWriter.ensureTopics([{ name: topic, partitions: 2 }]);
      await asWriter.publish(numbered(topic, 'k', 4));
      await asWriter.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => batch.map(() => ({ kind: 'poison', reason: 'all' })),
      });
      await until('it is through', async () => (await asWriter.lag(group, [topic])) === 0n);
      let dead = 0;
      for await (const _ of asReader.deadLetters(topic)) dead += 1;
      expect(dead).toBe(4);
      expect(await asReader.lag(group, [topic])).toBe(0n);
      await expect(asReader.publish([message(topic, 'k', 'v')])).rejects.toThrow('permission');
      for (const pool of pools)
        for (const sql of [
          'delete from bus.messages',
          `update bus.positions set position = 0`,
          `insert into bus.topics values ('x', 1)`,
          `update bus.partitions set next_offset = 0`,
          'truncate bus.dead_letters',
        ])
          await expect(pool.query(sql)).rejects.toThrow('permission');
    } finally {
      await Promise.all([...pools.map((pool) => pool.end()), asWriter.close(), asReader.close()]);
      for (const { role, schema } of roles) {
        await db.query(`drop schema "${schema}" cascade`);
        await db.query(`drop owned by "${role}"`);
        await db.query(`drop role "${role}"`);
      }
    }
  });
});

describe('a PostgreSQL that goes away', () => {
  it('is waited for: after a stop and a crash everything goes on by itself, in order', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tallystick-test-bus-'));
    const first = await startEmbeddedPostgres({ dataDir });
    const { port, url } = first;
    let server = first;
    const admin = createPool(url, { max: 1 });
    await migrate(admin, busSchema.schema, busSchema.migrations);
    await admin.end();
    const bus = createPostgresMessageBus({ url, limits: { reconnectDelayMaxMs: 500 } });
    const topic = unique('t');
    const group = unique('g');
    const publish = async (messages: readonly OutgoingMessage[]): Promise<number> => {
      for (let failures = 0; ; failures += 1) {
        try {
          await bus.publish(messages);
          return failures;
        } catch (error) {
          if (!(error instanceof BusUnavailable)) throw error;
          await sleep(50);
        }
      }
    };
    try {
      await bus.ensureTopics([{ name: topic, partitions: 3 }]);
      const seen = effects();
      const member = await bus.subscribe({ topics: [topic], group, handler: seen.handler });
      await publish(numbered(topic, 'k', 10));
      await until('the first arrived', () => seen.all.length === 10);

      await server.stop();
      await until('it is away', () => member.status().state === 'away');
      const overStop = publish(numbered(topic, 'k', 10, 10));
      await sleep(300);
      server = await startEmbeddedPostgres({ dataDir, port });
      expect(await overStop).toBeGreaterThan(0);
      await until('the second arrived', () => seen.of('k').length === 20);

      const died = new Promise((resolve) => {
        server.onExit(resolve);
      });
      process.kill(server.pid, 'SIGKILL');
      const overCrash = publish(numbered(topic, 'k', 10, 20));
      await died;
      await server.restart();
      await overCrash;
      await until('the third arrived', () => seen.of('k').length === 30);
      expect(seen.of('k')).toEqual(valuesUpTo(30));
      await until('all is stored', async () => (await bus.lag(group, [topic])) === 0n);
      // Another connection may have been lost after the last message.
      await until('it is back', () => member.status().state === 'running');
    } finally {
      await bus.close();
      await server.stop();
      await removeData(dataDir);
    }
  });
});

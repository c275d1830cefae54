import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  digestStreams,
  eventStoreSchema,
  newEvent,
  type EventMetadata,
  type EventStore,
  type NewEvent,
  type StoreDigest,
} from '@tallystick/event-store';
import { factId, instant, programId, streamName } from '@tallystick/kernel';
import { migrate } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { everyNode, openExplained, type Explained } from './capture.js';
import { fillEventStore } from './fill.js';
import { movedPartition, partitionedEvents } from './partition.js';

const filled = 5_000;
const border = 5_200n;

const metadata: EventMetadata = {
  program: programId('fill'),
  occurredAt: instant('2026-05-04T09:00:00Z'),
  recordedAt: instant('2026-05-04T09:00:01Z'),
  actor: 'service:test',
  correlationId: 'f1c6c0de-0000-4000-8000-000000000000',
};
const event = (name: string): NewEvent =>
  newEvent(factId('sample', name), 0, { type: 'Sampled', data: { name } }, metadata);
const partitioned = [
  ...eventStoreSchema.migrations,
  partitionedEvents({ first: border, second: 1_000_000n }),
];
const stream = streamName('ledger', 'partitioned', 'a');

describe('an event store whose table becomes partitions', () => {
  let database: TestDatabase;
  let explained: Explained;
  let store: EventStore;
  let written = 0;

  /** The next event of the one stream; positions go over the border on the way. */
  const write = async (): Promise<void> => {
    const expected = written === 0 ? 'noStream' : written - 1;
    const result = await store.append([{ stream, expected, events: [event(String(written))] }]);
    expect(result).toEqual({ kind: 'appended', position: BigInt(filled + written + 1) });
    written += 1;
  };

  beforeAll(async () => {
    database = await testDatabase();
    explained = openExplained(database.url);
    await migrate(explained.db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await fillEventStore(explained.db, filled);
    store = createPostgresEventStore({ db: explained.db });
  });
  afterAll(async () => {
    await store.close();
    await explained.db.end();
    await database.drop();
  });

  it('is written to while that is done, by the same adapter, and goes over the border', async () => {
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) await write();
    })();
    while (written < 10) await store.head();
    await migrate(explained.db, eventStoreSchema.schema, partitioned);
    stop.abort();
    await writing;
    while (filled + written < Number(border) + 20) await write();
    const { rows } = await explained.db.query<{ name: string; first: bigint; last: bigint }>(
      `select tableoid::regclass::text as name, min(position) as first, max(position) as last
         from eventstore.events group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { name: 'eventstore.events_p0', first: 1n, last: border - 1n },
      { name: 'eventstore.events_p1', first: border, last: BigInt(filled + written) },
    ]);
  });

  it('has everything in its order, and a stream in both', async () => {
    const positions: bigint[] = [];
    for await (const { position } of store.readAll()) positions.push(position);
    expect(positions).toEqual(
      Array.from({ length: filled + written }, (_, index) => BigInt(index + 1)),
    );
    const revisions: number[] = [];
    for await (const { revision } of store.readStream(stream)) revisions.push(revision);
    expect(revisions).toEqual(Array.from({ length: written }, (_, index) => index));
    expect(await store.head()).toBe(BigInt(filled + written));
  });

  it('keeps the contract over the border: repeats, conflicts, nothing changed', async () => {
    const first = { stream, expected: 'noStream', events: [event('0')] } as const;
    expect(await store.append([first])).toMatchObject({ kind: 'unchanged' });
    const other = { ...first, events: [event('other')] };
    expect(await store.append([other])).toEqual({
      kind: 'conflict',
      stream,
      actual: written - 1,
    });
    const elsewhere = streamName('ledger', 'partitioned', 'b');
    const taken = [event(String(written - 1))];
    await expect(
      store.append([{ stream: elsewhere, expected: 'noStream', events: taken }]),
    ).rejects.toMatchObject({
      name: 'EventIdTaken',
      message: expect.stringContaining(stream),
    });
    for (const table of ['events', 'events_p0', 'events_p1'])
      await expect(
        explained.db.query(`update eventstore.${table} set data = '{}'`),
      ).rejects.toThrow('never changed or removed');
  });

  it('reads by position from the partition that has it alone; a stream asks the index of each', async () => {
    const partitionsOf = async (ask: () => Promise<unknown>): Promise<string[]> => {
      explained.take();
      await ask();
      const nodes = explained.take().flatMap(({ root }) => everyNode(root));
      return [
        ...new Set(nodes.flatMap(({ relation, loops }) => (loops > 0 ? (relation ?? []) : []))),
      ].sort();
    };
    expect(await partitionsOf(() => store.head())).toEqual(['events_p1']);
    const newest = async (): Promise<void> => {
      for await (const _ of store.readAll({ after: border })) continue;
    };
    expect(await partitionsOf(newest)).toEqual(['events_p1']);
    const both = ['events_p0', 'events_p1'];
    expect(await partitionsOf(() => store.readStreams([stream]))).toEqual(both);
  });

  it('lets go of its old events without touching the new ones, and takes them back', async () => {
    await explained.db.query(
      'alter table eventstore.events detach partition eventstore.events_p0 concurrently',
    );
    const positions: bigint[] = [];
    for await (const { position } of store.readAll()) positions.push(position);
    expect([positions[0], positions.length]).toEqual([
      border,
      filled + written + 1 - Number(border),
    ]);
    await write();
    await explained.db.query(
      `alter table eventstore.events attach partition eventstore.events_p0 for values from (minvalue) to (${border})`,
    );
    expect(
      await store.append([{ stream, expected: 'noStream', events: [event('0')] }]),
    ).toMatchObject({
      kind: 'unchanged',
    });
  });

  it('moves its old events to another tablespace while it is written to', async () => {
    const before = await digestStreams(store);
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) await write();
    })();
    const move = { partition: 'events_p0', to: border, tablespace: 'pg_default' };
    await migrate(explained.db, eventStoreSchema.schema, [...partitioned, movedPartition(move)]);
    stop.abort();
    await writing;
    const { rows } = await explained.db.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'eventstore.events'::regclass order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'eventstore.events_p0_moved',
      'eventstore.events_p1',
    ]);
    const after = await digestStreams(store);
    const others = ({ streams }: StoreDigest) => [...streams].filter(([name]) => name !== stream);
    expect(others(after)).toEqual(others(before));
    expect(after.events).toBe(filled + written);
    await expect(explained.db.query('delete from eventstore.events_p0_moved')).rejects.toThrow(
      'never changed or removed',
    );
  });
});

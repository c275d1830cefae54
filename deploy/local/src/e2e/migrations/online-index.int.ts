import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import { factId, instant, programId, streamName } from '@tallystick/kernel';
import { createPool, migrate, type Database, type Migration } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { fillEventStore } from '../../plans/fill.js';
import { say } from '../tools/say.js';

const filled = 200_000;
const writers = 4;
/** Far more than a commit on a busy machine takes; a writer that stands behind an index being built waits for all of it. */
const waitMaxMs = 10_000;

const { schema, migrations } = eventStoreSchema;
const withIndex: readonly Migration[] = [
  ...migrations,
  {
    name: '9999-by-type',
    note: 'Events are found by their type; for this test alone.',
    online: [{ kind: 'index', index: 'events_type', on: 'events (type, position)' }],
  },
];
const metadata: EventMetadata = {
  program: programId('fill'),
  occurredAt: instant('2026-05-04T09:00:00Z'),
  recordedAt: instant('2026-05-04T09:00:01Z'),
  actor: 'service:test',
  correlationId: 'f1c6c0de-0000-4000-8000-000000000000',
};

describe(`an online index on an event store of ${filled} events`, () => {
  let database: TestDatabase;
  let db: Database;
  let store: EventStore;
  beforeAll(async () => {
    database = await testDatabase();
    db = createPool(database.url);
    await migrate(db, schema, migrations);
    await fillEventStore(db, filled);
    store = createPostgresEventStore({ db: database.url });
  });
  afterAll(async () => {
    await store.close();
    await db.end();
    await database.drop();
  });

  it('is made while writers append: none fails, and none waits for it', async () => {
    const waitsMs: number[] = [];
    const stop = new AbortController();
    const write = async (writer: number): Promise<number> => {
      let written = 0;
      for (; !stop.signal.aborted; written += 1) {
        const fact = factId('sample', `${writer}/${written}`);
        const event = newEvent(fact, 0, { type: 'Sampled', data: { written } }, metadata);
        const stream = streamName('ledger', 'online', `writer-${writer}`);
        const expected = written === 0 ? 'noStream' : written - 1;
        const startedMs = performance.now();
        const result = await store.append([{ stream, expected, events: [event] }]);
        waitsMs.push(performance.now() - startedMs);
        if (result.kind !== 'appended') throw new Error(`the append was answered ${result.kind}`);
      }
      return written;
    };
    const writing = Array.from({ length: writers }, (_, writer) => write(writer));
    while (waitsMs.length < writers) await store.head();

    const before = waitsMs.length;
    const startedMs = performance.now();
    await migrate(db, schema, withIndex);
    const tookMs = performance.now() - startedMs;
    const during = waitsMs.slice(before);
    stop.abort();
    const written = (await Promise.all(writing)).reduce((sum, count) => sum + count, 0);

    say(
      `the index took ${tookMs.toFixed(0)} ms; ${during.length} appends meanwhile, the longest ${Math.max(...during).toFixed(0)} ms`,
    );
    expect(during.length).toBeGreaterThan(writers);
    expect(Math.max(...during)).toBeLessThan(waitMaxMs);
    expect(await store.head()).toBe(BigInt(filled + written));
    const { rows } = await db.query<{ valid: boolean }>(
      `select indisvalid as valid from pg_index where indexrelid = 'eventstore.events_type'::regclass`,
    );
    expect(rows).toEqual([{ valid: true }]);
  });
});

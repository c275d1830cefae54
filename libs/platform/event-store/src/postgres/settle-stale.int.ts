import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { sampleEvents, sampleStream } from '../contract/events.js';
import type { AppendResult, EventStore, NewEvent, StreamWrite } from '../port.js';
import { pendingAppend, type PendingAppend } from './pending.js';
import { eventStoreSchema } from './schema.js';
import { settleStale } from './settle-stale.js';
import { createPostgresEventStore } from './store.js';

const [a, b, free] = ['a', 'b', 'free'].map(sampleStream) as [
  ReturnType<typeof sampleStream>,
  ReturnType<typeof sampleStream>,
  ReturnType<typeof sampleStream>,
];
const [as, bs] = [sampleEvents('a', 4), sampleEvents('b', 2)];
const to = (
  stream: StreamWrite['stream'],
  expected: StreamWrite['expected'],
  events: readonly NewEvent[],
): StreamWrite => ({ stream, expected, events });

describe('appends to streams that are not where they were expected', () => {
  let database: TestDatabase;
  let db: Database;
  let store: EventStore;
  let answers: (AppendResult | undefined)[];

  beforeAll(async () => {
    database = await testDatabase();
    db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    store = createPostgresEventStore({ db });
    await store.append([to(a, 'noStream', as)]); // at 1 to 4
    await store.append([to(b, 'noStream', bs)]); // at 5 and 6
  });
  afterAll(async () => {
    await store.close();
    await db.end();
    await database.drop();
  });
  beforeEach(() => {
    answers = [];
  });

  const call = (writes: readonly StreamWrite[], changes: Partial<PendingAppend> = {}) => {
    const index = answers.push(undefined) - 1;
    const settle = {
      resolve: (result: AppendResult) => void (answers[index] = result),
      reject: () => undefined,
    };
    return { ...pendingAppend(writes, 0, settle), ...changes };
  };
  const actual = new Map<string, number>([
    [a, 3],
    [b, 1],
    [free, -1],
  ]);
  const settle = (...group: readonly PendingAppend[]) => settleStale(db, group, actual);

  it('are unchanged where all is there, at the position of the last of it', async () => {
    const group = [
      call([to(a, 'noStream', as)]),
      call([to(a, 1, as.slice(2, 3))]),
      call([to(b, 'noStream', bs), to(a, 'noStream', as.slice(0, 1))]),
    ];
    expect(await settle(...group)).toEqual([]);
    expect(answers).toEqual([
      { kind: 'unchanged', position: 4n },
      { kind: 'unchanged', position: 3n },
      { kind: 'unchanged', position: 6n },
    ]);
  });

  it('are appended where all is there and only they can have written it: their own answer was lost', async () => {
    const foreign = as.map((event) => ({
      ...event,
      metadata: { ...event.metadata, actor: 'service:other' },
    }));
    const mixed = [...as.slice(0, 3), ...foreign.slice(3)];
    const group = [
      call([to(a, 'noStream', as)], { unknown: true }),
      call([to(a, 'noStream', foreign)], { unknown: true }),
      call([to(a, 'noStream', mixed)], { unknown: true }),
      call([to(a, 'noStream', [...foreign.slice(0, 1), ...as.slice(1)])], { unknown: true }),
      call([to(a, 'noStream', as), to(b, 'noStream', bs)], { unknown: true, foundIsOwn: false }),
    ];
    expect(await settle(...group)).toEqual([]);
    expect(answers.map((answer) => answer?.kind)).toEqual([
      ...['appended', 'unchanged', 'unchanged', 'unchanged', 'unchanged'],
    ]);
  });

  it('conflict where something else is there, and are told on which stream first', async () => {
    const other = sampleEvents('other', 5);
    const [first, ...rest] = as;
    if (first === undefined) throw new Error('there are some');
    const group = [
      call([
        to(free, 'noStream', other.slice(0, 1)),
        to(b, 7, other.slice(1, 2)),
        to(a, 'noStream', other.slice(2)),
      ]),
      call([to(a, 'noStream', other.slice(0, 2))]),
      call([to(a, 'noStream', [...as, ...other])]),
      call([to(a, 'noStream', [{ ...first, type: 'Other' }, ...rest])]),
      call([to(a, 'noStream', [{ ...first, data: '{"x":1}' }, ...rest])]),
      call([to(a, 'noStream', [{ ...first, id: other[0]?.id ?? '' }, ...rest])]),
      call([to(a, 0, as)]),
      call([to(free, 2, other)]),
    ];
    expect(await settle(...group)).toEqual([]);
    expect(answers).toEqual([
      { kind: 'conflict', stream: b, actual: 1 },
      ...[a, a, a, a, a, a].map((stream) => ({ kind: 'conflict', stream, actual: 3 })),
      { kind: 'conflict', stream: free, actual: 'noStream' },
    ]);
  });

  it('are left to be written where nothing hinders them, in order, with what is missing alone', async () => {
    const fresh = sampleEvents('fresh', 3);
    const begins = call([to(free, 'noStream', fresh.slice(0, 2))]);
    const follows = call([to(free, 1, fresh.slice(2)), to(a, 'noStream', as)]);
    const rival = call([to(free, 'noStream', sampleEvents('rival', 1))]);
    const goesOn = call([to(b, 1, sampleEvents('more', 1))]);
    expect(await settle(begins, follows, rival, goesOn)).toEqual([begins, follows, goesOn]);
    expect(follows.writes.map(({ stream, expected }) => [stream, expected])).toEqual([[free, 1]]);
    expect(follows).toMatchObject({ found: 4n, foundIsOwn: true });
    expect(begins.writes).toHaveLength(1);
    expect(answers).toEqual([
      undefined,
      undefined,
      { kind: 'conflict', stream: free, actual: 'noStream' },
      undefined,
    ]);
  });

  it('keep what an earlier look had found', async () => {
    const group = [
      call([to(a, 'noStream', as)], { found: 9n }),
      call([to(a, 'noStream', as)], { found: 2n }),
    ];
    expect(await settle(...group)).toEqual([]);
    expect(answers.map((answer) => answer?.kind === 'unchanged' && answer.position)).toEqual([
      9n,
      4n,
    ]);
  });
});

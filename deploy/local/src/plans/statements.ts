import { setTimeout } from 'node:timers/promises';
import {
  createPostgresEventStore,
  EventIdTaken,
  newEvent,
  type EventMetadata,
  type EventStore,
  type NewEvent,
} from '@tallystick/event-store';
import { factId, instant, programId, streamName, type StreamName } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { Explained, Plan } from './capture.js';

/** What the adapter is asked, and by which plans PostgreSQL answered. */
export interface AskedPlans {
  readonly asked: string;
  readonly plans: readonly Plan[];
}

/** A prepared statement is planned for its values five times; then PostgreSQL may settle for one plan for all values. */
const times = 8;

const metadata: EventMetadata = {
  program: programId('fill'),
  occurredAt: instant('2026-05-04T09:00:00Z'),
  recordedAt: instant('2026-05-04T09:00:01Z'),
  actor: 'service:plans',
  correlationId: 'f1c6c0de-0000-4000-8000-000000000000',
};
const eventOf = (name: string): NewEvent =>
  newEvent(factId('plans', name), 0, { type: 'Sampled', data: { name } }, metadata);

const account = (nth: number): StreamName => streamName('ledger', 'fill', String(nth));

const take = async <T>(items: AsyncIterable<T>, count: number): Promise<void> => {
  let left = count;
  for await (const _ of items) if ((left -= 1) === 0) return;
};

/** Asks an event store that `fillEventStore` has filled everything that the adapter can be asked; answers the plans of the last time. */
export const askEverything = async (
  { db, take: told }: Explained,
  events: number,
  accounts: number,
): Promise<readonly AskedPlans[]> => {
  const store = createPostgresEventStore({ db });
  const middle = BigInt(Math.floor(events / 2));
  const some = Array.from({ length: 100 }, (_, nth) => account((nth * 7) % accounts));
  const questions: readonly (readonly [string, (nth: number) => Promise<unknown>])[] = [
    ['append: 100 new streams and one that is there', (nth) => append(store, nth)],
    ['append again what is there', () => append(store, 1)],
    ['append an id that is taken', (nth) => appendTaken(store, nth)],
    ['readAll from the middle', () => take(store.readAll({ after: middle }), 10)],
    [
      'readAll, one common and one rare category, from the middle',
      () => take(store.readAll({ after: middle, categories: ['ledger', 'partner'] }), 10),
    ],
    [
      'readAll, a category that nothing is in',
      () => take(store.readAll({ after: 0n, categories: ['nothing'] }), 10),
    ],
    ['readStream', (nth) => take(store.readStream(account(nth)), 1_000)],
    ['readStreams, 100 accounts', () => store.readStreams(some)],
    [
      'readStreams, 100 accounts, only what is new',
      () => store.readStreams(some, { from: new Map(some.map((stream) => [stream, 1_000_000])) }),
    ],
    ['head', () => store.head()],
  ];
  const asked: AskedPlans[] = [];
  try {
    await db.query('select 1');
    for (const [question, ask] of questions) {
      let plans: readonly Plan[] = [];
      for (let nth = 1; nth <= times; nth += 1) {
        await quiet(db);
        told();
        await ask(nth);
        plans = told();
      }
      asked.push({ asked: question, plans });
    }
  } finally {
    await store.close();
  }
  return asked;
};

/** Until nothing is asked any more: a reader that was ended early has asked for its next page already, and that tells its plan too. */
const quiet = async (db: Database): Promise<void> => {
  while (db.idleCount < db.totalCount) await setTimeout(5);
};

const append = async (store: EventStore, nth: number): Promise<void> => {
  const there = streamName('redemption', 'fill', 'there');
  const writes = Array.from({ length: 100 }, (_, index) => ({
    stream: streamName('redemption', 'fill', `${nth}-${index}`),
    expected: 'noStream' as const,
    events: [eventOf(`${nth}/${index}`)],
  }));
  const expected = nth === 1 ? ('noStream' as const) : nth - 2;
  await store.append([...writes, { stream: there, expected, events: [eventOf(`there/${nth}`)] }]);
};

const appendTaken = async (store: EventStore, nth: number): Promise<void> => {
  const stream = streamName('redemption', 'fill', `taken-${nth}`);
  try {
    await store.append([{ stream, expected: 'noStream', events: [eventOf('1/0')] }]);
  } catch (error) {
    if (error instanceof EventIdTaken) return;
    throw error;
  }
  throw new Error('an id that is taken was appended');
};

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventStoreSchema } from '@tallystick/event-store';
import { migrate } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { everyNode, linesOf, openExplained, type Explained, type Plan } from './capture.js';
import { accountsOf, fillEventStore } from './fill.js';
import { askEverything, type AskedPlans } from './statements.js';

const events = 20_000;

describe(`the statements of the event store, on ${events} events`, () => {
  let database: TestDatabase;
  let explained: Explained;
  let asked: readonly AskedPlans[];

  beforeAll(async () => {
    database = await testDatabase();
    explained = openExplained(database.url);
    await migrate(explained.db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await fillEventStore(explained.db, events);
    await explained.db.query('vacuum analyze eventstore.events');
    explained.take();
    asked = await askEverything(explained, events, accountsOf(events));
  });
  afterAll(async () => {
    await explained.db.end();
    await database.drop();
  });

  const indexesOf = (plans: readonly Plan[]): Set<string> =>
    new Set(plans.flatMap(({ root }) => everyNode(root).flatMap(({ index }) => index ?? [])));
  const shown = (plans: readonly Plan[]): string =>
    plans.map(({ statement, root }) => [statement, ...linesOf(root)].join('\n')).join('\n\n');

  it('all tell their plans, those inside the function too', () => {
    const statements = asked.flatMap(({ plans }) => plans.map(({ statement }) => statement));
    expect(asked.every(({ plans }) => plans.length > 0)).toBe(true);
    expect(statements.some((text) => text.startsWith('insert into eventstore.events'))).toBe(true);
  });

  it('never read the events from one end to the other', () => {
    for (const { asked: question, plans } of asked) {
      const scans = plans.flatMap(({ root }) =>
        everyNode(root).filter(
          ({ node, relation }) => node === 'Seq Scan' && relation === 'events',
        ),
      );
      if (scans.length > 0) throw new Error(`${question} reads everything:\n${shown(plans)}`);
    }
  });

  it.each([
    ['append: 100 new streams and one that is there', 'events_stream_revision', 'events_pkey'],
    ['append again what is there', 'events_stream_revision'],
    ['append an id that is taken', 'events_id'],
    ['readAll from the middle', 'events_pkey'],
    ['readAll, one common and one rare category, from the middle', 'events_category'],
    ['readAll, a category that nothing is in', 'events_category'],
    ['readStream', 'events_stream_revision'],
    ['readStreams, 100 accounts', 'events_stream_revision'],
    ['readStreams, 100 accounts, only what is new', 'events_stream_revision'],
    ['head', 'events_pkey'],
  ])('%s: by %s', (question, ...indexes) => {
    const plans = asked.find((one) => one.asked === question)?.plans ?? [];
    for (const index of indexes) {
      if (!indexesOf(plans).has(index)) throw new Error(`not by ${index}:\n${shown(plans)}`);
    }
  });

  it('look at no more of the store when they want little of it', () => {
    const pagesOf = (question: string): number =>
      (asked.find((one) => one.asked === question)?.plans ?? []).reduce(
        (sum, { root }) => sum + root.hit + root.read,
        0,
      );
    expect(pagesOf('head')).toBeLessThan(10);
    expect(pagesOf('readAll, a category that nothing is in')).toBeLessThan(10);
    expect(pagesOf('readStreams, 100 accounts, only what is new')).toBeLessThan(500);
  });
});

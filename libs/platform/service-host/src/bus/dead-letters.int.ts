import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { busSchema, createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import type { Message, Verdict } from '@tallystick/message-bus';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createLog } from '../log.js';
import { until } from '../test-service/until.js';
import { readCursor, writeCursor } from './letter-cursor.js';
import { deadLettersOf, type DeadLetters, type LetterPlace } from './dead-letters.js';

describe('the dead letters of a service', () => {
  const [topic, group] = ['t', 'g'];
  const place: LetterPlace = { topic, partition: 0, offset: 0n };
  let database: TestDatabase;
  let db: Database;
  let bus: MessageBus;
  let letters: DeadLetters;
  let verdict: Verdict;
  const handed: Message[] = [];
  beforeEach(async () => {
    handed.length = 0;
    database = await testDatabase();
    db = createPool(database.url, { max: 1 });
    await migrate(db, busSchema.schema, busSchema.migrations);
    bus = createPostgresMessageBus({ url: database.url });
    await bus.ensureTopics([{ name: topic, partitions: 1 }]);
    await bus.publish([{ topic, key: 'card 4000', id: 'one', headers: {}, value: 'of card 4000' }]);
    for (const name of [group, 'another'])
      await bus.subscribe({
        topics: [topic],
        group: name,
        handler: async (batch) =>
          batch.map(() => ({ kind: 'poison', reason: 'bad', keptAs: { key: 'k', value: 'v' } })),
      });
    for (const name of [group, 'another'])
      await until('it is buried', async () => (await bus.lag(name, [topic])) === 0n);
    const log = createLog('accrual', 'silent', { write: () => {} });
    letters = deadLettersOf(
      bus,
      group,
      async (message) => {
        handed.push(message);
        return verdict;
      },
      log,
    );
  });
  afterEach(async () => {
    await bus.close();
    await db.end();
    await database.drop();
  });

  it('are its own alone', async () => {
    expect(await letters.list([topic], 10)).toMatchObject([{ group, key: 'k', reason: 'bad' }]);
    expect(await letters.drop(place, 'ops:ann')).toBe(true);
    expect(await letters.list([topic], 10)).toEqual([]);
    expect(await letters.drop(place, 'ops:ann')).toBe(false);
    const left = [];
    for await (const one of bus.deadLetters(topic)) left.push(one.group);
    expect(left).toEqual(['another']);
  });

  it('are listed page by page, behind one that has ended meanwhile', async () => {
    await bus.publish(
      Array.from({ length: 4 }, (_, n) => ({
        ...{ topic, key: 'k', id: `more-${n}`, headers: {}, value: '' },
      })),
    );
    for (const name of [group, 'another'])
      await until('all are buried', async () => (await bus.lag(name, [topic])) === 0n);
    const [first, second] = await letters.list([topic], 2);
    if (second === undefined) throw new Error('there are five');
    await letters.drop(second, 'ops:ann');
    const rest = await letters.list([topic], 10, second);
    expect([first, second, ...rest].map((letter) => letter?.offset)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(await letters.list([topic], 1, second)).toHaveLength(1);
    expect(await letters.list(['none', topic], 10, rest.at(-1))).toEqual([]);
    for (const letter of rest) {
      const cursor = writeCursor(letter);
      expect(readCursor(cursor)).toEqual({ topic, nth: letter.nth });
      expect(readCursor(cursor.slice(2))).toBeNull();
    }
  });

  it('stay until the handler has taken the message, which it gets as it came', async () => {
    verdict = { kind: 'poison', reason: 'still bad' };
    expect(await letters.retry(place, 'ops:ann')).toEqual(verdict);
    verdict = { kind: 'retry', reason: 'away' };
    expect(await letters.retry(place, 'ops:ann')).toEqual({ kind: 'later', reason: 'away' });
    verdict = { kind: 'done' };
    expect(await letters.retry(place, 'ops:ann')).toEqual(verdict);
    expect(await letters.retry(place, 'ops:ann')).toEqual({ kind: 'unknown' });
    expect(handed.map(({ key, value }) => [key, value])).toEqual(
      Array.from({ length: 3 }, () => ['card 4000', 'of card 4000']),
    );
  });

  it('are not tried again with less than the message', async () => {
    await db.query('delete from bus.messages');
    expect(await letters.retry(place, 'ops:ann')).toEqual({ kind: 'gone' });
    expect(handed).toEqual([]);
  });
});

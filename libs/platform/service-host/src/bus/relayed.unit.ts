import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import type { Message } from '@tallystick/message-bus';
import { decodeRelayed, isAway, oneByOne, PoisonMessage } from './relayed.js';

const message = (value: string, at: Partial<Message> = {}): Message => ({
  topic: 'ledger',
  partition: 0,
  offset: 0n,
  key: 'k',
  id: 'i',
  headers: {},
  value,
  ...at,
});
const event = {
  id: 'e',
  stream: 'ledger-p-a',
  revision: 0,
  position: '17',
  type: 'PointsEarned',
  schemaVersion: 1,
  metadata: { program: 'p' },
  data: { points: 5, lots: [{ points: 5 }] },
};

describe('what the relay published', () => {
  it('is read as an event', () => {
    expect(decodeRelayed(message(JSON.stringify(event)))).toEqual(event);
  });

  it.each([
    ['no JSON', 'Anna Kowalska', 'the value is not JSON'],
    ['no object', '"Anna"', 'value'],
    ['a missing type', JSON.stringify({ ...event, type: undefined }), 'type'],
    ['a position that is none', JSON.stringify({ ...event, position: -3 }), 'position'],
  ])('is poison otherwise: %s; the reason holds no value', (_, value, reason) => {
    const decode = () => decodeRelayed(message(value));
    expect(decode).toThrow(PoisonMessage);
    expect(decode).toThrow(reason);
    expect(decode).not.toThrow('Anna');
  });
});

describe('one by one', () => {
  it('what stands behind a retry on its partition is left alone, other partitions go on', async () => {
    const batch = [
      message('good', { partition: 1 }),
      message('poison', { partition: 1 }),
      message('away', { partition: 1 }),
      message('good', { partition: 1 }),
      message('good', { partition: 2 }),
    ];
    const handled: string[] = [];
    const verdicts = await oneByOne(batch, async ({ value, partition }) => {
      handled.push(`${partition} ${value}`);
      if (value === 'poison') throw new PoisonMessage('bad');
      if (value === 'away') throw new StoreUnavailable(new Error('gone'));
      return undefined;
    });
    expect(verdicts.map(({ kind }) => kind)).toEqual(['done', 'poison', 'retry', 'retry', 'done']);
    expect(handled).toEqual(['1 good', '1 poison', '1 away', '2 good']);
  });
});

it('a store or a database that is away is told from a bug', () => {
  expect(isAway(new StoreUnavailable(new Error('x')))).toBe(true);
  expect(isAway(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe(true);
  expect(isAway(new TypeError('x'))).toBe(false);
});

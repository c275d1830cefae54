import { describe, expect, it } from '@jest/globals';
import { sampleEvent, sampleMetadata, sampleStream } from './contract/events.js';
import { appendLimits, checkAppend } from './limits.js';
import type { NewEvent, StreamWrite } from './port.js';

const write = (changes: Partial<StreamWrite>): readonly StreamWrite[] => [
  { stream: sampleStream('a'), expected: 'noStream', events: [sampleEvent('x')], ...changes },
];
const withEvent = (changes: Partial<NewEvent>): readonly StreamWrite[] =>
  write({ events: [{ ...sampleEvent('x'), ...changes }] });

const { id } = sampleEvent('x');

describe('what an append may hold', () => {
  it('counts events and bytes, and keeps the metadata as text', () => {
    const event = sampleEvent('x', { text: 'ä' });
    expect(checkAppend(write({ events: [event] }))).toEqual({
      events: 1,
      bytes: Buffer.byteLength('{"text":"ä"}') + Buffer.byteLength(JSON.stringify(sampleMetadata)),
      metadata: [JSON.stringify(sampleMetadata)],
    });
  });

  it.each<[string, readonly StreamWrite[], string]>([
    ['no stream', [], 'names no stream'],
    ['no event', write({ events: [] }), 'nothing is to be appended'],
    ['the same stream twice', [...write({}), ...write({})], 'named twice'],
    ['the same event twice', write({ events: [sampleEvent('x'), sampleEvent('x')] }), 'twice'],
    ['a negative revision', write({ expected: -1 }), 'revision -1'],
    ['a revision beyond the last', write({ expected: 2 ** 31 - 1 }), 'beyond revision'],
    ['a NUL in a type', withEvent({ type: 'a\0b' }), 'not well-formed'],
    ['half a character', withEvent({ data: '"\ud800"' }), 'not well-formed'],
    ['an id that is none', withEvent({ id: 'X' }), 'not an event id'],
    ['an id with something before it', withEvent({ id: `x${id}` }), 'not an event id'],
    ['an id with something after it', withEvent({ id: `${id}0` }), 'not an event id'],
    ['a stream without a name', write({ stream: '' as never }), 'an empty stream'],
    ['a version of 0', withEvent({ schemaVersion: 0 }), 'not a schema version'],
    ['an empty type', withEvent({ type: '' }), 'an empty type'],
    ['data too large', withEvent({ data: 'x'.repeat(appendLimits.eventBytesMax + 1) }), 'data of'],
    [
      'metadata too large',
      withEvent({ metadata: { ...sampleMetadata, actor: 'x'.repeat(20_000) } }),
      'metadata of',
    ],
    [
      'too many events',
      write({
        events: Array.from({ length: appendLimits.eventsMax + 1 }, (_, n) => sampleEvent(`${n}`)),
      }),
      '10001 events, at most 10000',
    ],
    [
      'too much in all',
      write({
        events: Array.from({ length: 17 }, (_, index) =>
          sampleEvent(`${index}`, { text: 'x'.repeat(990_000) }),
        ),
      }),
      'bytes, at most',
    ],
  ])('refuses %s', (_, writes, message) => {
    expect(() => checkAppend(writes)).toThrow(message);
  });

  it('takes what is just within a limit', () => {
    const ofData = appendLimits.eventBytesMax;
    const text = Buffer.byteLength(JSON.stringify(sampleMetadata));
    const whole = Array.from({ length: 16 }, (_, n) => ({
      ...sampleEvent(`${n}`),
      data: 'x'.repeat(ofData - text),
    }));
    for (const writes of [
      withEvent({ data: 'x'.repeat(ofData) }),
      withEvent({ type: 'T'.repeat(appendLimits.typeBytesMax) }),
      write({ expected: 2 ** 31 - 2 }),
      write({ events: whole }),
    ])
      expect(checkAppend(writes).events).toBe(writes[0]?.events.length);
    expect(checkAppend(write({ events: whole })).bytes).toBe(appendLimits.appendBytesMax);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { Burial } from '../settlement.js';
import { letterOf } from './letters.js';
import { headersOf, messageOf, sizeOf } from './records.js';
import { deadLetterBytesMax } from './topics.js';

const mib = 1024 * 1024;
/** What a topic takes that nobody configured. */
const anyTopicMax = 1_000_000;

const recordOf = (parts: {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: IHeaders;
}): KafkaMessage => ({
  ...{ key: null, value: null, headers: {}, ...parts },
  ...{ timestamp: '0', attributes: 0, offset: '7' },
});
const bury = (record: KafkaMessage, keptAs?: Burial['keptAs']) => {
  const burial = { offset: 7n, reason: 'bad', ...(keptAs === undefined ? {} : { keptAs }) };
  return letterOf({ record, message: messageOf('t', 3, record) }, burial, 'g');
};
/** What a reader of the dead letters finds of it. */
const found = (record: ReturnType<typeof bury>['record']) =>
  messageOf('t.dlq', 0, recordOf({ ...record, key: Buffer.from(record.key) }));

describe('a dead letter', () => {
  it('keeps the bytes of its message: no byte becomes three', () => {
    const junk = Buffer.alloc(1_600_000, 0xff);
    const { record } = bury(
      recordOf({ key: junk, value: Buffer.from('7 bytes'), headers: { junk } }),
    );
    expect(record.key).toEqual(junk);
    expect(record.value.toString()).toBe('7 bytes');
    expect(record.headers['junk']).toEqual(junk);
    expect(record.headers['tallystick-dlq-replaced']).toBeUndefined();
    expect(found(record).id).toBe('t/3/7');
  });

  it('that would be too large keeps the beginning of key and value and the headers that are small, and says so', () => {
    const headers = {
      large: Buffer.alloc(3 * mib, 0xff),
      'Tallystick-Id': Buffer.from('own'),
      a: [Buffer.from('1'), Buffer.from('2')],
    };
    const value = 'é'.repeat(mib);
    const { record } = bury(recordOf({ headers, value: Buffer.from('{}') }), {
      key: 'k'.repeat(5000),
      value,
    });
    const letter = found(record);
    expect(letter).toMatchObject({ id: 'own', key: 'k'.repeat(1024) });
    expect(value.startsWith(letter.value)).toBe(true);
    expect(letter.value).toHaveLength(32 * 1024);
    expect(letter.headers).toEqual({
      a: '2',
      'tallystick-dlq-topic': 't',
      'tallystick-dlq-partition': '3',
      'tallystick-dlq-offset': '7',
      'tallystick-dlq-group': 'g',
      'tallystick-dlq-reason': expect.stringMatching(/^bad .*too large/),
      'tallystick-dlq-at': expect.any(String),
      'tallystick-dlq-replaced': 'true',
    });
  });

  it('can always be written, whatever its message and what stands in place of it', () => {
    const size = fc.constantFrom(0, 1, 1000, 40_000, 1.4 * mib, 2.1 * mib, 6 * mib);
    const bytes = fc
      .tuple(size, fc.constantFrom(0, 0x61, 0x80, 0xff))
      .map(([length, byte]) => Buffer.alloc(length, byte));
    const few = { minLength: 1, maxLength: 30 };
    fc.assert(
      fc.property(
        fc.record({
          key: fc.option(bytes),
          value: fc.option(bytes),
          headers: fc.dictionary(
            fc.string(few),
            fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })),
            { maxKeys: 5 },
          ),
        }),
        fc.option(
          fc.record({
            key: fc.constant('k'),
            value: size.map((length) => '\uFFFD'.repeat(length)),
          }),
          { nil: undefined },
        ),
        (parts, keptAs) => {
          const letter = bury(recordOf(parts), keptAs);
          expect(sizeOf(letter.record)).toBeLessThanOrEqual(deadLetterBytesMax);
          expect(sizeOf(letter.cut())).toBeLessThan(anyTopicMax);
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('a header without a value, as the protocol has it, is an empty one', () => {
  const headers: IHeaders = { 'content-type': 'text/plain' };
  Reflect.set(headers, 'none', null);
  Reflect.set(headers, 'twice', ['a', null]);
  expect(headersOf(headers)).toEqual({ 'content-type': 'text/plain', none: '', twice: '' });
  const { record } = bury(recordOf({ headers }));
  expect(record.headers).toMatchObject({
    none: Buffer.alloc(0),
    twice: [Buffer.from('a'), Buffer.alloc(0)],
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message, Verdict } from './port.js';
import { settle, settleThrown } from './settlement.js';

const batchOf = (count: number): readonly Message[] =>
  Array.from({ length: count }, (_, index) => ({
    topic: 't',
    partition: 0,
    key: 'k',
    id: String(index),
    headers: {},
    value: '',
    offset: BigInt(100 + index),
  }));
const verdict = fc.constantFrom<Verdict>(
  { kind: 'done' },
  { kind: 'retry', reason: 'later' },
  { kind: 'poison', reason: 'bad' },
);

describe('settlement of a batch', () => {
  it('passes what stands before the first that is tried again, and buries the poison among it', () => {
    fc.assert(
      fc.property(fc.array(verdict), (verdicts) => {
        const retry = verdicts.findIndex(({ kind }) => kind === 'retry');
        const passed = retry < 0 ? verdicts.length : retry;
        expect(settle(batchOf(verdicts.length), verdicts)).toEqual({
          passed,
          poison: verdicts.flatMap(({ kind }, index) =>
            kind === 'poison' && index < passed
              ? [{ offset: BigInt(100 + index), reason: 'bad' }]
              : [],
          ),
          ...(retry < 0 ? {} : { retry: 'later' }),
        });
      }),
    );
  });

  it('passes nothing when the verdicts are not one per message', () => {
    expect(settle(batchOf(2), [{ kind: 'done' }])).toEqual({
      passed: 0,
      poison: [],
      retry: 'the handler gave 1 verdicts on 2 messages',
    });
  });

  it('makes what is kept in place of a message into text that can be stored', () => {
    const keptAs = { key: 'a\0', value: '\uD800b' };
    expect(settle(batchOf(1), [{ kind: 'poison', reason: 'bad', keptAs }]).poison).toEqual([
      { offset: 100n, reason: 'bad', keptAs: { key: 'a\uFFFD', value: '\uFFFDb' } },
    ]);
  });

  it('makes a reason of anything that was thrown, of a length and text that can be stored', () => {
    expect(settleThrown(new Error('a\0b')).retry).toBe('the handler threw: a\uFFFDb');
    expect(settleThrown('x'.repeat(5000)).retry).toHaveLength(2000);
    expect(settleThrown(undefined).retry).toBe('the handler threw: undefined');
  });
});

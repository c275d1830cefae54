import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileCondition } from './compile.js';
import type { Bindings, Environment } from './types.js';

const environment: Environment = {
  total: 'decimal',
  count: 'int',
  day: 'date',
  name: 'string',
  tags: 'strings',
  flag: 'bool',
};

const bindings = fc.record({
  total: fc.constantFrom(
    '0',
    '-0.5',
    '10',
    '10.005',
    '0.1234567',
    '9'.repeat(30),
    '-999999999999.999999',
  ),
  count: fc.bigInt({ min: -3n, max: 3n }),
  day: fc.constantFrom('2026-02-28', '2026-03-01', '0001-01-01'),
  name: fc.constantFrom('', 'tea', 'te', 'a', 'żółw'),
  tags: fc.subarray(['', 'tea', 'a']),
  flag: fc.boolean(),
});

const numbers = fc.letrec<{ decimal: string; int: string }>((tie) => ({
  decimal: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'total',
      'decimal("10.005")',
      'decimal("-1")',
      'decimal("999999999999.999999")',
    ),
    fc
      .tuple(tie('decimal'), fc.constantFrom('+', '-'), tie('decimal'))
      .map((all) => `(${all.join(' ')})`),
    tie('decimal').map((of) => `(-${of})`),
  ),
  int: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('count', '0', '2', '9007199254740992', 'size(tags)'),
    fc.tuple(tie('int'), fc.constantFrom('+', '-'), tie('int')).map((all) => `(${all.join(' ')})`),
  ),
}));
const compared = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
const texts = fc.constantFrom('name', '"tea"', '""', '"te"');
const conditions = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(numbers.decimal, compared, numbers.decimal).map((all) => all.join(' ')),
    fc.tuple(numbers.int, compared, numbers.int).map((all) => all.join(' ')),
    fc
      .tuple(fc.constantFrom('day', 'date("2026-03-01")'), compared, fc.constant('day'))
      .map((all) => all.join(' ')),
    fc.tuple(texts, fc.constantFrom('==', '!='), texts).map((all) => all.join(' ')),
    fc
      .tuple(texts, fc.constantFrom('startsWith', 'endsWith', 'contains'), texts)
      .map(([a, how, b]) => `${a}.${how}(${b})`),
    fc.tuple(texts, fc.constantFrom('tags', '["tea", "a"]')).map((all) => all.join(' in ')),
    fc.tuple(numbers.int, fc.constantFrom('[1, 2]', '[-1, 0]')).map((all) => all.join(' in ')),
    fc.constantFrom('flag', 'true', 'false', 'flag == (count == 1)'),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
      .map((all) => `(${all.join(' ')})`),
    tie('condition').map((of) => `!(${of})`),
  ),
}));

/** What it says, or that it fails. */
const said = (holds: (of: Bindings) => boolean, of: Bindings): boolean | string => {
  try {
    return holds(of);
  } catch {
    return 'fails';
  }
};

describe('a condition', () => {
  it('holds when CEL says so, whatever it is and whatever it sees', () => {
    let compiled = 0;
    fc.assert(
      fc.property(
        conditions.condition,
        fc.array(bindings, { minLength: 3, maxLength: 3 }),
        (text, all) => {
          const condition = compileCondition(text, environment);
          if (!condition.ok) return;
          compiled += 1;
          for (const of of all)
            expect([text, said(condition.value.holds, of)]).toEqual([
              text,
              said(condition.value.byCel, of),
            ]);
        },
      ),
      { numRuns: 600 },
    );
    expect(compiled).toBeGreaterThan(400);
  });

  it('beyond 64 bits is what CEL makes of it', () => {
    const text = 'total + total > decimal("1")';
    const condition = compileCondition(text, environment);
    if (!condition.ok) throw new Error('it is a condition');
    const { holds, byCel } = condition.value;
    const of = { total: '9'.repeat(30) };
    expect(said(byCel, of)).toBe('fails');
    expect(said(holds, of)).toBe('fails');
  });
});

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
          for (const of of all) {
            const byCel = said(condition.value.byCel, of);
            const held = said(condition.value.holds, of);
            // Of what is beyond its 64 bits CEL says nothing.
            expect([text, byCel === 'fails' ? typeof held : held]).toEqual([
              text,
              byCel === 'fails' ? 'boolean' : byCel,
            ]);
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(compiled).toBeGreaterThan(400);
  });

  it('never fails at a value of its type: beyond 64 bits sums are what arithmetic says', () => {
    const nearest = (value: bigint): bigint =>
      value > most ? most : value < -most ? -most : value;
    const sum = fc.array(fc.tuple(fc.constantFrom('+', '-'), fc.constantFrom(...extremes)), {
      ...{ minLength: 1, maxLength: 14 },
    });
    const valueOf = (terms: readonly (readonly [string, string])[]): bigint =>
      terms.reduce(
        (all, [sign, term]) => all + (sign === '-' ? -1n : 1n) * nearest(millionths(term)),
        0n,
      );
    const textOf = (terms: readonly (readonly [string, string])[]): string =>
      terms
        .map(([sign, term]) => `${sign === '-' ? '- ' : '+ '}v${extremes.indexOf(term)}`)
        .join(' ');
    const names = extremes.map((_, index) => `v${index}`);
    const amounts: Environment = Object.fromEntries(
      names.map((name) => [name, 'decimal' as const]),
    );
    const of: Bindings = Object.fromEntries(
      names.map((name, index) => [name, extremes[index] ?? '']),
    );
    let beyond = 0;
    fc.assert(
      fc.property(sum, compared, sum, (left, operator, right) => {
        const zero = 'decimal("0")';
        const text = `${zero} ${textOf(left)} ${operator} ${zero} ${textOf(right)}`;
        const condition = compileCondition(text, amounts);
        if (!condition.ok) throw new Error(condition.error[0]?.message);
        const [a, b] = [valueOf(left), valueOf(right)];
        if (said(condition.value.byCel, of) === 'fails') beyond += 1;
        expect([text, said(condition.value.holds, of)]).toEqual([text, holdsOf(operator, a, b)]);
      }),
      { numRuns: 500 },
    );
    expect(beyond).toBeGreaterThan(100);
  });
});

const most = 2n ** 63n - 1n;
const extremes = [
  // What the lines of a receipt come to has more digits than any one of them.
  `1000000000000.${'0'.repeat(28)}1`,
  ...['0', '0.000001', '-0.000001', '1000000000000', '-1000000000000', '999999999999.999999'],
  ...['9223372036854.775807', '-9223372036854.775807', '9'.repeat(30), `-${'9'.repeat(30)}`],
  ...['5000000000000', '9007199254.740991', '9007199254.740993'],
];
/** Of a decimal whose places after the sixth round down. */
const millionths = (decimal: string): bigint => {
  const [whole = '', part = ''] = decimal.split('.');
  return BigInt(whole + part.slice(0, 6).padEnd(6, '0'));
};
const holdsOf = (operator: string, a: bigint, b: bigint): boolean => {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '==':
      return a === b;
    default:
      return a !== b;
  }
};

describe('a long list', () => {
  const compiled = compileCondition(
    Array.from({ length: 20 }, () => '(name in tags)').join(' && '),
    environment,
  );
  if (!compiled.ok) throw new Error('it compiles');

  it('is not searched by each who asks it', () => {
    const tags = Array.from({ length: 1_000 }, (_, index) => `tag-${index}`);
    let read = 0;
    const counted = new Proxy(tags, {
      get: (of, key, receiver) => {
        read += 1;
        return Reflect.get(of, key, receiver) as unknown;
      },
    });
    const asks = compiled.value.about<string>(
      (name) => (asked) => (name === 'tags' ? counted : asked),
    );
    expect(tags.every(asks)).toBe(true);
    expect(asks('tag-1000')).toBe(false);
    expect(read).toBeLessThan(5_000);
  });
});

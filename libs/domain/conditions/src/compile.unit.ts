import { describe, expect, it } from '@jest/globals';
import { compileCondition } from './compile.js';
import type { Bindings, Environment } from './types.js';

const environment: Environment = {
  'receipt.total': 'decimal',
  'receipt.weekday': 'int',
  'receipt.day': 'date',
  'receipt.channel': 'string',
  'line.category': 'string',
  'member.segments': 'strings',
  'member.firstPurchase': 'bool',
};
const bindings: Bindings = {
  'receipt.total': '10.005',
  'receipt.weekday': 2n,
  'receipt.day': '2026-02-28',
  'receipt.channel': 'app',
  'line.category': 'tea',
  'member.segments': ['students', 'north'],
  'member.firstPurchase': false,
};
const holds = (text: string, others: Bindings = {}): boolean => {
  const compiled = compileCondition(text, environment);
  if (!compiled.ok) throw new Error(compiled.error.map(({ message }) => message).join('; '));
  return compiled.value.holds({ ...bindings, ...others });
};
const faultOf = (text: string): string => {
  const compiled = compileCondition(text, environment);
  if (compiled.ok) return 'none';
  return compiled.error
    .map(({ line, column, message }) => `${line}:${column} ${message}`)
    .join(' | ');
};

const noName = (name: string): string =>
  `there is no ${name}: a text stands in quotes, "${name}"; there are ${Object.keys(environment).join(', ')}`;

describe('a condition', () => {
  it.each([
    ['receipt.total >= decimal("10.00")', true],
    ['receipt.total == decimal("10.005")', true],
    ['receipt.total > decimal("10.005")', false],
    ['receipt.total - decimal("0.005") == decimal("10")', true],
    ['receipt.weekday in [1, 2]', true],
    ['receipt.weekday == 2 && !member.firstPurchase', true],
    ['receipt.day >= date("2026-02-28") && receipt.day < date("2026-03-01")', true],
    ['receipt.channel != "web" || member.firstPurchase', true],
    ['line.category.startsWith("te") && line.category.contains("e")', true],
    ['"students" in member.segments', true],
    ['"south" in member.segments', false],
    ['size(member.segments) == 2', true],
    ['line.category in ["coffee", "tea"]', true],
    ['true', true],
  ])('%s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it('compares amounts exactly, however they are written', () => {
    const tenth = { 'receipt.total': '0.3' };
    expect(holds('receipt.total == decimal("0.1") + decimal("0.2")', tenth)).toBe(true);
    expect(holds('receipt.total == decimal("0.300000")', tenth)).toBe(true);
    expect(
      holds('receipt.total > decimal("999999999999")', { 'receipt.total': '9'.repeat(30) }),
    ).toBe(true);
  });

  it('says what it looks at', () => {
    const compiled = compileCondition('receipt.weekday == 1 || receipt.weekday == 2', environment);
    expect(compiled.ok && compiled.value.names).toEqual(['receipt.weekday']);
  });

  it.each([
    [
      'receipt.weekday == 2 && line.category in ["tea", "milk"]',
      { 'receipt.weekday': ['2'], 'line.category': ['tea', 'milk'] },
    ],
    ['"tea" == line.category && line.category in ["milk"] && true', { 'line.category': [] }],
    ['receipt.weekday == 2 || line.category == "tea"', {}],
    ['!(receipt.weekday == 2)', {}],
  ])('says what must be so for it to hold: %s', (text, expected) => {
    const compiled = compileCondition(text, environment);
    const narrowing = compiled.ok ? [...compiled.value.narrowing] : [];
    expect(Object.fromEntries(narrowing.map(([name, values]) => [name, [...values]]))).toEqual(
      expected,
    );
  });

  it('says between which values it can hold', () => {
    const ranges = (text: string): unknown => {
      const compiled = compileCondition(text, environment);
      return compiled.ok ? Object.fromEntries(compiled.value.ranges) : compiled.error;
    };
    expect(
      ranges('receipt.weekday > 2 && 5 >= receipt.weekday && receipt.channel == "app"'),
    ).toEqual({ 'receipt.weekday': { least: 3n, most: 5n } });
    expect(ranges('receipt.day == date("2026-12-24") && receipt.total < decimal("1.00")')).toEqual({
      'receipt.day': { least: 20261224n, most: 20261224n },
      'receipt.total': { least: null, most: 999_999n },
    });
    expect(ranges('receipt.weekday > 2 || receipt.weekday < 1')).toEqual({});
  });

  it.each([
    ['', '1:1 is empty'],
    ['receipt.total >', '1:15 is no condition: it goes wrong at ">"'],
    [
      'receipt.channel = "app"',
      '1:17 is no condition: it goes wrong at "= "app"": to compare, write ==',
    ],
    [
      'member.firstPurchase and true',
      '1:22 is no condition: it goes wrong at "and true": write &&, || and !',
    ],
    ['receipt.totl > decimal("1")', '1:8 there is no receipt.totl: did you mean receipt.total?'],
    [
      'receipt.total > 10',
      '1:15 > compares like with like, and here are an amount and a whole number: write the amount as decimal("10.00")',
    ],
    ['receipt.total > decimal("ten")', '1:17 "ten" is no decimal: write decimal("10.00")'],
    ['receipt.total > 10.5', '1:17 has a fraction: write decimal("10.5")'],
    [
      'receipt.day > "2026-01-01"',
      '1:13 > compares like with like, and here are a day and a text: write the day as date("2026-12-24")',
    ],
    ['receipt.day == date("2026-02-29")', '1:16 "2026-02-29" is no date: write date("2026-12-24")'],
    ['receipt.channel < "web"', '1:17 a text cannot be compared by <: only == and !='],
    ['receipt.weekday', '1:8 a condition is true or false, and this is a whole number'],
    [
      'receipt.channel.matches("(a+)+$")',
      '1:16 patterns are not there: use startsWith, endsWith, contains or `in`',
    ],
    [
      'member.segments.exists(s, s == "x")',
      '1:16 exists, all, map and filter are not there: ask with `in`, or for each line with `lines`',
    ],
    [
      'receipt.channel in ["app", 1]',
      '1:20 the items of a list must be of one type, and these are a text and a whole number',
    ],
    [
      'receipt.weekday in ["a"]',
      '1:17 `in` looks for a text in a list of texts, or a whole number in a list of them; here are a whole number and a list of texts',
    ],
    ['receipt.weekday * 2 == 4', '1:17 * is not there'],
    ['now() > receipt.day', '1:1 there is no function now'],
    ['receipt.weekday == 99999999999999999999', '1:20 is too large a number'],
    [
      'line.category.lower() == "tea"',
      '1:14 there is no lower: texts have startsWith, endsWith and contains',
    ],
    ['{"a": true}', '1:1 maps and messages are not there'],
    ['receipt.weekday in []', '1:20 an empty list holds nothing: leave the test out'],
    [
      'constructor == constructor',
      `1:1 ${['constructor', 'constructor'].map(noName).join(' | 1:16 ')}`,
    ],
    ['__proto__ == __proto__', `1:1 ${['__proto__', '__proto__'].map(noName).join(' | 1:14 ')}`],
    ['constructor(1) == 1', '1:1 there is no function constructor'],
  ])('that is wrong says where, and what to write: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it.each([
    ['long', 'true && '.repeat(300) + 'true'],
    ['endless', `receipt.channel == "${'a'.repeat(1_000_000)}"`],
    ['nested', `${'('.repeat(900)}true${')'.repeat(900)}`],
    ['negated', `${'!'.repeat(1_500)}true`],
    ['of a thousand parts', `a${'.b'.repeat(900)}`],
    ['of a thousand dashes', `${'-'.repeat(1_500)}1 == 1`],
    ['of brackets that never close', '['.repeat(1_900)],
    ['of half a text', `receipt.channel == "${'\\'.repeat(999)}`],
    ['of half a surrogate pair', 'receipt.channel == "\ud800"'],
  ])('that is %s is answered at once', (_, text) => {
    const started = performance.now();
    compileCondition(text, environment);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkDocument } from './document.js';
import { rulebookSchemaText } from './schema.js';

const head = `rulebook: 1
program: club
version: 1
name: Club
effectiveFrom: '2026-01-01T00:00:00Z'
currency: GBP
timeZone: Europe/London
`;
const base = `earning:
  - { id: base, points: 1, per: '1.00', group: g }
`;
const group = `groups: [{ id: g, take: first }]
`;
const said = (text: string): string[] => {
  const checked = checkDocument(text);
  const told = checked.ok ? checked.value.doubts : checked.error;
  return told.map(({ line, column, field, message }) => `${line}:${column} ${field}: ${message}`);
};

describe('a document', () => {
  it('has no fault and leaves no doubt', () => {
    expect(said(head + base + group)).toEqual([]);
  });

  it('names a certificate that gives less for more, by its line and column', () => {
    const steps = "steps: [{ from: '10', value: '2' }, { from: '20', value: '1.5' }]";
    const part = `certificates:\n  - { id: c, by: spend, period: month, ${steps}, validDays: 9 }\n`;
    expect(said(`${head}${base.replace(', group: g', '')}${part}`)).toEqual([
      '11:97 certificates.0.steps.1.value: must be above 2: a higher step gives more',
    ]);
  });

  it('names rules that never give anything', () => {
    const rules = `  - { id: a, kind: bonus, points: 1, when: member.tier == "gold" }
  - { id: b, kind: bonus, points: 1, when: receipt.store == "1" && receipt.store == "2" }
  - { id: c, kind: bonus, points: 1, lines: line.category == "tobacco" }
  - { id: d, kind: bonus, points: 1, group: g }
  - { id: e, kind: bonus, points: 1, caps: [{ points: 0, per: day }] }
`;
    const more = 'exclusions: { categories: [tobacco] }\n';
    expect(said(head + base + rules + group + more)).toEqual([
      '10:44 earning.1.when: never holds: there is no level gold',
      '11:44 earning.2.when: never holds: it contradicts itself about receipt.store',
      '12:45 earning.3.lines: is about no line: exclusions leave out tobacco',
      '13:45 earning.4.group: hardly ever applies: base comes first in group g, and has no condition',
      '14:44 earning.5.caps: the rule never gives anything under it',
    ]);
  });
});

/** Each of them took minutes, or the stack, or would without a bound. */
describe('a document that tries to hang or to crash its reader is refused at once:', () => {
  const deep = 'is nested too deeply: 50 levels at most';
  const many = (line: (index: number) => string): string =>
    Array.from({ length: 9_000 }, (_, index) => line(index)).join('\n');
  const laughs = many((index) =>
    index > 11 ? '' : `a${index + 1}: &a${index + 1} [${'*a'.concat(`${index},`).repeat(10)}]`,
  );

  it.each<[what: string, text: string, first: string]>([
    ['brackets without end', '['.repeat(190_000), `1:51 : ${deep}`],
    ['fields within fields', `${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`, `1:201 : ${deep}`],
    [
      'lines further and further in',
      Array.from({ length: 400 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
      `202:201 : ${deep}`,
    ],
    ['lists of lists in a line', '- '.repeat(20_000), `1:81 : ${deep}`],
    [
      'a text of a million',
      `name: ${'x'.repeat(1_000_000)}`,
      '1:1 : is too long: 200000 characters at most',
    ],
    [
      'aliases of aliases',
      `a0: &a0 [x]\n${laughs}`,
      '1:1 : repeats too much of itself by aliases: write it out',
    ],
    [
      'an alias of nothing',
      `${head}earning: *e`,
      '8:10 : there is no &e to repeat; a text that begins with * stands in quotes',
    ],
    [
      'a list that holds itself',
      `${head}earning: &e [*e]`,
      '8:14 earning.0: must have fields of its own, and is a list',
    ],
    ['nothing but commas', `[${','.repeat(150_000)}]`, '1:3 : Unexpected , in flow sequence'],
    [
      'fields by the thousand',
      `${head}${base}${many((index) => `k${index}: 1`)}`,
      '10:5 k0: there is no such field: there are program, ',
    ],
    [
      'one field a thousand times',
      `${head}${many(() => 'currency: EUR')}`,
      '8:1 : currency stands here twice: leave one out',
    ],
    ['tabs by the thousand', many(() => '\ta: b'), '1:1 : is indented with a tab: write spaces'],
  ])('%s', (_what, text, first) => {
    const faults = said(text);
    expect(faults[0]?.slice(0, first.length)).toBe(first);
    expect(faults.length).toBeLessThanOrEqual(100);
  });
});

describe('the schema for editors', () => {
  it('is the file that is published', () => {
    const file = new URL('../rulebook.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(rulebookSchemaText()));
  });
});

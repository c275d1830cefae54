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

describe('the schema for editors', () => {
  it('is the file that is published', () => {
    const file = new URL('../rulebook.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(rulebookSchemaText()));
  });
});

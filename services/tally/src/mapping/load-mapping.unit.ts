import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { mappingJsonSchema } from './json-schema.js';
import { parseMapping, showMappingProblem } from './load-mapping.js';

const folder = new URL('../../mappings/', import.meta.url);
const ours = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');

const problemsOf = (text: string): readonly string[] => {
  const parsed = parseMapping(text);
  return parsed.ok ? [] : parsed.error.map((problem) => showMappingProblem('m.yaml', problem));
};

const smallest = `
mapping: 1
name: smallest
receipt:
  key: row
  chain: { value: c }
  store: { value: s }
  till: { value: t }
  number: { column: No }
  time: { column: Day, formats: [yyyy-MM-dd], zone: Europe/London }
  currency: { value: GBP }
lines:
  product: { value: sale }
  quantity: { value: '1' }
  amount: { column: Amount }
`;
const but = (from: string, to: string): string => {
  expect(smallest).toContain(from);
  return smallest.replace(from, to);
};

describe('a mapping', () => {
  it('that comes with the project is right', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    expect(names.sort()).toEqual(['online-retail.yaml', 'sales-without-lines.yaml']);
    for (const name of names) {
      const parsed = parseMapping(await ours(name));
      expect(parsed).toMatchObject({ ok: true, value: { name: name.replace('.yaml', '') } });
    }
  });

  it('has its JSON Schema beside it, as `tally mapping-schema` prints it', async () => {
    expect(JSON.parse(await ours('mapping.schema.json'))).toEqual(JSON.parse(mappingJsonSchema()));
  });

  it('may leave out what has a default', () => {
    const parsed = parseMapping(smallest);
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        file: { separator: ',', quote: '"', encoding: 'utf-8', header: true },
        numbers: { decimalMark: '.' },
        window: { rows: 1_000, rowsHeld: 100_000 },
        receipt: { time: { repeated: 'earlier', skipped: 'forward', timeOfDay: '12:00' } },
      },
    });
  });
});

describe('a mapping with a mistake is told by path and line', () => {
  it.each([
    [
      'a zone that does not exist',
      but('Europe/London', 'Europe/Lodnon'),
      'm.yaml:10: receipt.time.zone: is no IANA time zone, such as Europe/London',
    ],
    [
      'a format without a day',
      but('yyyy-MM-dd', 'yyyy-MM'),
      'm.yaml:10: receipt.time.formats.0: must hold year, month and day, e.g. yyyy-MM-dd HH:mm:ss',
    ],
    [
      'a column and a value',
      but('chain: { value: c }', 'chain: { value: c, column: C }'),
      'm.yaml:6: receipt.chain: name either column or value',
    ],
    [
      'neither number nor counting',
      but('number: { column: No }', 'number: {}'),
      'm.yaml:9: receipt.number: name either column or countPerDay',
    ],
    [
      'a key by a card that is not named',
      but('key: row', 'key: [card, date]'),
      'm.yaml:5: receipt.key: no card column is named',
    ],
    [
      'nothing that says what a line comes to',
      but('  amount: { column: Amount }\n', ''),
      'm.yaml:13: lines: name unitPrice or amount, or what a line comes to is unknown',
    ],
    [
      'a field that is missing',
      but('  currency: { value: GBP }\n', ''),
      'm.yaml:5: receipt.currency: Invalid input: expected object, received undefined',
    ],
    [
      'a field that does not exist',
      but('lines:', 'lnies: 1\nlines:'),
      'm.yaml: Unrecognized key: "lnies"',
    ],
    [
      'an encoding that does not exist',
      but('receipt:', 'file: { encoding: utf-9 }\nreceipt:'),
      'm.yaml:4: file.encoding: is no encoding that the WHATWG list knows, such as utf-8 or windows-1252',
    ],
    [
      'no header and no count of columns',
      but('receipt:', 'file: { header: false }\nreceipt:'),
      'm.yaml:4: file.columns: is needed without a header',
    ],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('that is no YAML at all', () => {
    expect(problemsOf('mapping: 1\nname: [a\nreceipt: {')[0]).toMatch(/^m\.yaml:\d+: /);
  });

  it('all of them at once', () => {
    const twice = but('Europe/London', 'Mars/Base').replace('key: row', 'key: [nothing]');
    expect(problemsOf(twice)).toHaveLength(2);
  });
});

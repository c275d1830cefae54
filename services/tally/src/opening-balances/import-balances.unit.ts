import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { quietProgress } from '../import/progress.js';
import { rejectsFile } from '../import/rejects-file.js';
import { unpack } from '../reading/source.js';
import { createClient } from '../system/client.js';
import { balanceBatch } from './batch.js';
import { addsUp, changedNothing, checkBalances, postBalances } from './import-balances.js';
import { balanceMapping, parseBalanceMapping, type BalanceMapping } from './mapping.js';
import { balancesOf, type BalanceItem } from './read-balances.js';

const sourceOf = (text: string) => unpack(() => Readable.from([Buffer.from(text)]), text.length);
const plain: BalanceMapping = balanceMapping.parse({});
const rulebook = { currency: 'GBP', timeZone: 'UTC' };

const read = async (text: string, mapping = plain, program = rulebook): Promise<BalanceItem[]> => {
  const items: BalanceItem[] = [];
  for await (const item of balancesOf(sourceOf(text), mapping, program, () => undefined))
    items.push(item);
  return items;
};
const sent = async (text: string, mapping = plain) =>
  (await read(text, mapping)).flatMap((item) => (item.kind === 'balance' ? [item.item] : []));
const rejected = async (text: string) =>
  (await read(text)).flatMap((item) => (item.kind === 'reject' ? [[item.line, item.code]] : []));

describe('a file of opening balances', () => {
  it('has a lot in each row, and rows of one reference are one balance', async () => {
    const text = [
      'reference,card,points,expiresAt,funder,kind,qualifies,spend_2025',
      'a,17,100,2027-12-31,chain,base,yes,120.50',
      'a,17,50,2026-06-30T23:00:00+02:00,partner:cinema,bonus,no,',
      'b,18,7.00,,,,,',
    ].join('\n');
    expect(await sent(text)).toEqual([
      {
        ...{ reference: 'a', card: '17', spend: { 2025: 12_050 } },
        lots: [
          {
            ...{ points: 100, expiresAt: '2028-01-01T00:00:00.000Z', funder: 'chain' },
            ...{ kind: 'base', qualifies: true },
          },
          {
            ...{ points: 50, expiresAt: '2026-06-30T21:00:00.000Z', funder: 'partner:cinema' },
            ...{ kind: 'bonus', qualifies: false },
          },
        ],
      },
      { reference: 'b', card: '18', lots: [{ points: 7 }], spend: {} },
    ]);
  });

  it('is read by a mapping of other names, separators and a zone', async () => {
    const mapping = parseBalanceMapping(
      'm.yaml',
      `file: { separator: ';' }
zone: Europe/Warsaw
columns: { reference: Nr, account: Konto, points: 3, expiresAt: bis, availableAt: od, spend: { 2024: obrot } }`,
    );
    expect(
      await sent('Nr;Konto;Punkte;bis;od;obrot\nx;k;5;2026-07-31;2026-01-01;1.00', mapping),
    ).toEqual([
      {
        ...{ reference: 'x', account: 'k', spend: { 2024: 100 } },
        lots: [
          {
            ...{ points: 5, availableAt: '2025-12-31T23:00:00.000Z' },
            expiresAt: '2026-07-31T22:00:00.000Z',
          },
        ],
      },
    ]);
  });

  it('has its days in the zone of the programme where the mapping names none', async () => {
    const program = { currency: 'PLN', timeZone: 'Europe/Warsaw' };
    const items = await read('reference,card,points,expiresAt\na,17,5,2026-12-31', plain, program);
    expect(items).toMatchObject([
      { item: { lots: [{ points: 5, expiresAt: '2026-12-31T23:00:00.000Z' }] } },
    ]);
  });

  it('has its amounts with the decimal mark that the mapping names', async () => {
    const mapping = parseBalanceMapping(
      'm.yaml',
      "file: { separator: ';' }\nnumbers: { decimalMark: ',' }",
    );
    const header = 'reference;card;points;spend_2025';
    expect(await sent(`${header}\na;17;5;12,50\nb;18;5;12`, mapping)).toMatchObject([
      { spend: { 2025: 1_250 } },
      { spend: { 2025: 1_200 } },
    ]);
    expect(await read(`${header}\na;17;5;1,2,50`, mapping)).toMatchObject([
      { kind: 'reject', code: 'spend-unreadable' },
    ]);
  });

  it('may have more points in a row than one lot takes: accrual says how many that are', async () => {
    expect(await sent('reference,card,points\na,17,9007199254740991')).toMatchObject([
      { lots: [{ points: Number.MAX_SAFE_INTEGER }] },
    ]);
  });

  it('says what is wrong with a mapping, and with a header', async () => {
    expect(() => parseBalanceMapping('m.yaml', 'zone: Mars')).toThrow('m.yaml: zone: is no IANA');
    await expect(read('')).rejects.toThrow('not even a header');
    await expect(read('reference,points\n')).rejects.toThrow('neither a column card nor');
    await expect(read('card,points\n')).rejects.toThrow('no column "reference"');
  });

  it('has its wrong rows rejected with a code, and what is of the same balance with them', async () => {
    const text = [
      'reference,card,account,points,expiresAt,qualifies',
      'a,17,,x,,',
      'a,17,,5,,',
      'b,17,k,5,,',
      'c,17,,5,soon,',
      'd,17,,5,,maybe',
      'e,17,,5',
      ',17,,5,,',
      'f,17,,5,,',
      'f,18,,5,,',
    ].join('\n');
    expect(await rejected(text)).toEqual([
      ...[
        [2, 'points-unreadable'],
        [3, 'balance-incomplete'],
        [4, 'field-missing'],
      ],
      ...[
        [5, 'time-unreadable'],
        [6, 'qualifies-unreadable'],
        [7, 'columns-wrong'],
      ],
      ...[
        [8, 'field-missing'],
        [10, 'balance-differs'],
        [9, 'balance-incomplete'],
      ],
    ]);
    for (const item of await read(text))
      if (item.kind === 'reject') expect(item.explanation).not.toMatch(/17|18/);
  });
});

describe('an import of opening balances', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tally-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** An accrual that says what each page comes to, posts each reference once, and knows no card that begins with 9. */
  const accrual = () => {
    const taken = new Set<string>();
    const bodies: { items: { reference: string; card: string; lots: { points: number }[] }[] }[] =
      [];
    const paths: string[] = [];
    const answerTo = (body: (typeof bodies)[number], posts: boolean) =>
      body.items.map(({ reference, card, lots }) => {
        if (card.startsWith('9')) {
          const type = 'urn:tallystick:problem:card-unknown';
          return { status: 404, problem: { type, title: 'The card leads to no account' } };
        }
        const points = lots.reduce((sum, lot) => sum + lot.points, 0);
        if (!posts) return { status: 200, outcome: { reference, points } };
        const known = taken.has(reference);
        taken.add(reference);
        return { status: 200, outcome: { reference, account: 'k', points, known } };
      });
    const client = createClient({
      urls: {
        ...{ enrollment: '', accrual: 'http://accrual.invalid', redemption: '', partners: '' },
        reporting: '',
      },
      token: () => Promise.resolve('t'),
      signal: new AbortController().signal,
      onRetry: () => undefined,
      patience: 0,
    });
    const real = globalThis.fetch;
    globalThis.fetch = (url, request) => {
      const text = z.string().parse(request?.body);
      const body = JSON.parse(text) as (typeof bodies)[number];
      const { pathname } = z.instanceof(URL).parse(url);
      paths.push(pathname);
      bodies.push(body);
      const page = { hash: 'h', balances: body.items.length, points: 1, spend: 0 };
      const posts = pathname.includes('/batches/');
      return Promise.resolve(Response.json({ page, items: answerTo(body, posts) }));
    };
    return { client, bodies, paths, restore: () => (globalThis.fetch = real) };
  };
  const batch = balanceBatch.parse({
    ...{ batch: 'b1', program: 'shop', system: 'old', name: 'f', hash: 'h', status: 'approved' },
    ...{ pages: 3, balances: 1_202, points: 1, spend: 0, requestedBy: 'ann', approvedBy: 'bob' },
    ...{ requestedAt: '2026-01-01T00:00:00Z', rejected: null },
  });
  const prepared = (client: ReturnType<typeof accrual>['client'], text: string) => {
    const rejects = rejectsFile(join(folder, 'rejects.csv'));
    return {
      ...{ source: sourceOf(text), mapping: plain, program: 'shop', system: 'old' },
      ...{ rulebook, client, rejects, progress: quietProgress(() => undefined) },
      signal: new AbortController().signal,
    };
  };
  const run = async (client: ReturnType<typeof accrual>['client'], text: string) => {
    const parts = prepared(client, text);
    const book = await postBalances(parts, batch);
    await parts.rejects.close();
    return { book, rejects: parts.rejects.count() };
  };

  it('is checked by the same pages that are posted, and posts nothing by that', async () => {
    const { client, bodies, paths, restore } = accrual();
    try {
      const rows = Array.from({ length: 1_001 }, (_, n) => `r${n},1${n},1`);
      const text = ['reference,card,points', ...rows, 'x,9876543,1', 'y,1,none'].join('\n');
      const { book, pages } = await checkBalances(prepared(client, text));
      expect(addsUp(book)).toBe(true);
      expect(book).toMatchObject({ rows: 1_003, proposed: 1_001, imported: 0, known: 0 });
      expect(pages.map(({ balances }) => balances)).toEqual([500, 500, 2]);
      expect(new Set(paths)).toEqual(new Set(['/v1/opening-balances/pages']));
      const checked = bodies.splice(0).map(({ items }) => items);
      expect((await run(client, text)).book).toMatchObject({ imported: 1_001, pages: 3 });
      expect(bodies.map(({ items }) => items)).toEqual(checked);
      expect(paths.at(-1)).toBe('/v1/opening-balances/batches/shop/b1/pages');
    } finally {
      restore();
    }
  });

  it('sends in batches, counts every row once, and a second run changes nothing and says so', async () => {
    const { client, bodies, restore } = accrual();
    try {
      const rows = Array.from({ length: 1_201 }, (_, n) => `r${n},1${n},${n + 1}`);
      const text = ['reference,card,points', ...rows, 'x,9876543,1', 'y,1,none'].join('\n');
      const first = await run(client, text);
      expect(bodies.map(({ items }) => items.length)).toEqual([500, 500, 202]);
      expect(addsUp(first.book)).toBe(true);
      expect(first.book).toMatchObject({
        ...{ rows: 1_203, imported: 1_201, known: 0 },
        balances: { new: 1_201, known: 0, refused: 1 },
        points: { new: (1_201 * 1_202) / 2, known: 0 },
      });
      expect([...first.book.refused, ...first.book.rejected]).toEqual([
        ['card-unknown', 1],
        ['points-unreadable', 1],
      ]);
      const written = readFileSync(join(folder, 'rejects.csv'), 'utf8');
      expect(written).toContain('1203,card-unknown,');
      expect(written).toContain('1204,points-unreadable,');
      expect(written).not.toContain('9876543');
      const second = await run(client, text);
      expect(addsUp(second.book)).toBe(true);
      expect(changedNothing(second.book)).toBe(true);
      expect(second.book).toMatchObject({ imported: 0, known: 1_201, points: { new: 0 } });
    } finally {
      restore();
    }
  });
});

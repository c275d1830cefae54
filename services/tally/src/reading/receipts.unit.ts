import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseMapping } from '../mapping/load-mapping.js';
import type { Mapping } from '../mapping/mapping.js';
import { noCounts, receiptsOf, type FileItem } from './receipts.js';
import { unpack } from './source.js';

const mapping = (text: string): Mapping => {
  const parsed = parseMapping(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const ours = (name: string): Mapping =>
  mapping(readFileSync(new URL(`../../mappings/${name}.yaml`, import.meta.url), 'utf8'));

const read = async (text: string | Buffer, by: Mapping): Promise<FileItem[]> => {
  const items: FileItem[] = [];
  const counts = noCounts();
  const { bytes } = unpack(() => Readable.from([Buffer.from(text)]), null);
  for await (const block of receiptsOf(bytes, by, 'shop', counts)) items.push(...block);
  // Whatever a file holds: each row comes out once.
  const rows = items.reduce(
    (sum, item) => sum + (item.kind === 'receipt' ? item.fileLines.length : 1),
    0,
  );
  expect(rows).toBe(counts.rows);
  return items;
};
const receiptsIn = (items: readonly FileItem[]) =>
  items.flatMap((item) => (item.kind === 'receipt' ? [item.receipt] : []));
const rejectsIn = (items: readonly FileItem[]) =>
  items.flatMap((item) => (item.kind === 'reject' ? [[item.line, item.code]] : []));

const retail = ours('online-retail');
const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const invoice = (...rows: readonly string[]): string => [header, ...rows].join('\n');

describe('lines of invoices', () => {
  it('become receipts', async () => {
    const items = await read(
      invoice(
        '536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
        '536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850.0,United Kingdom',
      ),
      retail,
    );
    expect(items).toEqual([
      {
        kind: 'receipt',
        fileLines: [2, 3],
        receipt: {
          program: 'shop',
          chain: 'online-retail',
          store: 'wholesale',
          till: 'invoices',
          number: '536365',
          businessDate: '2010-12-01',
          revision: 1,
          occurredAt: '2010-12-01T08:26:00+00:00',
          currency: 'GBP',
          card: '17850',
          lines: [
            {
              ordinal: 1,
              product: '85123A',
              description: 'WHITE HANGING HEART',
              quantity: '6',
              unitPrice: '2.55',
            },
            {
              ordinal: 2,
              product: 'POST',
              description: 'POSTAGE',
              category: 'non-goods',
              quantity: '1',
              unitPrice: '18.00',
            },
          ],
        },
      },
    ]);
  });

  it('that repeat each other are different lines', async () => {
    const row = '1,A,a,1,2010-12-01 08:26:00,0.001,,United Kingdom';
    const [receipt] = receiptsIn(await read(invoice(row, row), retail));
    expect(receipt?.card).toBeNull();
    expect(receipt?.lines.map(({ ordinal, unitPrice }) => [ordinal, unitPrice])).toEqual([
      [1, '0.001'],
      [2, '0.001'],
    ]);
  });

  it('that stand apart and span two minutes are one receipt, at the time of its first line', async () => {
    const items = await read(
      invoice(
        '542806,A,a,1,2011-02-01 10:18:00,1,1.0,UK',
        '542805,B,b,1,2011-02-01 10:19:00,1,2.0,UK',
        '542806,C,c,1,2011-02-01 10:19:00,1,1.0,UK',
      ),
      retail,
    );
    expect(
      receiptsIn(items).map(({ number, occurredAt, lines }) => [number, occurredAt, lines.length]),
    ).toEqual([
      ['542806', '2011-02-01T10:18:00+00:00', 2],
      ['542805', '2011-02-01T10:19:00+00:00', 1],
    ]);
    expect(items).toMatchObject([{ fileLines: [2, 4] }, { fileLines: [3] }]);
  });

  it('with a C are returns, and with an A no sales at all', async () => {
    const items = await read(
      invoice(
        'C1,A,a,-2,2011-02-01 10:18:00,1.50,7.0,UK',
        'A2,B,Adjust bad debt,1,2011-02-01 10:20:00,11062.06,,UK',
        '3,S,stockroom,-10,2011-02-01 10:21:00,0,,UK',
      ),
      retail,
    );
    expect(receiptsIn(items)).toMatchObject([
      { number: 'C1', lines: [{ quantity: '-2', unitPrice: '1.50' }] },
      { number: '3', lines: [{ quantity: '-10', unitPrice: '0' }] },
    ]);
    expect(items).toContainEqual({ kind: 'not-a-sale', line: 3 });
  });

  it('name goods and other things by exact codes and patterns', async () => {
    const codes = [
      'POST',
      'post',
      'D',
      'D1',
      'M',
      'm',
      'gift_0001_20',
      'gift_0001',
      'BANK CHARGES',
      'C2',
      'PADS',
      'DOT',
      'S',
      'AMAZONFEE',
    ];
    const rows = codes.map((code) => `1,${code},x,1,2011-02-01 10:18:00,1,7.0,UK`);
    const [receipt] = receiptsIn(await read(invoice(...rows), retail));
    expect(
      receipt?.lines.flatMap(({ product, category }) => (category === undefined ? [product] : [])),
    ).toEqual(['post', 'D1', 'gift_0001']);
  });

  it('are unpacked when they are gzip, whatever the file is called', async () => {
    const text = invoice('1,A,a,1,2011-02-01 10:18:00,1,7.0,UK');
    expect(await read(gzipSync(text), retail)).toEqual(await read(text, retail));
  });
});

describe('a row that cannot be taken is rejected with its reason, and its receipt with it', () => {
  const good = '1,A,a,1,2011-02-01 10:18:00,1,7.0,UK';
  it.each([
    ['too few columns', '1,B,b,1', 'columns-wrong'],
    ['too many columns', '1,B,b,1,2011-02-01 10:18:00,1,7.0,UK,more', 'columns-wrong'],
    ['a date that does not exist', '1,B,b,1,2011-02-30 10:18:00,1,7.0,UK', 'time-unreadable'],
    ['no product', '1,,b,1,2011-02-01 10:18:00,1,7.0,UK', 'field-missing'],
    [
      'a quantity that is no number',
      '1,B,b,one,2011-02-01 10:18:00,1,7.0,UK',
      'quantity-unreadable',
    ],
    ['a price that is no number', '1,B,b,1,2011-02-01 10:18:00,£1,7.0,UK', 'price-unreadable'],
    ['a price that is missing', '1,B,b,1,2011-02-01 10:18:00,,7.0,UK', 'field-missing'],
    [
      'a code that is too long',
      `1,${'B'.repeat(101)},b,1,2011-02-01 10:18:00,1,7.0,UK`,
      'field-too-long',
    ],
  ])('%s', async (_, bad, code) => {
    const next = '2,A,a,1,2011-02-01 10:18:00,1,7.0,UK';
    const items = await read(invoice(good, bad, good, next), retail);
    expect(rejectsIn(items).sort()).toEqual([
      [2, 'receipt-incomplete'],
      [3, code],
      [4, 'receipt-incomplete'],
    ]);
    expect(receiptsIn(items).map(({ number }) => number)).toEqual(['2']);
  });

  it('without a number it rejects no receipt', async () => {
    const items = await read(invoice(good, ',B,b,1,2011-02-01 10:18:00,1,7.0,UK'), retail);
    expect(rejectsIn(items)).toEqual([[3, 'field-missing']]);
    expect(receiptsIn(items)).toHaveLength(1);
  });

  it('a marked return with a quantity that is not negative', async () => {
    expect(rejectsIn(await read(invoice('C1,B,b,1,2011-02-01 10:18:00,1,7.0,UK'), retail))).toEqual(
      [[2, 'return-not-negative']],
    );
  });

  it('a receipt with two customers', async () => {
    const items = await read(invoice(good, good.replace('7.0', '8.0')), retail);
    expect(rejectsIn(items)).toEqual([
      [2, 'receipt-differs'],
      [3, 'receipt-differs'],
    ]);
  });

  it('a receipt beyond the limit of lines', async () => {
    const items = await read(invoice(...Array.from({ length: 10_001 }, () => good)), retail);
    expect(new Set(rejectsIn(items).map(([, code]) => code))).toEqual(
      new Set(['receipt-too-long']),
    );
  });

  it('a line that comes when its receipt is gone', async () => {
    const others = Array.from(
      { length: 1_000 },
      (_, index) => `${index + 2},A,a,1,2011-02-01 10:18:00,1,7.0,UK`,
    );
    const items = await read(invoice(good, ...others, good), retail);
    expect(rejectsIn(items)).toEqual([[1_003, 'receipt-already-sent']]);
    expect(receiptsIn(items)).toHaveLength(1_001);
  });

  it('and no explanation repeats what a cell holds', async () => {
    const secret = '4929123456789012';
    const cells = good.split(',');
    for (let column = 0; column < cells.length; column += 1) {
      const rows = [secret, `${secret}"x`, `"${secret}`].map((text) =>
        cells.with(column, text).join(','),
      );
      for (const item of await read(invoice(...rows, secret, `${good},${secret}`), retail))
        if (item.kind === 'reject') expect(item.explanation).not.toContain(secret);
    }
  });
});

describe('a file that cannot be read to its end', () => {
  it('gives out no receipt that might not be whole', async () => {
    const rows = Array.from(
      { length: 6_000 },
      (_, index) => `${index},A${index * 7919},a,1,2011-02-01 10:18:00,1,7.0,UK`,
    );
    const packed = gzipSync(invoice(...rows));
    const cut = packed.subarray(0, packed.length - 4_000);
    const { bytes } = unpack(() => Readable.from([cut]), null);
    const seen: FileItem[] = [];
    const reading = async (): Promise<void> => {
      for await (const block of receiptsOf(bytes, retail, 'shop', noCounts())) seen.push(...block);
    };
    await expect(reading()).rejects.toThrow('the compressed data ends too early');
    expect(seen.length).toBeGreaterThan(2_000);
    expect(seen.every(({ kind }) => kind === 'receipt')).toBe(true);
  });

  it.each([
    ['is empty', '', 'the file is empty'],
    ['has another header', 'InvoiceNo;StockCode\n1;2', 'has no column "InvoiceNo"'],
    [
      'has a column in other letters',
      header.replace('CustomerID', 'Customerid'),
      'has no column "CustomerID", but "Customerid"',
    ],
    ['has a column twice', `${header},Quantity`, 'has column "Quantity" twice'],
  ])('says what it has: it %s', async (_, text, message) => {
    await expect(read(text, retail)).rejects.toThrow(message);
  });
});

const sales = ours('sales-without-lines');

describe('one row per sale, without lines', () => {
  it('becomes a receipt each, with a pound for its unit', async () => {
    const items = await read(
      'date,card,amount\n2011-07-01,17850,12.34\n2011-07-01,,5\n2011-07-02,17850,-2.34\n',
      sales,
    );
    expect(receiptsIn(items)).toMatchObject([
      {
        number: '1',
        businessDate: '2011-07-01',
        occurredAt: '2011-07-01T12:00:00+01:00',
        card: '17850',
        lines: [{ ordinal: 1, product: 'sale', quantity: '12.34', unitPrice: '1' }],
      },
      { number: '2', businessDate: '2011-07-01', card: null },
      { number: '1', businessDate: '2011-07-02', lines: [{ quantity: '-2.34', unitPrice: '1' }] },
    ]);
  });

  it('counts two equal sales as two', async () => {
    const items = await read('date,card,amount\n2011-07-01,1,5\n2011-07-01,1,5\n', sales);
    expect(receiptsIn(items).map(({ number }) => number)).toEqual(['1', '2']);
  });

  it('gives the other sales of a day the same numbers when a rejected row is mended', async () => {
    const file = (amount: string) =>
      `date,card,amount\n2011-07-01,1,5\n2011-07-01,2,${amount}\n2011-07-01,3,7\n`;
    const before = receiptsIn(await read(file('oops'), sales));
    const after = receiptsIn(await read(file('6'), sales));
    expect(before.map(({ number }) => number)).toEqual(['1', '3']);
    expect(after.filter(({ number }) => number !== '2')).toEqual(before);
  });

  it('gives a day the same numbers in a longer file', async () => {
    const day = ['2011-07-02,1,5', '2011-07-02,2,6'];
    const short = receiptsIn(await read(['date,card,amount', ...day].join('\n'), sales));
    const long = receiptsIn(
      await read(
        ['date,card,amount', '2011-07-01,9,1', ...day, '2011-07-03,9,1'].join('\n'),
        sales,
      ),
    );
    expect(long.filter(({ businessDate }) => businessDate === '2011-07-02')).toEqual(short);
  });
});

describe('a mapping of another shape', () => {
  const other = (changed: object): Mapping =>
    mapping(
      stringify({
        mapping: 1,
        name: 'other',
        file: { separator: 'tab', header: false, columns: 6 },
        numbers: { decimalMark: ',', groupMark: '.' },
        receipt: {
          key: ['card', 'date'],
          chain: { value: 'c' },
          store: { column: 1 },
          till: { value: 't' },
          number: { countPerDay: true },
          time: { column: 2, formats: ['dd.MM.yyyy'], zone: 'Europe/Warsaw' },
          currency: { value: 'PLN' },
          card: { column: 3, removePrefix: 'PL', removeCharacters: ' -', none: ['0'] },
        },
        lines: {
          product: { column: 4 },
          quantity: { value: '1' },
          amount: { column: 5 },
          returns: { marks: [{ column: 6, equals: ['Z', 'zwrot'] }], quantities: 'positive' },
        },
        ...changed,
      }),
    );

  it('groups by card and day, cleans cards, reads commas and turns the sign of what is marked', async () => {
    const rows = [
      '1\t03.04.2011\tPL 12-34\tmilk\t1.002,50\t',
      '1\t03.04.2011\t0\tbread\t3\t',
      '1\t03.04.2011\tPL 12-34\teggs\t4,10\tZ',
      '1\t04.04.2011\t1234\tmilk\t2\t',
    ];
    const receipts = receiptsIn(await read(rows.join('\n'), other({})));
    expect(receipts).toMatchObject([
      {
        number: '1',
        card: '1234',
        businessDate: '2011-04-03',
        lines: [
          { product: 'milk', quantity: '1', amount: '1002.50' },
          { product: 'eggs', quantity: '-1', amount: '-4.10' },
        ],
      },
      { number: '2', card: null },
      { number: '1', card: '1234', businessDate: '2011-04-04' },
    ]);
  });

  it('reads other encodings, and rejects a code that is not of them', async () => {
    const row = '1\t03.04.2011\t1\tżubrówka\t1\t';
    const latin2 = Buffer.from(row.replace('ż', '¿').replace('ó', 'ó'), 'latin1');
    const file = (encoding: string) =>
      other({ file: { separator: 'tab', header: false, columns: 6, encoding } });
    expect(receiptsIn(await read(latin2, file('iso-8859-2')))[0]?.lines[0]?.product).toBe(
      'żubrówka',
    );
    expect(rejectsIn(await read(latin2, file('utf-8')))).toEqual([[1, 'text-damaged']]);
  });
});

describe('whatever is in a file', () => {
  it('each row comes out once, as a line of a receipt or with a reason', async () => {
    const cell = fc.constantFrom(
      '1',
      '2',
      'C3',
      'A4',
      '',
      '-1',
      '2011-02-01 10:18:00',
      '2.50',
      'x',
      '"',
      '"a,b"',
      '7.0',
      '\uFFFD',
    );
    const row = fc.array(cell, { minLength: 1, maxLength: 9 }).map((cells) => cells.join(','));
    const likely = fc
      .tuple(
        fc.constantFrom('1', '2', '3', 'C4', 'A5'),
        fc.constantFrom('1', '-1', 'x'),
        fc.constantFrom('7.0', '8.0', ''),
      )
      .map(
        ([number, quantity, card]) => `${number},A,a,${quantity},2011-02-01 10:18:00,1,${card},UK`,
      );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(row, likely), { maxLength: 60 }), async (rows) => {
        await read(invoice(...rows), retail);
      }),
    );
  });
});

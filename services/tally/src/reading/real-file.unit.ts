import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ReceiptV1 } from '@tallystick/contracts';
import { parseMapping } from '../mapping/load-mapping.js';
import { linesOf } from './lines.js';
import { noCounts, receiptsOf, type FileItem } from './receipts.js';
import { rowReader } from './row-reader.js';
import { rowsOf, type Row } from './rows.js';
import { openSource } from './source.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const file = fileURLToPath(
  new URL('../../../../../shared/data/online-retail-2010-12_2011-06.csv.gz', import.meta.url),
);
const isHere = existsSync(file);
const where = relative(root, file);

const parsed = parseMapping(
  readFileSync(new URL('../../mappings/online-retail.yaml', import.meta.url), 'utf8'),
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const mapping = parsed.value;
const format = { separator: ',', quote: '"', columns: null };
const readerOf = (header: Row) => {
  const reader = rowReader(mapping, header.kind === 'row' ? header.cells : []);
  if (!reader.ok) throw new Error(reader.error.join());
  return reader.value;
};

type Line = ReceiptV1['lines'][number];
const isFree = (line: Line): boolean => /^0*(\.0*)?$/.test(line.unitPrice ?? '');
const isNegative = (line: Line): boolean => line.quantity.startsWith('-');
const isCancel = (receipt: ReceiptV1): boolean => receipt.number.startsWith('C');

/** The kinds of lines that the description beside the file counts. */
const kindOf = (receipt: ReceiptV1, line: Line): string => {
  if (receipt.card === null) {
    if (isCancel(receipt)) return 'no card: cancel';
    return isFree(line) ? 'no card: zero-price stockroom line' : 'no card: sale';
  }
  if (line.category === 'non-goods')
    return isCancel(receipt) ? 'card, non-goods cancel' : 'card, non-goods sale';
  if (isCancel(receipt)) return 'card, goods return';
  return isFree(line) ? 'card, free goods' : 'card, goods sale';
};

/** Every figure of the description beside the file, computed again from what the mapping makes of it. */
(isHere ? describe : describe.skip)(
  `the real file (${where}${isHere ? '' : ' is not here'})`,
  () => {
    const receipts: { receipt: ReceiptV1; fileLines: readonly number[] }[] = [];
    const others: FileItem[] = [];
    const counts = noCounts();

    beforeAll(async () => {
      const source = await openSource(file);
      for await (const block of receiptsOf(source.bytes, mapping, 'shop', counts))
        for (const item of block) {
          if (item.kind === 'receipt') receipts.push(item);
          else others.push(item);
        }
    }, 120_000);

    const linesWhere = (test: (line: Line, receipt: ReceiptV1) => boolean): number =>
      receipts.reduce(
        (sum, { receipt }) => sum + receipt.lines.filter((line) => test(line, receipt)).length,
        0,
      );

    it('has 245,903 lines of 12,795 invoices, each line in exactly one of them and none rejected', () => {
      expect(counts).toMatchObject({ lines: 245_904, rows: 245_903 });
      expect(receipts).toHaveLength(12_795);
      expect(others).toEqual([]);
      const fileLines = receipts.flatMap((item) => item.fileLines).sort((a, b) => a - b);
      expect(fileLines.every((line, index) => line === index + 2)).toBe(true);
      expect(fileLines).toHaveLength(245_903);
    });

    it('has the lines of each kind that its description counts', () => {
      const kinds: Record<string, number> = {};
      for (const { receipt } of receipts)
        for (const line of receipt.lines) {
          const kind = kindOf(receipt, line);
          kinds[kind] = (kinds[kind] ?? 0) + 1;
        }
      expect(kinds).toEqual({
        'card, goods sale': 171_939,
        'card, goods return': 4_076,
        'card, non-goods sale': 696,
        'card, non-goods cancel': 165,
        'card, free goods': 13,
        'no card: sale': 67_296,
        'no card: cancel': 253,
        'no card: zero-price stockroom line': 1_465,
      });
    });

    it('has no card on 28 % of the lines, and no ".0" on any', () => {
      const without = linesWhere((_, receipt) => receipt.card === null);
      expect(Math.round((without / counts.rows) * 100)).toBe(28);
      expect(receipts.filter(({ receipt }) => receipt.card?.includes('.'))).toEqual([]);
    });

    it('has 2,012 lines that repeat another of their invoice, all kept', () => {
      let repeated = 0;
      for (const { receipt } of receipts) {
        const seen = new Set<string>();
        for (const line of receipt.lines) {
          const text = JSON.stringify({ ...line, ordinal: 0 });
          if (seen.has(text)) repeated += 1;
          seen.add(text);
        }
      }
      expect(repeated).toBe(2_012);
    });

    it('has one invoice that is not contiguous: 542806, its 39 lines in two places', () => {
      const apart = receipts.filter(({ fileLines }) => {
        const first = fileLines[0] ?? 0;
        return (fileLines.at(-1) ?? 0) - first + 1 !== fileLines.length;
      });
      expect(apart.map(({ receipt }) => receipt.number)).toEqual(['542806']);
      expect(apart[0]?.receipt.lines).toHaveLength(39);
    });

    it('has times that never run backwards, and invoice numbers that do 127 times', () => {
      const runsBackwards = (numbers: readonly number[]): number =>
        numbers.filter((number, index) => number < (numbers[index - 1] ?? number)).length;
      expect(runsBackwards(receipts.map(({ receipt }) => Date.parse(receipt.occurredAt)))).toBe(0);
      expect(
        runsBackwards(receipts.map(({ receipt }) => Number(receipt.number.replace('C', '')))),
      ).toBe(127);
    });

    it('has 35 invoices that span two minutes, each a receipt at its first', async () => {
      const times = new Map<string, Set<string>>();
      const source = await openSource(file);
      let read: ReturnType<typeof readerOf> | undefined;
      for await (const rows of rowsOf(linesOf(source.bytes, 'utf-8'), format))
        for (const row of rows) {
          if (read === undefined) read = readerOf(row);
          else {
            const taken = read(row);
            if (taken.kind !== 'item') throw new Error(`line ${taken.line} is no item`);
            const seen = times.get(taken.key) ?? new Set();
            times.set(taken.key, seen.add(taken.head.occurredAt));
          }
        }
      expect([...times.values()].filter(({ size }) => size === 2)).toHaveLength(35);
      expect([...times.values()].filter(({ size }) => size > 2)).toEqual([]);
      const first = ({ number, occurredAt }: ReceiptV1): boolean =>
        [...(times.get(number) ?? [])][0] === occurredAt;
      expect(receipts.every(({ receipt }) => first(receipt))).toBe(true);
    }, 120_000);

    it('has 758 lines with a negative quantity and no C, all free and without a card', () => {
      const odd = (line: Line, receipt: ReceiptV1): boolean =>
        isNegative(line) && !isCancel(receipt);
      expect(linesWhere(odd)).toBe(758);
      expect(
        linesWhere((line, receipt) => odd(line, receipt) && isFree(line) && receipt.card === null),
      ).toBe(758);
      expect(linesWhere((line, receipt) => isCancel(receipt) && !isNegative(line))).toBe(0);
    });

    it('has one price of 0.001, in invoice 550193, kept exactly', () => {
      const small = receipts.flatMap(({ receipt }) =>
        receipt.lines.flatMap(({ unitPrice }) =>
          unitPrice?.startsWith('0.00') === true && unitPrice !== '0.00'
            ? [[receipt.number, unitPrice]]
            : [],
        ),
      );
      expect(small).toEqual([['550193', '0.001']]);
    });

    it('has the codes that are not goods, and no others, as non-goods', () => {
      const codes = new Set(
        receipts.flatMap(({ receipt }) =>
          receipt.lines.flatMap((line) => (line.category === 'non-goods' ? [line.product] : [])),
        ),
      );
      expect([...codes].sort()).toEqual(
        [
          'AMAZONFEE',
          'BANK CHARGES',
          'C2',
          'D',
          'DOT',
          'M',
          'PADS',
          'POST',
          'S',
          'gift_0001_10',
          'gift_0001_20',
          'gift_0001_30',
          'gift_0001_40',
          'gift_0001_50',
          'm',
        ].sort(),
      );
    });

    it('begins on 2010-12-01, ends on 2011-06-30, and is in London through the change of the clocks', () => {
      expect(receipts[0]?.receipt.businessDate).toBe('2010-12-01');
      expect(receipts.at(-1)?.receipt.businessDate).toBe('2011-06-30');
      const change = '2011-03-27';
      const offsetIsRight = ({ occurredAt, businessDate }: ReceiptV1): boolean =>
        occurredAt.endsWith(businessDate >= change ? '+01:00' : '+00:00');
      expect(receipts.filter(({ receipt }) => !offsetIsRight(receipt))).toEqual([]);
    });

    it('holds few rows at a time', () => {
      expect(counts.rowsHeldPeak).toBeLessThan(2_500);
    });
  },
);

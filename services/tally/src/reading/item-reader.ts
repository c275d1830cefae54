import { ok } from '@tallystick/kernel';
import type { Mapping } from '../mapping/mapping.js';
import {
  codeReader,
  flaw,
  markReader,
  numberReader,
  optionalReader,
  type CellReader,
  type Cells,
} from './cells.js';
import type { Columns } from './columns.js';
import { decimalReader, negated, signOf } from './decimals.js';
import { literally } from './pattern.js';

/** What a row says of one line of its receipt: a line of ReceiptV1 without the ordinal. */
export interface ReceiptItem {
  readonly product: string;
  readonly description?: string;
  readonly brand?: string;
  readonly category?: string;
  readonly quantity: string;
  readonly unitPrice?: string;
  readonly amount?: string;
}

const descriptionCharsMax = 500;

/** Makes the reader of the line's part of each row. */
export const itemReader = (
  { lines, numbers }: Mapping,
  columns: Columns,
): CellReader<ReceiptItem> => {
  const toDecimal = decimalReader(numbers);
  const number = (
    source: NonNullable<Mapping['lines']['amount']> | undefined,
    unreadable: 'quantity-unreadable' | 'price-unreadable' | 'amount-unreadable',
  ): CellReader<string> | null =>
    source === undefined ? null : numberReader(source, columns, toDecimal, unreadable);
  const product = codeReader(lines.product, columns);
  const brand = optionalReader(lines.brand, columns);
  const ownCategory = optionalReader(lines.category, columns);
  const description = descriptionReader(lines.description, columns);
  const quantity = numberReader(lines.quantity, columns, toDecimal, 'quantity-unreadable');
  const unitPrice = number(lines.unitPrice, 'price-unreadable');
  const amount = number(lines.amount, 'amount-unreadable');
  const isNonGoods = codeMatcher(lines.nonGoods?.products ?? []);
  const signed = returnReader(lines.returns, columns);

  return (cells) => {
    const code = product(cells);
    if (!code.ok) return code;
    const count = quantity(cells);
    if (!count.ok) return count;
    const price = unitPrice === null ? ok(null) : unitPrice(cells);
    if (!price.ok) return price;
    const total = amount === null ? ok(null) : amount(cells);
    if (!total.ok) return total;
    const maker = brand(cells);
    if (!maker.ok) return maker;
    const kind = ownCategory(cells);
    if (!kind.ok) return kind;
    const sign = signed(cells, count.value);
    if (!sign.ok) return sign;
    const category = isNonGoods(code.value) ? (lines.nonGoods?.category ?? null) : kind.value;
    const text = description(cells);
    return ok({
      product: code.value,
      ...(text === null ? {} : { description: text }),
      ...(maker.value === null ? {} : { brand: maker.value }),
      ...(category === null ? {} : { category }),
      quantity: withSign(count.value, sign.value),
      ...(price.value === null ? {} : { unitPrice: price.value }),
      ...(total.value === null ? {} : { amount: withSign(total.value, sign.value) }),
    });
  };
};

/** `return`: made negative if it is not; `sale`: as the file writes it. */
const withSign = (decimal: string, sign: 'return' | 'sale'): string =>
  sign === 'return' && signOf(decimal) > 0 ? negated(decimal) : decimal;

/** Whether a row is a return, by its mark and the sign of its quantity. */
const returnReader = (
  returns: Mapping['lines']['returns'],
  columns: Columns,
): ((cells: Cells, quantity: string) => ReturnType<CellReader<'return' | 'sale'>>) => {
  if (returns === undefined) return (_, quantity) => ok(signOf(quantity) < 0 ? 'return' : 'sale');
  const isMarked = markReader(returns.marks, columns);
  return (cells, quantity) => {
    const sign = signOf(quantity);
    if (isMarked(cells)) {
      if (returns.quantities === 'negative' && sign >= 0)
        return flaw(
          'return-not-negative',
          'the row is marked as a return, and its quantity is not negative',
        );
      if (returns.quantities === 'positive' && sign <= 0)
        return flaw(
          'return-not-positive',
          'the row is marked as a return, and its quantity is not positive',
        );
      return ok('return');
    }
    if (sign >= 0) return ok('sale');
    return returns.unmarkedNegative === 'accept'
      ? ok('return')
      : flaw(
          'negative-without-mark',
          'the quantity is negative, and nothing marks the row as a return',
        );
  };
};

/** Exact codes, and patterns in which * stands for any characters. Case counts. */
export const codeMatcher = (codes: readonly string[]): ((code: string) => boolean) => {
  const exact = new Set(codes.filter((code) => !code.includes('*')));
  const patterns = codes
    .filter((code) => code.includes('*'))
    .map((code) => new RegExp(`^${code.split('*').map(literally).join('.*')}$`, 's'));
  return (code) => exact.has(code) || patterns.some((pattern) => pattern.test(code));
};

/** Descriptions help people only: what is damaged stays so, what is long is cut. */
const descriptionReader = (
  source: Mapping['lines']['description'],
  columns: Columns,
): ((cells: Cells) => string | null) => {
  if (source?.column === undefined) return () => source?.value ?? null;
  const { index } = columns.find(source.column);
  return (cells) => {
    const text = cells[index]?.trim() ?? '';
    return text === '' ? null : text.slice(0, descriptionCharsMax);
  };
};

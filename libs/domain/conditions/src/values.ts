import { Exact, Safe, remembered } from '@tallystick/kernel';
import type { ConditionType, ConditionValue } from './types.js';

/** Amounts are compared to a millionth: finer than any currency, and a price of twelve digits still fits 64 bits. */
const millionths = Exact.exact(1_000_000);
const millionthDigits = 6;
/** One that has at most six decimals, and is far from 64 bits: no arithmetic is needed. */
const shortDecimal = /^(-?\d{1,12})(?:\.(\d{1,6}))?$/;
const longDecimal = /^(-?\d+)(?:\.(\d+))?$/;
const int64Max = 2n ** 63n - 1n;
const dayPattern = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const decimalPattern = /^-?\d{1,12}(\.\d{1,6})?$/;

/** An amount as CEL's integer, in millionths; what is beyond 64 bits is the nearest that is not. */
export const decimalToInt = (decimal: string): bigint => {
  const short = shortDecimal.exec(decimal);
  if (short !== null) {
    const [, whole = '', part = ''] = short;
    return BigInt(whole + part.padEnd(6, '0'));
  }
  return longToInt(decimal);
};

/** A receipt's longest list of lines, in amount and quantity, and as much again: each is asked by many conditions. */
const longRememberedMax = 40_000;
const longToInt = remembered(longRememberedMax, (decimal): bigint => {
  const value = Exact.round(Exact.multiply(exactOf(decimal), millionths), 'half-even');
  return value > int64Max ? int64Max : value < -int64Max ? -int64Max : value;
});

/** What lines come to together has more digits than any one of them, and than `Exact.exact` takes. */
const exactOf = (decimal: string): Exact.Exact => {
  if (Exact.isDecimal(decimal)) return Exact.exact(decimal);
  const [, whole, part = ''] = longDecimal.exec(decimal) ?? [];
  if (whole === undefined) throw new Error(`not a decimal: ${decimal.slice(0, 40)}`);
  return Exact.ratio(BigInt(whole + part), 10n ** BigInt(part.length));
};

/** The same as a number; NaN where a double does not hold it. */
export const decimalToNumber = (decimal: string): number => {
  const quickly = Safe.units(decimal, millionthDigits);
  return Number.isNaN(quickly) ? numberOf(decimalToInt(decimal)) : quickly;
};

/** NaN where a double does not hold it. */
export const numberOf = (value: bigint): number => Safe.whole(Number(value));

export const isDecimal = (text: string): boolean => decimalPattern.test(text);

/** A day as CEL's integer, 20260228: it compares as days do. Null for what is no day. */
export const dayToInt = (day: string): bigint | null => dayAsInt(day);

const dayAsInt = remembered(5_000, (day): bigint | null => {
  const match = dayPattern.exec(day);
  if (match === null) return null;
  const [, year = '', month = '', date = ''] = match;
  return Number(date) <= daysIn(Number(year), Number(month)) ? BigInt(year + month + date) : null;
});

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

export type CelValue = boolean | bigint | string | readonly string[];

/** A value as CEL takes it. Throws on a value that is not of its declared type: a bug of who binds it. */
export const celValueOf = (
  name: string,
  type: ConditionType,
  value: ConditionValue | undefined,
): CelValue => {
  switch (type) {
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'int':
      if (typeof value === 'bigint') return value;
      break;
    case 'decimal':
      if (typeof value === 'string') return decimalToInt(value);
      break;
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'date': {
      const day = typeof value === 'string' ? dayToInt(value) : null;
      if (day !== null) return day;
      break;
    }
    case 'strings':
      if (typeof value === 'object') return value;
      break;
  }
  throw misbound(name, type);
};

export const misbound = (name: string, type: ConditionType): Error =>
  new Error(`${name} is bound to a value that is no ${type}`);

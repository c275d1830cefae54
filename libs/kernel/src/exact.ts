import { remembered } from './remembered.js';

/**
 * Exact rational arithmetic, for money finer than a minor unit and for rates. No floating point anywhere.
 * Always normalised: the denominator is positive and shares no factor with the numerator.
 */
export interface Exact {
  readonly n: bigint;
  readonly d: bigint;
}

/** How an exact number becomes a whole one. `down` is towards zero; the halves decide ties only. */
export type Rounding = 'down' | 'half-even' | 'half-up';

export const decimalDigitsMax = 30;
const decimalPattern = /^-?\d+(\.\d+)?$/;

const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
};

export const ratio = (n: bigint, d: bigint): Exact => {
  if (d === 1n) return { n, d };
  if (d === 0n) throw new Error('a ratio cannot have a denominator of zero');
  const [sn, sd] = d < 0n ? [-n, -d] : [n, d];
  const g = gcd(sn, sd);
  return g <= 1n ? { n: sn, d: sd } : { n: sn / g, d: sd / g };
};

export const zero: Exact = { n: 0n, d: 1n };
export const one: Exact = { n: 1n, d: 1n };

/** Whether a text is a decimal that `exact` takes: optional minus, digits, optional fraction; at most 30 digits. */
export const isDecimal = (text: string): boolean =>
  decimalPattern.test(text) &&
  (text.length <= decimalDigitsMax || text.replace(/[-.]/g, '').length <= decimalDigitsMax);

/** Reads a decimal such as `-12.345`, or a whole number. Throws on anything else: check outside data with `isDecimal`. */
export const exact = (value: string | number | bigint): Exact => {
  if (typeof value === 'bigint') return { n: value, d: 1n };
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
    return { n: BigInt(value), d: 1n };
  }
  return value.length <= rememberedCharsMax ? parsedOften(value) : parsed(value);
};

const parsed = (value: string): Exact => {
  if (!isDecimal(value)) throw new Error(`not a decimal: ${value.slice(0, 40)}`);
  const point = value.indexOf('.');
  if (point < 0) return { n: BigInt(value), d: 1n };
  const scale = value.length - point - 1;
  return ratio(BigInt(value.slice(0, point) + value.slice(point + 1)), 10n ** BigInt(scale));
};

/** Prices and quantities come again and again. */
const rememberedCharsMax = 12;
const rememberedMax = 20_000;
const parsedOften = remembered(rememberedMax, parsed);

export const add = (a: Exact, b: Exact): Exact =>
  a.d === b.d ? ratio(a.n + b.n, a.d) : ratio(a.n * b.d + b.n * a.d, a.d * b.d);
export const negate = (a: Exact): Exact => ({ n: -a.n, d: a.d });
export const subtract = (a: Exact, b: Exact): Exact => add(a, negate(b));
export const multiply = (a: Exact, b: Exact): Exact =>
  a === one ? b : b === one ? a : ratio(a.n * b.n, a.d * b.d);
export const divide = (a: Exact, b: Exact): Exact => ratio(a.n * b.d, a.d * b.n);
export const sum = (values: Iterable<Exact>): Exact => {
  // Prices have few denominators: numerators are added as they are, and the sum is normalised once for each.
  let { n, d } = zero;
  for (const value of values) {
    if (value.d === d) n += value.n;
    else ({ n, d } = ratio(n * value.d + value.n * d, d * value.d));
  }
  return ratio(n, d);
};
/** Negative, zero or positive as a is below, equal to or above b. */
export const compare = (a: Exact, b: Exact): number => {
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
export const isZero = (a: Exact): boolean => a.n === 0n;
export const isNegative = (a: Exact): boolean => a.n < 0n;
export const isPositive = (a: Exact): boolean => a.n > 0n;
export const least = (a: Exact, b: Exact): Exact => (compare(a, b) <= 0 ? a : b);

export const round = (value: Exact, rounding: Rounding): bigint => {
  const whole = value.n / value.d; // towards zero
  const rest = value.n % value.d;
  if (rest === 0n || rounding === 'down') return whole;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const away = value.n < 0n ? whole - 1n : whole + 1n;
  if (twice > value.d) return away;
  if (twice < value.d) return whole;
  return rounding === 'half-up' || whole % 2n !== 0n ? away : whole;
};

/** The shortest decimal of a value whose denominator has only factors 2 and 5. Throws if there is none. */
export const toDecimal = (value: Exact): string => {
  let scale = 0;
  let scaled = value;
  while (scaled.d !== 1n) {
    scale += 1;
    if (scale > 2 * decimalDigitsMax)
      throw new Error(`${value.n}/${value.d} has no finite decimal`);
    scaled = multiply(scaled, { n: 10n, d: 1n });
  }
  if (scale === 0) return scaled.n.toString();
  const digits = (scaled.n < 0n ? -scaled.n : scaled.n).toString().padStart(scale + 1, '0');
  return `${scaled.n < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};

/**
 * Splits a whole total over weights so that nothing is lost: largest remainder, ties by order.
 * 1000 over three equal weights is 334 + 333 + 333. Weights must not be negative; if all are zero, so is every share.
 */
export const allocate = (total: bigint, weights: readonly Exact[]): bigint[] => {
  const parts = overOneDenominator(weights);
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  if (whole === 0n || total === 0n) return weights.map(() => 0n);
  return isSmall(total, whole) && parts.every((part) => part >= 0n)
    ? allocateSmall(Number(total), parts.map(Number), Number(whole))
    : allocateLarge(total, parts, whole);
};

/** Whether each product of the two, and of less, is a whole number that a double holds. */
const isSmall = (total: bigint, whole: bigint): boolean =>
  total > 0n && whole > 0n && total * whole <= 9_007_199_254_740_991n;

/** The same as `allocateLarge`, in doubles that hold every number of it exactly. */
const allocateSmall = (total: number, parts: readonly number[], whole: number): bigint[] => {
  let left = total;
  const rests: number[] = [];
  const shares = parts.map((part) => {
    const rest = (total * part) % whole;
    const floor = (total * part - rest) / whole;
    left -= floor;
    rests.push(rest);
    return floor;
  });
  for (const index of left === 0 ? [] : largestFirst(rests, (a, b) => b - a).slice(0, left))
    shares[index] = (shares[index] ?? 0) + 1;
  return shares.map(BigInt);
};

const allocateLarge = (total: bigint, parts: readonly bigint[], whole: bigint): bigint[] => {
  let left = total;
  const rests: bigint[] = [];
  const shares = parts.map((part) => {
    const share = total * part;
    const floor = share / whole;
    left -= floor;
    rests.push(share % whole);
    return floor;
  });
  const order = largestFirst(rests, (a, b) => (a < b ? 1 : a > b ? -1 : 0));
  for (const index of order) {
    if (left === 0n) break;
    shares[index] = (shares[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return shares;
};

const largestFirst = <T>(rests: readonly T[], order: (a: T, b: T) => number): number[] => {
  const by = rests.map((rest, index) => ({ rest, index }));
  return by.sort((a, b) => order(a.rest, b.rest) || a.index - b.index).map(({ index }) => index);
};

/** Numerators over the least common denominator: shares of a sum need no more. */
const overOneDenominator = (values: readonly Exact[]): bigint[] => {
  let common = 1n;
  for (const { d } of values) if (common % d !== 0n) common *= d / gcd(common, d);
  return values.map(({ n, d }) => (d === common ? n : n * (common / d)));
};

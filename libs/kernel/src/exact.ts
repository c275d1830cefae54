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
  if (!isDecimal(value)) throw new Error(`not a decimal: ${value.slice(0, 40)}`);
  const point = value.indexOf('.');
  if (point < 0) return { n: BigInt(value), d: 1n };
  const scale = value.length - point - 1;
  return ratio(BigInt(value.slice(0, point) + value.slice(point + 1)), 10n ** BigInt(scale));
};

export const add = (a: Exact, b: Exact): Exact =>
  a.d === b.d ? ratio(a.n + b.n, a.d) : ratio(a.n * b.d + b.n * a.d, a.d * b.d);
export const negate = (a: Exact): Exact => ({ n: -a.n, d: a.d });
export const subtract = (a: Exact, b: Exact): Exact => add(a, negate(b));
export const multiply = (a: Exact, b: Exact): Exact => ratio(a.n * b.n, a.d * b.d);
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
  const whole = sum(weights);
  if (isZero(whole) || total === 0n) return weights.map(() => 0n);
  const shares = weights.map((weight) => {
    const share = divide(multiply({ n: total, d: 1n }, weight), whole);
    const floor = round(share, 'down');
    return { floor, rest: subtract(share, { n: floor, d: 1n }) };
  });
  let left = total - shares.reduce((given, share) => given + share.floor, 0n);
  const order = shares
    .map((share, index) => ({ index, rest: share.rest }))
    .sort((a, b) => compare(b.rest, a.rest) || a.index - b.index);
  const result = shares.map((share) => share.floor);
  for (const { index } of order) {
    if (left === 0n) break;
    result[index] = (result[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return result;
};

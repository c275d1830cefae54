import type { Rounding } from './exact.js';

/**
 * Arithmetic on whole numbers that a double holds exactly (|n| <= 2^53 - 1), many times as quick as `Exact` and just as exact. What a double
 * does not hold is never rounded: it is answered with `NaN` (or null for a list), which every function here passes on. Who meets it does it
 * with `Exact`.
 */

/** The only numbers there are here, besides NaN. */
export const max = Number.MAX_SAFE_INTEGER;

/** NaN beyond the limits. */
export const whole = (value: number): number => (value <= max && value >= -max ? value : NaN);

export const times = (a: number, b: number): number => whole(a * b);

/**
 * A decimal in units of its `digits`th place: `units('12.5', 2)` is 1250. NaN for what has more places, is too large, or is no decimal as
 * `Exact.isDecimal` knows it.
 */
export const units = (text: string, digits: number): number => {
  const minus = text.charCodeAt(0) === minusSign;
  let value = 0;
  let places = -1;
  for (let index = minus ? 1 : 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === point && places < 0 && index > (minus ? 1 : 0)) {
      places = 0;
      continue;
    }
    if (code < zero || code > nine) return NaN;
    value = value * 10 + (code - zero);
    if (places >= 0) places += 1;
  }
  // An empty text, a sign alone, or a point with nothing after it.
  if (text.length === (minus ? 1 : 0) || places === 0 || text.length > charsMax) return NaN;
  for (let more = Math.max(places, 0); more < digits; more += 1) value *= 10;
  if (places > digits || value > max) return NaN;
  return minus && value !== 0 ? -value : value;
};

const [minusSign, point, zero, nine] = [45, 46, 48, 57];
/** `Exact.decimalDigitsMax` digits, and no more. */
const charsMax = 30;

/** `numerator / denominator` as a whole number; the numerator is not negative, the denominator positive. */
export const round = (numerator: number, denominator: number, rounding: Rounding): number => {
  const rest = numerator % denominator;
  const down = (numerator - rest) / denominator;
  if (rest === 0 || rounding === 'down') return down;
  const twice = rest * 2;
  if (twice !== denominator) return twice > denominator ? down + 1 : down;
  return rounding === 'half-up' || down % 2 !== 0 ? down + 1 : down;
};

/**
 * Splits a total over parts that come to `sum`, as `Exact.allocate` does: largest remainder, ties by order. Nothing is negative. Null beyond
 * the limits.
 */
export const allocate = (
  total: number,
  parts: readonly number[],
  sum: number,
): readonly number[] | null => {
  if (total === sum) return parts;
  if (total === 0 || sum === 0) return parts.map(() => 0);
  if (!(total * sum <= max)) return null;
  let left = total;
  const rests: number[] = [];
  const shares: number[] = [];
  for (const part of parts) {
    const product = total * part;
    const rest = product % sum;
    const share = (product - rest) / sum;
    left -= share;
    rests.push(rest);
    shares.push(share);
  }
  if (left * parts.length > scansMax) {
    const order = rests.map((_, index) => index);
    order.sort((a, b) => (rests[b] ?? 0) - (rests[a] ?? 0) || a - b);
    for (const index of order.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
    return shares;
  }
  for (; left > 0; left -= 1) {
    let largest = 0;
    for (let index = 1; index < rests.length; index += 1)
      if ((rests[index] ?? 0) > (rests[largest] ?? 0)) largest = index;
    rests[largest] = -1;
    shares[largest] = (shares[largest] ?? 0) + 1;
  }
  return shares;
};

/** Looking for the largest again and again is quicker than sorting, where there is little to look through. */
const scansMax = 4_000;

/** A fraction in its lowest terms, as `12` or `37/3`. Neither is negative. */
export const fraction = (numerator: number, denominator: number): string => {
  if (denominator === 1 || numerator % denominator === 0) return `${numerator / denominator}`;
  const by = commonDivisor(numerator, denominator);
  return `${numerator / by}/${denominator / by}`;
};

export const commonDivisor = (a: number, b: number): number => {
  let [x, y] = [a, b];
  while (y !== 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
};

/** What `units` reads, in its shortest form: `decimal(1250, 2)` is `12.5`. */
export const decimal = (value: number, digits: number): string => {
  let [scaled, places] = [value, digits];
  while (places > 0 && scaled % 10 === 0) {
    scaled /= 10;
    places -= 1;
  }
  if (places === 0) return `${scaled}`;
  const text = `${Math.abs(scaled)}`.padStart(places + 1, '0');
  return `${scaled < 0 ? '-' : ''}${text.slice(0, -places)}.${text.slice(-places)}`;
};

import { invariant } from './result.js';

declare const pointsBrand: unique symbol;
/** A whole number of points, |n| <= 2^53 - 1. */
export type Points = number & { readonly [pointsBrand]: true };

/** Checks and brands a whole number. Throws on a fraction or one beyond 2^53 - 1. */
export const points = (value: number | bigint): Points => {
  const number = Number(value);
  invariant(
    Number.isSafeInteger(number) && (typeof value === 'number' || BigInt(number) === value),
    `points are whole and within 2^53 - 1, got ${value}`,
  );
  return (number === 0 ? 0 : number) as Points;
};

export const noPoints = points(0);
export const plus = (a: Points, b: Points): Points => points(a + b);
export const minus = (a: Points, b: Points): Points => points(a - b);
export const least = (a: Points, b: Points): Points => (a < b ? a : b);
export const total = (values: Iterable<Points>): Points => {
  let sum = noPoints;
  for (const value of values) sum = plus(sum, value);
  return sum;
};

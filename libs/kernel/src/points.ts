import { BeyondLimits, invariant } from './result.js';

declare const pointsBrand: unique symbol;
/** A whole number of points, |n| <= 2^53 - 1. */
export type Points = number & { readonly [pointsBrand]: true };

/** Checks and brands a whole number. Throws on a fraction, and `BeyondLimits` on one beyond 2^53 - 1. */
export const points = (value: number | bigint): Points => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    invariant(Number.isInteger(number), `points are whole, got ${value}`);
    throw new BeyondLimits(`${value} points`);
  }
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

import { Safe, invariant } from '@tallystick/kernel';
import { decimalToInt, decimalToNumber, numberOf } from './values.js';

export type Numeric = number | bigint;

/** How the numbers of a condition are held while it is asked: amounts in millionths, days as 20260228, whole numbers as they are. */
export interface Numbers {
  /** Null: it cannot be held. */
  readonly constant: (value: bigint) => Numeric | null;
  readonly int: (value: Numeric) => Numeric;
  readonly decimal: (text: string) => Numeric;
  readonly plus: (a: Numeric, b: Numeric) => Numeric;
  readonly minus: (a: Numeric, b: Numeric) => Numeric;
  readonly negated: (a: Numeric) => Numeric;
}

/** A number is beyond what a double holds. */
export class BeyondSafe extends Error {}
const within = (value: number): number => {
  if (Number.isNaN(Safe.whole(value))) throw new BeyondSafe();
  return value;
};
const double = (value: Numeric): number => {
  invariant(typeof value === 'number', 'numbers of one condition are held in one way');
  return value;
};

/** Nearly all that is ever asked; throws `BeyondSafe` where a value or a sum is none that a double holds. */
export const doubles: Numbers = {
  constant: (value) => {
    const held = numberOf(value);
    return Number.isNaN(held) ? null : held;
  },
  int: (value) => (typeof value === 'number' ? value : within(numberOf(value))),
  decimal: (text) => within(decimalToNumber(text)),
  plus: (a, b) => within(double(a) + double(b)),
  minus: (a, b) => within(double(a) - double(b)),
  negated: (a) => within(-double(a)),
};

/** Of any size: sums of values that fit 64 bits each are exact, however many there are. */
export const integers: Numbers = {
  constant: (value) => value,
  int: (value) => BigInt(value),
  decimal: decimalToInt,
  plus: (a, b) => BigInt(a) + BigInt(b),
  minus: (a, b) => BigInt(a) - BigInt(b),
  negated: (a) => -BigInt(a),
};

import { z } from 'zod';
import { Exact } from '@tallystick/kernel';
import { printable, printableRule } from './printable.js';

/** The words that a rulebook document is written in: names, amounts, roundings. */

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, at most 63');
export const decimal = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,12})?$/, {
    message: 'must be a decimal in quotes, such as "1.50"',
    // What is no decimal cannot be asked whether it is above zero.
    abort: true,
  })
  .describe('An exact decimal, in quotes');
export const positive = decimal.refine(
  (value) => Exact.isPositive(Exact.exact(value)),
  'must be above zero',
);
export const rounding = z.enum(['down', 'half-even', 'half-up']);
export const text = (charsMax: number) =>
  z.string().min(1).max(charsMax).regex(printable, printableRule);
export const names = z.array(text(100)).max(10_000).default([]);
export const wholePoints = z.int().min(1).max(1_000_000_000);

import { Exact } from '@tallystick/kernel';
import type { ReceiptLine } from '../facts.js';
import type { Rulebook } from '../rulebook.js';

/** Why a sold line does not count, in the rulebook's words; null when it does. */
export const exclusionOf = (line: ReceiptLine, { exclusions }: Rulebook): string | null => {
  if (line.category !== null && exclusions.categories.includes(line.category))
    return `excluded-category:${line.category}`;
  if (exclusions.products.includes(line.product)) return 'excluded-product';
  if (line.brand !== null && exclusions.brands.includes(line.brand)) return 'excluded-brand';
  return Exact.isPositive(Exact.exact(line.amount)) ? null : 'free';
};

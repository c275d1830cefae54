import { Exact } from '@tallystick/kernel';
import type { ReceiptLine } from '../facts.js';
import type { Exclusions, Rulebook } from '../rulebook.js';

/** Why a sold line does not count, in the rulebook's words; null when it does. */
export const exclusionOf = (line: ReceiptLine, { exclusions }: Rulebook): string | null =>
  excludedBy(line, exclusions) ?? (Exact.isPositive(Exact.exact(line.amount)) ? null : free);

/** A line that costs nothing earns nothing. */
export const free = 'free';

/** What the rulebook names of a line that is to count for nothing. */
export const excludedBy = (line: ReceiptLine, exclusions: Exclusions): string | null => {
  const { categories, products, brands } = exclusions;
  if (line.category !== null && categories.includes(line.category))
    return `excluded-category:${line.category}`;
  if (products.includes(line.product)) return 'excluded-product';
  return line.brand !== null && brands.includes(line.brand) ? 'excluded-brand' : null;
};

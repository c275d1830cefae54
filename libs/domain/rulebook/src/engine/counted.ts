import { Exact } from '@tallystick/kernel';
import { isSale, type ReceiptFact, type ReceiptLine } from '../facts.js';
import type { Rulebook } from '../rulebook.js';
import { exclusionOf } from './exclusions.js';

/** A sold line, and what counts of it. */
export interface SoldLine {
  readonly line: ReceiptLine;
  readonly excluded: string | null;
  /** What counts of it, in major units. */
  readonly base: Exact.Exact;
}

/** What a receipt sells. The sum of the bases is its `receipt.net`. */
export const soldLinesOf = (fact: ReceiptFact, book: Rulebook): readonly SoldLine[] => {
  const lines = fact.lines.filter(isSale);
  const keep = shareNotPaidWithPoints(fact, lines);
  return lines.map((line) => {
    const excluded = exclusionOf(line, book);
    return { line, excluded, base: excluded === null ? counted(line, keep) : Exact.zero };
  });
};

/** Points are not earned on what was paid with points: that part is taken off every line in proportion. */
const shareNotPaidWithPoints = (fact: ReceiptFact, sold: readonly ReceiptLine[]): Exact.Exact => {
  if (fact.paidWithPoints === '0') return Exact.one;
  const paid = Exact.exact(fact.paidWithPoints);
  const total = Exact.sum(sold.map(({ amount }) => Exact.exact(amount)));
  if (!Exact.isPositive(paid) || !Exact.isPositive(total)) return Exact.one;
  return Exact.divide(Exact.subtract(total, Exact.least(paid, total)), total);
};

const counted = ({ amount }: ReceiptLine, keep: Exact.Exact): Exact.Exact =>
  keep === Exact.one ? Exact.exact(amount) : Exact.multiply(Exact.exact(amount), keep);

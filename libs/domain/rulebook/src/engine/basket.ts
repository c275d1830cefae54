import { Exact, Safe } from '@tallystick/kernel';
import { isSale, type ReceiptFact, type ReceiptLine } from '../facts.js';
import type { Rulebook } from '../rulebook.js';
import { toMillionths } from './environment.js';
import { excludedBy, free } from './exclusions.js';

/** What a receipt sells, in whole numbers. */
export interface Basket {
  readonly sold: readonly ReceiptLine[];
  /** Why a line does not count; null when it does. */
  readonly excluded: readonly (string | null)[];
  /** What counts of each line, in parts of which `perMajor` are one major unit: 0 when it is excluded, less what was paid with points. */
  readonly counts: readonly number[];
  readonly perMajor: number;
  /** What counts in all. */
  readonly net: number;
  readonly totalText: () => string;
  readonly netText: () => string;
}

/** Money has two places, or, by weight and by mills, up to six. */
const placesTried = [2, 6];

/** Null where a double does not hold what the lines come to. */
export const basketOf = (fact: ReceiptFact, { exclusions }: Rulebook): Basket | null => {
  const sold = fact.lines.filter(isSale);
  const amounts: number[] = [];
  for (const places of placesTried) {
    amounts.length = 0;
    for (const { amount } of sold) amounts.push(Safe.units(amount, places));
    const total = sum(amounts);
    const paid = Safe.units(fact.paidWithPoints, places);
    if (!Number.isNaN(total) && !Number.isNaN(paid))
      return counted(sold, amounts, { total, paid, places }, exclusions);
  }
  return null;
};

const sum = (values: readonly number[]): number => {
  let total = 0;
  for (const value of values) total = Safe.whole(total + value);
  return total;
};

interface Came {
  readonly total: number;
  readonly paid: number;
  readonly places: number;
}

/** Points are not earned on what was paid with points: that part is taken off every line in proportion. */
const counted = (
  sold: readonly ReceiptLine[],
  amounts: readonly number[],
  { total, paid, places }: Came,
  exclusions: Rulebook['exclusions'],
): Basket | null => {
  const inPart = paid > 0 && total > 0;
  const kept = inPart ? total - Math.min(paid, total) : 1;
  const perMajor = Safe.times(10 ** places, inPart ? total : 1);
  const excluded: (string | null)[] = [];
  const counts: number[] = [];
  let net = 0;
  for (let index = 0; index < sold.length; index += 1) {
    const [line, amount = 0] = [sold[index], amounts[index]];
    if (line === undefined) continue;
    const why = excludedBy(line, exclusions) ?? (amount > 0 ? null : free);
    const counts1 = why === null ? Safe.times(amount, kept) : 0;
    excluded.push(why);
    counts.push(counts1);
    net = Safe.whole(net + counts1);
  }
  if (Number.isNaN(net) || Number.isNaN(perMajor)) return null;
  return {
    ...{ sold, excluded, counts, perMajor, net },
    totalText: () => Safe.decimal(total, places),
    netText: () =>
      inPart ? toMillionths(Exact.ratio(BigInt(net), BigInt(perMajor))) : Safe.decimal(net, places),
  };
};

import type { ReceiptV1Input } from '@tallystick/contracts';
import { pounds, totalPence, type BasketLine } from './basket.js';
import type { Memory, Sold } from './memory.js';
import type { Random } from './random.js';

/** What comes a second time, and why. */
export interface Again {
  readonly why: 'repeated' | 'corrected' | 'changed';
  readonly sold: Sold;
}

const daysBack = 7;
/** Weeks between two tills that send other content under a number that they have used. */
const changedEveryWeeks = 5;

/** Of what was sent in the last week: one as it was, one corrected, and now and then one changed without saying so. */
export const sentAgain = (random: Random, memory: Memory, week: number): readonly Again[] => {
  const untouched = memory.soldSince(daysBack).filter(({ touched }) => touched.size === 0);
  const correctable = untouched.filter(
    ({ receipt, store, person, lines }) =>
      store.sends === 'http' &&
      person !== null &&
      receipt.tenders?.length === 1 &&
      lines.length > 1 &&
      lines.every(({ units }) => units > 0),
  );
  const take = (from: readonly Sold[]): Sold[] => {
    const left = from.filter(({ touched }) => touched.size === 0);
    if (left.length === 0) return [];
    const sold = random.pick(left);
    for (const { line } of sold.lines) sold.touched.add(line.ordinal);
    return [sold];
  };
  return [
    ...take(untouched).map((sold): Again => ({ why: 'repeated', sold })),
    ...take(correctable).map((sold): Again => {
      memory.note(sold.person, 'corrected receipt');
      memory.credit(sold.person, -(Math.ceil(totalPence(sold.lines.slice(-1)) / 100) + 2));
      return {
        why: 'corrected',
        sold: { ...sold, receipt: { ...withoutLastLine(sold), revision: 2 } },
      };
    }),
    ...(week % changedEveryWeeks === changedEveryWeeks - 1 ? take(correctable) : []).map(
      (sold): Again => ({ why: 'changed', sold: { ...sold, receipt: withoutLastLine(sold) } }),
    ),
  ];
};

/** The receipt as it should have been: its last line was rung up by mistake. */
const withoutLastLine = ({ receipt, lines }: Sold): ReceiptV1Input => {
  const kept: readonly BasketLine[] = lines.slice(0, -1);
  return {
    ...receipt,
    lines: kept.map(({ line }) => line),
    tenders: [{ kind: receipt.tenders?.[0]?.kind ?? 'cash', amount: pounds(totalPence(kept)) }],
  };
};

import type { EarningRule } from '../rulebook.js';
import type { ReceiptLine } from '../facts.js';

/** What one rule gave. */
export interface RuleAward {
  readonly rule: EarningRule;
  /** Whole points by sold line, in the receipt's order. */
  readonly perLine: readonly (number | bigint)[];
  /** Their sum. */
  readonly points: number | bigint;
  /** The counters that it counts in. */
  readonly counters: readonly string[];
  /** The name of the budget that pays for it. */
  readonly budget: string | null;
}

/** What the rules gave a receipt, by either engine. */
export interface RatedRules {
  readonly sold: readonly ReceiptLine[];
  /** Why a sold line does not count; null when it does. */
  readonly excluded: readonly (string | null)[];
  /** What counts of each for tiers, in minor units. */
  readonly spendMinor: readonly number[];
  readonly awards: readonly RuleAward[];
  /** Why there are no awards; null when there are. */
  readonly reason: string | null;
  /** The counters that were looked at, where they were not 0. */
  readonly counted: Readonly<Record<string, number>>;
  /** What was left of the budgets that were looked at. */
  readonly budgets: Readonly<Record<string, number>>;
  /** The explanation's JSON text. */
  readonly text: () => string;
}

interface Tried {
  readonly outcome: string;
  readonly cuts: readonly { readonly by: string }[];
}

/** `counts`: whether anything of the sold lines counts. */
export const reasonForNothing = (
  tried: readonly Tried[],
  { sold, counts }: { readonly sold: number; readonly counts: boolean },
): string => {
  if (sold === 0) return 'nothing-sold';
  if (!counts) return 'only-excluded-or-free-lines';
  const cut = tried.find(({ outcome }) => outcome === 'cut');
  if (cut !== undefined) return cut.cuts.at(-1)?.by === 'budget' ? 'budget-spent' : 'cap-reached';
  return tried.some(({ outcome }) => outcome === 'nothing') ? 'below-one-point' : 'no-rule-applies';
};

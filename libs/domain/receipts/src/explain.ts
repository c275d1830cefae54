import type { EarningRerated, PointsEarned } from '@tallystick/ledger';
import {
  conditionValues,
  engineVersion,
  rateAgain,
  ratePartnerEvent,
  rulesLeftOut,
  type ExplainedRule,
  type Explanation,
  type Rulebook,
} from '@tallystick/rulebook';
import { linesOf, type Applying } from './apply.js';
import { isReceipt, type Fact } from './fact-stream.js';

export interface Explained {
  /** null: an older release rated it, and kept nothing to explain it from. */
  readonly explanation: Explanation | null;
  /** Whether it is the very explanation that was made when the points were given. */
  readonly proven: boolean;
  /** What came of the version's other rules, which rating did not try: they pin down something that the receipt does not have. */
  readonly leftOut: readonly ExplainedRule[];
}

/** Makes the explanation of an award again, from the receipt or the partner's event, the version that rated it, and what was stored with the award. */
export const explainEarning = (
  fact: Fact,
  earned: Pick<(PointsEarned | EarningRerated)['data'], 'rated' | 'lines' | 'tier'>,
  book: Rulebook,
  digest: Applying['digest'],
): Explained => {
  const { rated } = earned;
  if (rated === undefined) return { explanation: null, proven: false, leftOut: [] };
  const stored = {
    tier: earned.tier,
    firstPurchase: rated.firstPurchase ?? false,
    counted: new Map(Object.entries(rated.counted ?? {})),
    budgets: new Map(Object.entries(rated.budgets ?? {})),
    attributes: conditionValues(rated.attributes ?? {}),
  };
  const ordinals = earned.lines.map(({ ordinal }) => ordinal);
  const { explanation } = isReceipt(fact)
    ? rateAgain(linesOf(fact, ordinals), stored, book)
    : ratePartnerEvent(fact, book, stored.budgets);
  const same = digest(JSON.stringify(explanation)) === rated.explanation;
  return {
    explanation,
    proven: same && rated.engine === engineVersion,
    leftOut: isReceipt(fact) ? rulesLeftOut(linesOf(fact, ordinals), stored, book) : [],
  };
};

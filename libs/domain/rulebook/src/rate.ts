import { Exact, Points, minorUnitDigits, yearOf, type Rounding } from '@tallystick/kernel';
import { fullBudgets } from './budgets-asked.js';
import { isSale, type ReceiptFact, type ReceiptLine } from './facts.js';
import { engineOf } from './engine/compile.js';
import { exclusionOf } from './engine/exclusions.js';
import type { Explanation } from './engine/explanation.js';
import type { History } from './engine/history.js';
import { rateWith, type EngineInputs } from './engine/rate-with.js';
import { tierOn, type PaidTime } from './engine/tiers.js';
import { lotDates } from './lot-dates.js';
import { membershipsIn } from './memberships.js';
import { causeAndCost, dayOf, type Rating } from './rating.js';
import type { Rulebook, TierLevel } from './rulebook.js';

/** What the engine is told besides the fact and the rulebook: resolved before, and stored with the award. */
export interface RatingInputs {
  /** What the account did before this fact, by the programme's days: it says the tier. */
  readonly history: History;
  /** For which days the account has paid for a membership; absent: none. */
  readonly paid?: readonly PaidTime[];
  /** Absent: it is not the member's first purchase. */
  readonly firstPurchase?: boolean;
  /** What else is known of the member; absent: nothing. */
  readonly attributes?: EngineInputs['attributes'];
  /** Absent: no cap has been used. */
  readonly counted?: EngineInputs['counted'];
  /** How many points are left of each budget, by the names of `budgetName`. Absent: no budget has been used. */
  readonly budgets?: EngineInputs['budgets'];
}

/** Rates what a receipt sells. Returned lines (negative quantity) are the ledger's matter. Pure and total. */
export const rateReceipt = (
  fact: ReceiptFact,
  inputs: RatingInputs,
  rulebook: Rulebook,
): Rating => {
  const day = dayOf(fact, rulebook);
  return rateAt(
    tierOn(rulebook, { history: inputs.history, paid: inputs.paid ?? [] }, day),
    fact,
    inputs,
    rulebook,
  );
};

/** Makes a rating again from what was stored with it: `tier` is the name of the level that it was rated with. */
export const rateAgain = (
  fact: ReceiptFact,
  stored: Omit<RatingInputs, 'history'> & { readonly tier: string | null },
  rulebook: Rulebook,
): Rating => {
  const level = rulebook.tiers?.levels.find(({ id }) => id === stored.tier) ?? null;
  return rateAt(level, fact, stored, rulebook);
};

const rateAt = (
  tier: TierLevel | null,
  fact: ReceiptFact,
  inputs: Omit<RatingInputs, 'history'>,
  rulebook: Rulebook,
): Rating => {
  const day = dayOf(fact, rulebook);
  const lines = fact.lines.filter(isSale);
  const keep = shareNotPaidWithPoints(fact, lines);
  const sold = lines.map((line) => {
    const excluded = exclusionOf(line, rulebook);
    return { line, excluded, base: excluded === null ? counted(line, keep) : Exact.zero };
  });
  const bases = sold.map(({ base }) => base);
  const spend = roundOnce(Exact.sum(bases), unitsPerMajor(rulebook.currency), 'half-even', bases);
  const {
    awards,
    explanation,
    counted: looked,
    budgets,
  } = rateWith(engineOf(rulebook), fact, sold, {
    tier,
    firstPurchase: inputs.firstPurchase ?? false,
    attributes: inputs.attributes ?? {},
    counted: inputs.counted ?? new Map(),
    budgets: inputs.budgets ?? fullBudgets(fact, rulebook),
  });
  const dates = lotDates(rulebook, fact.occurredAt);
  const cause = causeAndCost(rulebook);
  const lots = awards.map(({ compiled: { rule }, points, counters, budget }) => ({
    points,
    rule: rule.id,
    kind: rule.kind,
    ...(rule.lots === undefined ? dates : lotDates(rulebook, fact.occurredAt, rule.lots)),
    funder: rule.funder,
    qualifies: rule.qualifies ?? rule.kind === 'base',
    ...(counters.length === 0 ? {} : { counters }),
    ...(budget === null ? {} : { budget }),
    ...cause,
  }));
  return {
    tier: tier?.id ?? null,
    spendYear: yearOf(day),
    day,
    lots,
    lines: sold.map(({ line, excluded }, index) => ({
      ordinal: line.ordinal,
      product: line.product,
      quantity: line.quantity,
      points: awards.map(({ perLine }) => pointsOf(perLine[index] ?? 0n)),
      spendMinor: Number(spend[index] ?? 0n),
      excluded,
    })),
    reason: lots.length > 0 ? null : reasonForNothing(explanation, bases),
    counted: looked,
    budgets,
    memberships: membershipsIn(fact, rulebook),
    explanation,
  };
};

/** Points are not earned on what was paid with points: that part is taken off every line in proportion. */
const shareNotPaidWithPoints = (fact: ReceiptFact, sold: readonly ReceiptLine[]): Exact.Exact => {
  if (fact.paidWithPoints === '0') return Exact.one;
  const paid = Exact.exact(fact.paidWithPoints);
  const total = Exact.sum(sold.map(({ amount }) => Exact.exact(amount)));
  if (!Exact.isPositive(paid) || !Exact.isPositive(total)) return Exact.one;
  return Exact.divide(Exact.subtract(total, Exact.least(paid, total)), total);
};

const pointsOf = (points: bigint): Points.Points =>
  points === 0n ? Points.noPoints : Points.points(points);

const counted = ({ amount }: ReceiptLine, keep: Exact.Exact): Exact.Exact =>
  keep === Exact.one ? Exact.exact(amount) : Exact.multiply(Exact.exact(amount), keep);

/** Rounds a total once, and splits it over its parts by largest remainder, so that nothing is lost between them. */
const roundOnce = (
  total: Exact.Exact,
  rate: Exact.Exact,
  rounding: Rounding,
  parts: readonly Exact.Exact[],
): bigint[] => Exact.allocate(Exact.round(Exact.multiply(total, rate), rounding), parts);

const unitsPerMajor = (currency: string): Exact.Exact =>
  Exact.exact(10n ** BigInt(minorUnitDigits(currency)));

const reasonForNothing = ({ rules }: Explanation, bases: readonly Exact.Exact[]): string => {
  if (bases.length === 0) return 'nothing-sold';
  if (!bases.some(Exact.isPositive)) return 'only-excluded-or-free-lines';
  const cut = rules.find(({ outcome }) => outcome === 'cut');
  if (cut !== undefined) return cut.cuts.at(-1)?.by === 'budget' ? 'budget-spent' : 'cap-reached';
  return rules.some(({ outcome }) => outcome === 'nothing') ? 'below-one-point' : 'no-rule-applies';
};

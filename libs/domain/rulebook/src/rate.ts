import {
  Exact,
  Points,
  dayAt,
  minorUnitDigits,
  timeZone,
  yearOf,
  type LocalDate,
  type Rounding,
} from '@tallystick/kernel';
import { isSale, type PartnerFact, type ReceiptFact, type ReceiptLine } from './facts.js';
import { engineOf } from './engine/compile.js';
import { exclusionOf } from './engine/exclusions.js';
import type { Explanation } from './engine/explanation.js';
import type { History } from './engine/history.js';
import { rateWith, type EngineInputs } from './engine/rate-with.js';
import { tierOn } from './engine/tiers.js';
import { lotDates } from './lot-dates.js';
import type { Rulebook, TierLevel } from './rulebook.js';

/** What the engine is told besides the fact and the rulebook: resolved before, and stored with the award. */
export interface RatingInputs {
  /** What the account did before this fact, by the programme's days: it says the tier. */
  readonly history: History;
  /** Absent: it is not the member's first purchase. */
  readonly firstPurchase?: boolean;
  /** What else is known of the member; absent: nothing. */
  readonly attributes?: EngineInputs['attributes'];
  /** Absent: no cap has been used. */
  readonly counted?: EngineInputs['counted'];
  /** Absent: no budget has been used. */
  readonly budgets?: EngineInputs['budgets'];
}

/** One rule's award; the shape of a ledger lot without its id. */
export interface RatedLot {
  readonly points: Points.Points;
  readonly rule: string;
  readonly kind: 'base' | 'bonus';
  readonly availableAt: ReturnType<typeof lotDates>['availableAt'];
  readonly expiresAt: ReturnType<typeof lotDates>['expiresAt'];
  readonly funder: string;
  readonly qualifies: boolean;
  /** The counters of caps that it counts in. */
  readonly counters?: readonly string[];
  /** The budget that pays for it. */
  readonly budget?: string;
  /** The rulebook's version. */
  readonly rulebook: number;
  /** So many points are worth `value`, in major units; absent: the programme names no value for them. */
  readonly cost?: { readonly points: number; readonly value: string; readonly currency: string };
}

/** A sold line after rating. */
export interface RatedLine {
  readonly ordinal: number;
  readonly product: string;
  readonly quantity: string;
  /** Its part of each lot, in the order of `lots`. */
  readonly points: readonly Points.Points[];
  readonly spendMinor: number;
  /** Why the line did not count; null when it did. */
  readonly excluded: string | null;
}

export interface Rating {
  readonly tier: string | null;
  readonly spendYear: string;
  /** The day of the programme that it counts on. */
  readonly day: LocalDate;
  readonly lots: readonly RatedLot[];
  /** Every sold line, those that did not count included; returned lines are not here. */
  readonly lines: readonly RatedLine[];
  /** Why there are no points; null when there are. */
  readonly reason: string | null;
  /** What counters of caps had come to that were looked at. */
  readonly counted: Readonly<Record<string, number>>;
  /** Of a receipt: why each rule gave what it gave. */
  readonly explanation: Explanation | null;
}

/** Rates what a receipt sells. Returned lines (negative quantity) are the ledger's matter. Pure and total. */
export const rateReceipt = (
  fact: ReceiptFact,
  inputs: RatingInputs,
  rulebook: Rulebook,
): Rating => {
  const day = dayOf(fact, rulebook);
  return rateAt(
    tierOn(rulebook, { history: inputs.history, paid: [] }, day),
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
  } = rateWith(engineOf(rulebook), fact, sold, {
    tier,
    firstPurchase: inputs.firstPurchase ?? false,
    attributes: inputs.attributes ?? {},
    counted: inputs.counted ?? new Map(),
    budgets: inputs.budgets ?? fullBudgets(rulebook),
  });
  const lots = awards.map(({ compiled: { rule }, points, counters }) => ({
    points,
    rule: rule.id,
    kind: rule.kind,
    ...lotDates(rulebook, fact.occurredAt, rule.lots),
    funder: rule.funder,
    qualifies: rule.qualifies ?? rule.kind === 'base',
    ...(counters.length === 0 ? {} : { counters }),
    ...(rule.budget === undefined ? {} : { budget: rule.budget }),
    ...causeAndCost(rulebook),
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
      points: awards.map(({ perLine }) => Points.points(perLine[index] ?? 0n)),
      spendMinor: Number(spend[index] ?? 0n),
      excluded,
    })),
    reason: lots.length > 0 ? null : reasonForNothing(explanation, bases),
    counted: looked,
    explanation,
  };
};

/** Rates what a partner says a member did. Pure and total. */
export const ratePartnerEvent = (fact: PartnerFact, rulebook: Rulebook): Rating => {
  const rules = rulebook.partnerEvents.filter(
    (rule) => rule.partner === fact.partner && rule.type === fact.type,
  );
  const day = dayOf(fact, rulebook);
  const dates = lotDates(rulebook, fact.occurredAt);
  const lots = rules
    .map((rule) => {
      const amount = Exact.exact(fact.amount ?? '0');
      const given =
        rule.per === null
          ? Exact.exact(rule.points)
          : Exact.multiply(Exact.divide(amount, Exact.exact(rule.per)), Exact.exact(rule.points));
      return { rule, points: Points.points(Exact.round(given, rule.rounding)) };
    })
    .filter(({ points }) => points > 0)
    .map(({ rule, points }) => ({
      points,
      rule: rule.id,
      kind: 'base' as const,
      ...dates,
      funder: `partner:${fact.partner}`,
      qualifies: false,
      ...causeAndCost(rulebook),
    }));
  return {
    tier: null,
    spendYear: yearOf(day),
    day,
    lots,
    lines: [],
    reason: lots.length > 0 ? null : rules.length === 0 ? 'no-rule-for-event' : 'below-one-point',
    counted: {},
    explanation: null,
  };
};

const fullBudgets = ({ budgets = [] }: Rulebook): ReadonlyMap<string, number> =>
  new Map(budgets.map(({ id, points }) => [id, points]));

/** What a lot may cost is what its points are worth when they are spent, by the version that gives it. */
const causeAndCost = ({
  version,
  redemption,
  currency,
}: Rulebook): Pick<RatedLot, 'rulebook' | 'cost'> => ({
  rulebook: version,
  ...(redemption === null ? {} : { cost: { ...redemption, currency } }),
});

const dayOf = (fact: Pick<ReceiptFact, 'occurredAt'>, rulebook: Rulebook): LocalDate =>
  dayAt(fact.occurredAt, timeZone(rulebook.timeZone));

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

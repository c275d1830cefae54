import {
  Exact,
  Points,
  dayAt,
  minorUnitDigits,
  timeZone,
  yearOf,
  type Rounding,
} from '@tallystick/kernel';
import type { PartnerFact, ReceiptFact, ReceiptLine } from './facts.js';
import { lotDates } from './lot-dates.js';
import type { EarningRule, Rulebook } from './rulebook.js';
import { tierOf } from './tier.js';

/** What the engine is told besides the fact and the rulebook: resolved before, and stored with the award. */
export interface RatingInputs {
  /** Spend that counts for tiers before this fact, in minor units, by calendar year of the programme's zone. */
  readonly spend: ReadonlyMap<string, number>;
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
  readonly lots: readonly RatedLot[];
  /** Every sold line, those that did not count included; returned lines are not here. */
  readonly lines: readonly RatedLine[];
  /** Why there are no points; null when there are. */
  readonly reason: string | null;
}

/** Rates what a receipt sells. Returned lines (negative quantity) are the ledger's matter. Pure and total. */
export const rateReceipt = (
  fact: ReceiptFact,
  inputs: RatingInputs,
  rulebook: Rulebook,
): Rating => {
  const spendYear = spendYearOf(fact, rulebook);
  const tier = tierOf(rulebook, inputs.spend, spendYear);
  const sold = fact.lines.filter(isSale).map((line) => ({
    line,
    amount: Exact.exact(line.amount),
    excluded: exclusionOf(line, rulebook),
  }));
  const keep = shareNotPaidWithPoints(fact, sold);
  const bases = sold.map(({ amount, excluded }) =>
    excluded === null ? Exact.multiply(amount, keep) : Exact.zero,
  );
  const spend = roundOnce(Exact.sum(bases), unitsPerMajor(rulebook.currency), 'half-even', bases);

  const dates = lotDates(rulebook, fact.occurredAt);
  const multiplier = Exact.exact(tier?.multiplier ?? '1');
  const awards = rulebook.earning
    .map((rule) => ({ rule, perLine: award(rule, multiplier, bases) }))
    .filter(({ perLine }) => perLine.some((points) => points > 0n));
  const lots = awards.map(({ rule, perLine }) => ({
    points: Points.points(perLine.reduce((total, points) => total + points, 0n)),
    rule: rule.id,
    kind: rule.kind,
    ...dates,
    funder: rule.funder,
    qualifies: rule.kind === 'base',
    ...causeAndCost(rulebook),
  }));
  return {
    tier: tier?.id ?? null,
    spendYear,
    lots,
    lines: sold.map(({ line, excluded }, index) => ({
      ordinal: line.ordinal,
      product: line.product,
      quantity: line.quantity,
      points: awards.map(({ perLine }) => Points.points(perLine[index] ?? 0n)),
      spendMinor: Number(spend[index] ?? 0n),
      excluded,
    })),
    reason: lots.length > 0 ? null : reasonForNothing(sold.length, bases),
  };
};

/** Rates what a partner says a member did. Pure and total. */
export const ratePartnerEvent = (fact: PartnerFact, rulebook: Rulebook): Rating => {
  const rules = rulebook.partnerEvents.filter(
    (rule) => rule.partner === fact.partner && rule.type === fact.type,
  );
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
    spendYear: spendYearOf(fact, rulebook),
    lots,
    lines: [],
    reason: lots.length > 0 ? null : rules.length === 0 ? 'no-rule-for-event' : 'below-one-point',
  };
};

/** What a lot may cost is what its points are worth when they are spent, by the version that gives it. */
const causeAndCost = ({
  version,
  redemption,
  currency,
}: Rulebook): Pick<RatedLot, 'rulebook' | 'cost'> => ({
  rulebook: version,
  ...(redemption === null ? {} : { cost: { ...redemption, currency } }),
});

export const isSale = (line: ReceiptLine): boolean => !Exact.isNegative(Exact.exact(line.quantity));

const spendYearOf = (fact: Pick<ReceiptFact, 'occurredAt'>, rulebook: Rulebook): string =>
  yearOf(dayAt(fact.occurredAt, timeZone(rulebook.timeZone)));

const exclusionOf = (line: ReceiptLine, { exclusions }: Rulebook): string | null => {
  if (line.category !== null && exclusions.categories.includes(line.category))
    return `excluded-category:${line.category}`;
  if (exclusions.products.includes(line.product)) return 'excluded-product';
  if (line.brand !== null && exclusions.brands.includes(line.brand)) return 'excluded-brand';
  return Exact.isPositive(Exact.exact(line.amount)) ? null : 'free';
};

/** Points are not earned on what was paid with points: that part is taken off every line in proportion. */
const shareNotPaidWithPoints = (
  fact: ReceiptFact,
  sold: readonly { readonly amount: Exact.Exact }[],
): Exact.Exact => {
  const paid = Exact.exact(fact.paidWithPoints);
  const total = Exact.sum(sold.map(({ amount }) => amount));
  if (!Exact.isPositive(paid) || !Exact.isPositive(total)) return Exact.one;
  return Exact.divide(Exact.subtract(total, Exact.least(paid, total)), total);
};

const award = (
  rule: EarningRule,
  multiplier: Exact.Exact,
  bases: readonly Exact.Exact[],
): bigint[] => {
  const rate = Exact.multiply(
    Exact.divide(Exact.exact(rule.points), Exact.exact(rule.per)),
    multiplier,
  );
  return rule.level === 'line'
    ? bases.map((base) => Exact.round(Exact.multiply(base, rate), rule.rounding))
    : roundOnce(Exact.sum(bases), rate, rule.rounding, bases);
};

/** Rounds a total once, and splits it over its parts by largest remainder, so that nothing is lost between them. */
const roundOnce = (
  total: Exact.Exact,
  rate: Exact.Exact,
  rounding: Rounding,
  parts: readonly Exact.Exact[],
): bigint[] => Exact.allocate(Exact.round(Exact.multiply(total, rate), rounding), parts);

const unitsPerMajor = (currency: string): Exact.Exact =>
  Exact.exact(10n ** BigInt(minorUnitDigits(currency)));

const reasonForNothing = (soldLines: number, bases: readonly Exact.Exact[]): string => {
  if (soldLines === 0) return 'nothing-sold';
  return bases.some(Exact.isPositive) ? 'below-one-point' : 'only-excluded-or-free-lines';
};

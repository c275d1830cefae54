import { Exact, Points, yearOf } from '@tallystick/kernel';
import { budgetName, pointsLeft } from './budgets.js';
import { engineOf } from './engine/compile.js';
import {
  engineVersion,
  type Cut,
  type ExplainedRule,
  type Explanation,
} from './engine/explanation.js';
import type { PartnerFact } from './facts.js';
import { lotDates } from './lot-dates.js';
import { causeAndCost, dayOf, type Rating } from './rating.js';
import type { Budget, PartnerRule, Rulebook } from './rulebook.js';

/** The rules for what a partner says a member did. */
export const partnerRulesFor = (
  { partner, type }: Pick<PartnerFact, 'partner' | 'type'>,
  { partnerEvents }: Rulebook,
): PartnerRule[] => partnerEvents.filter((rule) => rule.partner === partner && rule.type === type);

interface Tried extends Pick<ExplainedRule, 'outcome' | 'rounded' | 'points' | 'cuts'> {
  readonly rule: PartnerRule;
  readonly exact: Exact.Exact;
  /** The name of the budget that pays for it. */
  readonly budget: string | null;
}

/** Rates what a partner says a member did. `left`: how many points are left of each budget; absent: none was used. Pure and total. */
export const ratePartnerEvent = (
  fact: PartnerFact,
  book: Rulebook,
  left?: ReadonlyMap<string, number>,
): Rating => {
  const day = dayOf(fact, book);
  const budgets: Record<string, number> = {};
  const roomOf = (budget: string, definition: Budget): number =>
    left === undefined ? pointsLeft(definition, 0, book) : (left.get(budget) ?? 0);
  const spent = new Map<string, number>();
  const tried = partnerRulesFor(fact, book).map((rule): Tried => {
    const exact = pointsOf(rule, fact);
    const rounded = Points.points(Exact.round(exact, rule.rounding));
    const definition = engineOf(book).budgets.get(rule.budget ?? '');
    if (definition === undefined || rounded === 0)
      return {
        ...{ rule, exact, rounded, points: rounded, cuts: [], budget: null },
        outcome: rounded > 0 ? 'gave' : 'nothing',
      };
    const budget = budgetName(definition, day, fact.sender ?? null);
    const before = budget === null ? 0 : roomOf(budget, definition);
    if (budget !== null) budgets[budget] = before;
    const here = Math.max(0, before - (spent.get(budget ?? '') ?? 0));
    const points = Math.min(rounded, here);
    spent.set(budget ?? '', (spent.get(budget ?? '') ?? 0) + points);
    const cut: Cut = {
      by: 'budget',
      budget: budget ?? definition.id,
      left: here,
      cut: rounded - points,
    };
    return {
      ...{ rule, exact, rounded, points, budget, cuts: cut.cut > 0 ? [cut] : [] },
      outcome: points > 0 ? 'gave' : 'cut',
    };
  });
  const lots = tried
    .filter(({ points }) => points > 0)
    .map(({ rule, points, budget }) => ({
      points: Points.points(points),
      rule: rule.id,
      kind: 'base' as const,
      ...lotDates(book, fact.occurredAt),
      funder: `partner:${fact.partner}`,
      qualifies: false,
      ...(budget === null ? {} : { budget }),
      ...causeAndCost(book),
    }));
  const explanation = explain(day, tried, book);
  return {
    tier: null,
    spendYear: yearOf(day),
    day,
    lots,
    lines: [],
    reason: lots.length > 0 ? null : reasonForNothing(tried),
    counted: {},
    budgets,
    memberships: [],
    explanation,
    explanationText: () => JSON.stringify(explanation),
  };
};

const pointsOf = ({ points, per }: PartnerRule, { amount }: PartnerFact): Exact.Exact =>
  per === null
    ? Exact.exact(points)
    : Exact.multiply(
        Exact.divide(Exact.exact(amount ?? '0'), Exact.exact(per)),
        Exact.exact(points),
      );

const reasonForNothing = (tried: readonly Tried[]): string => {
  if (tried.length === 0) return 'no-rule-for-event';
  const cut = tried.find(({ outcome }) => outcome === 'cut');
  if (cut === undefined) return 'below-one-point';
  return cut.budget === null ? 'no-sender' : 'budget-spent';
};

const explain = (
  day: Explanation['day'],
  tried: readonly Tried[],
  { program, version }: Rulebook,
): Explanation => ({
  ...{ engine: engineVersion, program, version, day, tier: null, lines: [] },
  rules: tried.map(({ rule, outcome, exact, rounded, cuts, points }) => ({
    ...{ rule: rule.id, outcome, when: null, lines: [] },
    exact: exact.d === 1n ? exact.n.toString() : `${exact.n}/${exact.d}`,
    ...{ rounded, cuts, points, taken: null },
  })),
  points: tried.reduce((sum, { points }) => sum + points, 0),
});

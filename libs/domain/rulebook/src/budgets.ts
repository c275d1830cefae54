import {
  Exact,
  encodePart,
  minorUnitDigits,
  toMinor,
  weekOf,
  yearOf,
  type LocalDate,
} from '@tallystick/kernel';
import type { Budget, Rulebook } from './rulebook.js';

/** A budget that a fact may draw on: its definition, and the name under which this period's (and this sender's) part is kept. */
export interface BudgetAsked {
  readonly budget: Budget;
  readonly name: string;
}

/**
 * Names the part of a budget that a fact draws on: `spring`, `spring/2026-11` when there is one for each month,
 * `managers/2026-Q4/jane` when each sender has one. Null: each sender has one, and nobody sent it.
 */
export const budgetName = (
  { id, per, each }: Budget,
  day: LocalDate,
  sender: string | null,
): string | null => {
  if (each === 'sender' && sender === null) return null;
  return [
    id,
    ...(per === undefined ? [] : [periodOf(per, day)]),
    ...(each === undefined || sender === null ? [] : [encodePart(sender)]),
  ].join('/');
};

/** The id that a name begins with. */
export const budgetIdOf = (name: string): string => name.split('/', 1)[0] ?? name;

const periodOf = (per: NonNullable<Budget['per']>, day: LocalDate): string => {
  switch (per) {
    case 'day':
      return day;
    case 'week':
      return weekOf(day);
    case 'month':
      return day.slice(0, -3);
    case 'quarter':
      return `${yearOf(day)}-Q${Math.ceil(Number(day.slice(-5, -3)) / 3)}`;
    case 'year':
      return yearOf(day);
  }
};

type Worth = Pick<Rulebook, 'redemption' | 'currency'>;

/** How many points a budget still pays for when so much of it is used: in points, or in minor units of money. */
export const pointsLeft = (
  budget: Budget,
  used: number,
  { redemption, currency }: Worth,
): number => {
  if (budget.money === undefined) return Math.max(0, (budget.points ?? 0) - used);
  const left = toMinor(Exact.exact(budget.money), currency, 'down') - used;
  if (left <= 0 || redemption === null) return 0;
  const each = minorPerPoint({ ...redemption, currency });
  const points = Exact.round(Exact.divide(Exact.exact(left), each), 'down');
  return Number(points < pointsMax ? points : pointsMax);
};

const pointsMax = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * What points take of a budget: themselves, or what they cost, in minor units, rounded up. So what `pointsLeft` says never costs more
 * than what is left.
 */
export const budgetCost = (
  budget: Budget,
  points: number,
  cost: { readonly points: number; readonly value: string; readonly currency: string } | undefined,
): number => {
  if (budget.money === undefined) return points;
  if (cost === undefined) return 0;
  const exact = Exact.multiply(Exact.exact(points), minorPerPoint(cost));
  const whole = Exact.round(exact, 'down');
  return Number(Exact.compare(Exact.exact(whole), exact) < 0 ? whole + 1n : whole);
};

const minorPerPoint = (cost: {
  readonly points: number;
  readonly value: string;
  readonly currency: string;
}): Exact.Exact =>
  Exact.divide(
    Exact.multiply(
      Exact.exact(cost.value),
      Exact.exact(10n ** BigInt(minorUnitDigits(cost.currency))),
    ),
    Exact.exact(cost.points),
  );

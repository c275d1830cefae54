import { Exact, Safe } from '@tallystick/kernel';
import type { EarningRule } from '../rulebook.js';

/** A fraction of whole numbers that doubles hold; neither is negative. */
export interface Fraction {
  readonly n: number;
  readonly d: number;
}

/** How many points a rule gives, its tier's multiplier included, worked out once. */
export type Giving =
  /** So many points for each major unit of what counts, for each line or unit sold, or for each point that the rules `of` gave. */
  | {
      readonly by: 'amount' | 'line' | 'unit' | 'given';
      readonly each: Fraction;
      readonly of: readonly string[];
    }
  /** So many points for all lines together, by what they come to: the last that is reached. */
  | { readonly by: 'sum'; readonly steps: readonly Step[] };

interface Step {
  /** Major units. */
  readonly from: Fraction;
  readonly points: Fraction;
}

/** Null where a double does not hold a number of it. */
export const givingOf = (rule: EarningRule, multiplier: Exact.Exact): Giving | null => {
  const points = Exact.exact(rule.points ?? 0);
  const each = (exact: Exact.Exact, by: 'amount' | 'line' | 'unit' | 'given'): Giving | null => {
    const fraction = fractionOf(Exact.multiply(exact, multiplier));
    return fraction && { by, each: fraction, of: rule.of ?? [] };
  };
  if (rule.extra !== undefined) return each(Exact.exact(rule.extra), 'given');
  if (rule.each !== undefined) return each(points, rule.each);
  if (rule.per !== undefined) return each(Exact.divide(points, Exact.exact(rule.per)), 'amount');
  const steps = (rule.steps ?? [{ from: '0', points: rule.points ?? 0 }]).flatMap((step) => {
    const from = fractionOf(Exact.exact(step.from));
    const sum = fractionOf(Exact.multiply(Exact.exact(step.points), multiplier));
    return from === null || sum === null ? [] : [{ from, points: sum }];
  });
  return steps.length === (rule.steps?.length ?? 1) ? { by: 'sum', steps } : null;
};

const fractionOf = ({ n, d }: Exact.Exact): Fraction | null => {
  const [top, bottom] = [Safe.whole(Number(n)), Safe.whole(Number(d))];
  return top >= 0 && bottom > 0 ? { n: top, d: bottom } : null;
};

/** What a rule gives the lines that it is about. */
export interface Given {
  /** Whole points, by line. */
  readonly perLine: readonly number[];
  /** Their sum. */
  readonly points: number;
  /** What that was before it was rounded. */
  readonly exact: Fraction;
}

/** More than a receipt ever gives by one rule, and little enough for a thousand of them to be added up. */
const pointsMax = 2 ** 43;

/**
 * Shares out what a rule gives over what the lines weigh, with nothing lost between them: see `pointsPerLine`, which does the same with
 * numbers of any size. `perOne`: the weight that stands for one. Null where a double does not hold a number of it.
 */
export const give = (
  { rounding, level }: Pick<EarningRule, 'rounding' | 'level'>,
  giving: Giving,
  weights: readonly number[],
  perOne: number,
): Given | null => {
  let whole = 0;
  for (const weight of weights) whole += weight;
  if (!(whole <= Safe.max)) return null;
  const rate = rateOf(giving, whole, perOne);
  if (rate === null) return null;
  const exact =
    giving.by === 'sum' ? rate.exact : { n: Safe.times(whole, rate.n), d: Safe.whole(rate.d) };
  const rounded = Safe.round(exact.n, exact.d, rounding);
  if (!(rounded <= pointsMax)) return null;
  if (level === 'receipt') {
    const perLine = Safe.allocate(rounded, weights, whole);
    return perLine === null ? null : { perLine, points: whole === 0 ? 0 : rounded, exact };
  }
  // Each is less than the whole, which a double holds.
  const perLine = weights.map((weight) => Safe.round(Safe.times(weight, rate.n), rate.d, rounding));
  let points = 0;
  for (const own of perLine) points += own;
  return points <= pointsMax ? { perLine, points, exact } : null;
};

const nothing: Fraction = { n: 0, d: 1 };

/** What a weight gives, as `weight * n / d`; and of a sum for all lines, what that is exactly. Null beyond what a double holds. */
const rateOf = (
  giving: Giving,
  whole: number,
  perOne: number,
): (Fraction & { readonly exact: Fraction }) | null => {
  if (giving.by !== 'sum') {
    const d = Safe.times(giving.each.d, perOne);
    return d > 0 ? { n: giving.each.n, d, exact: nothing } : null;
  }
  if (whole === 0) return { ...nothing, exact: nothing };
  let reached = nothing;
  for (const { from, points } of giving.steps) {
    const [here, there] = [Safe.times(whole, from.d), Safe.times(from.n, perOne)];
    if (Number.isNaN(here) || Number.isNaN(there)) return null;
    if (here >= there) reached = points;
  }
  const d = Safe.times(reached.d, whole);
  return d > 0 ? { n: reached.n, d, exact: reached } : null;
};

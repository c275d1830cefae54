import { Exact } from '@tallystick/kernel';
import type { EarningRule } from '../rulebook.js';

/** A sold line as a rule sees it. */
export interface CountedLine {
  /** An exact decimal. */
  readonly quantity: string;
  /** What counts of it, in major units: 0 when it is excluded or free, less what was paid with points. */
  readonly base: Exact.Exact;
  /** Whether the rule is about this line. */
  readonly chosen: boolean;
}

/**
 * What a rule gives each line, in whole points: rounded where the rule says, with nothing lost between the lines (largest remainder,
 * ties by line order). `known.given`: what the rules that an `extra` builds on gave each line. Source of the remainder's rule: the ledger's own,
 * 1000 over 3 lines are 334 + 333 + 333.
 */
export const pointsPerLine = (
  rule: EarningRule,
  lines: readonly CountedLine[],
  multiplier: Exact.Exact,
  { given, all }: Known,
): { readonly perLine: readonly bigint[]; readonly exact: Exact.Exact } => {
  const { weights, each } = sharesOf(rule, lines, multiplier, given);
  // A rule about all lines weighs them by what counts of them, of which the sum is known.
  const whole =
    lines === all.lines && rule.extra === undefined && rule.each === undefined
      ? all.whole
      : Exact.sum(weights);
  const exact = Exact.multiply(whole, each(whole));
  if (rule.level === 'receipt')
    return { perLine: Exact.allocate(Exact.round(exact, rule.rounding), weights), exact };
  const factor = each(whole);
  const perLine = weights.map((weight) =>
    Exact.round(Exact.multiply(weight, factor), rule.rounding),
  );
  return { perLine, exact };
};

/** What is the same for every rule of a receipt. */
export interface Known {
  readonly given: (rules: readonly string[]) => readonly bigint[];
  /** All lines that are not excluded, and what counts of them in all. */
  readonly all: { readonly lines: readonly CountedLine[]; readonly whole: Exact.Exact };
}

/** What each line weighs, and how many points, exactly, a weight of one gives: what a line is given before any rounding is their product. */
interface Shares {
  readonly weights: readonly Exact.Exact[];
  readonly each: (whole: Exact.Exact) => Exact.Exact;
}

const sharesOf = (
  rule: EarningRule,
  lines: readonly CountedLine[],
  multiplier: Exact.Exact,
  given: Known['given'],
): Shares => {
  if (rule.extra !== undefined) {
    const factor = Exact.multiply(Exact.exact(rule.extra), multiplier);
    const before = given(rule.of ?? []);
    return {
      weights: lines.map(({ chosen }, index) =>
        chosen ? Exact.exact(before[index] ?? 0n) : Exact.zero,
      ),
      each: () => factor,
    };
  }
  const points = Exact.exact(rule.points ?? 0);
  if (rule.each !== undefined) {
    const factor = Exact.multiply(points, multiplier);
    return {
      weights: lines.map(({ chosen, base, quantity }) => {
        if (!chosen || !Exact.isPositive(base)) return Exact.zero;
        return rule.each === 'unit' ? Exact.exact(quantity) : Exact.one;
      }),
      each: () => factor,
    };
  }
  const weights = lines.map(({ chosen, base }) => (chosen ? base : Exact.zero));
  if (rule.per !== undefined) {
    const rate = Exact.multiply(Exact.divide(points, Exact.exact(rule.per)), multiplier);
    return { weights, each: () => rate };
  }
  // A sum that belongs to the receipt is shared by what the lines come to.
  return {
    weights,
    each: (whole) => {
      if (!Exact.isPositive(whole)) return Exact.zero;
      const sum = rule.steps === undefined ? points : reached(rule, whole);
      return Exact.divide(Exact.multiply(sum, multiplier), whole);
    },
  };
};

const reached = (rule: EarningRule, total: Exact.Exact): Exact.Exact => {
  let points = 0;
  for (const step of rule.steps ?? [])
    if (Exact.compare(total, Exact.exact(step.from)) >= 0) points = step.points;
  return Exact.exact(points);
};

/** Cuts whole points of lines to a lower sum, in proportion. */
export const cutTo = (perLine: readonly bigint[], points: bigint): bigint[] =>
  Exact.allocate(
    points,
    perLine.map((own) => Exact.exact(own)),
  );

export const totalOf = (perLine: readonly bigint[]): bigint =>
  perLine.reduce((total, points) => total + points, 0n);

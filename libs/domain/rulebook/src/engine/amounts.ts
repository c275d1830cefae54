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
 * ties by line order). `given`: what the rules that an `extra` builds on gave each line. Source of the remainder's rule: the ledger's own,
 * 1000 over 3 lines are 334 + 333 + 333.
 */
export const pointsPerLine = (
  rule: EarningRule,
  lines: readonly CountedLine[],
  multiplier: Exact.Exact,
  given: (rules: readonly string[]) => readonly bigint[],
): { readonly perLine: readonly bigint[]; readonly exact: Exact.Exact } => {
  const shares = sharesOf(rule, lines, multiplier, given);
  const exact = Exact.sum(shares);
  if (rule.level === 'line')
    return { perLine: shares.map((share) => Exact.round(share, rule.rounding)), exact };
  return { perLine: Exact.allocate(Exact.round(exact, rule.rounding), shares), exact };
};

/** Exact points by line, before any rounding. */
const sharesOf = (
  rule: EarningRule,
  lines: readonly CountedLine[],
  multiplier: Exact.Exact,
  given: (rules: readonly string[]) => readonly bigint[],
): Exact.Exact[] => {
  const times = (value: Exact.Exact): Exact.Exact => Exact.multiply(value, multiplier);
  if (rule.extra !== undefined) {
    const factor = Exact.exact(rule.extra);
    const before = given(rule.of ?? []);
    return lines.map(({ chosen }, index) =>
      chosen ? times(Exact.multiply(Exact.exact(before[index] ?? 0n), factor)) : Exact.zero,
    );
  }
  const bases = lines.map(({ chosen, base }) => (chosen ? base : Exact.zero));
  const points = Exact.exact(rule.points ?? 0);
  if (rule.per !== undefined) {
    const rate = times(Exact.divide(points, Exact.exact(rule.per)));
    return bases.map((base) => Exact.multiply(base, rate));
  }
  if (rule.each !== undefined) {
    return lines.map(({ chosen, base, quantity }) => {
      if (!chosen || !Exact.isPositive(base)) return Exact.zero;
      return times(rule.each === 'unit' ? Exact.multiply(points, Exact.exact(quantity)) : points);
    });
  }
  return overLines(times(rule.steps === undefined ? points : reached(rule, bases)), bases);
};

const reached = (rule: EarningRule, bases: readonly Exact.Exact[]): Exact.Exact => {
  const total = Exact.sum(bases);
  let points = 0;
  for (const step of rule.steps ?? [])
    if (Exact.compare(total, Exact.exact(step.from)) >= 0) points = step.points;
  return Exact.exact(points);
};

/** A sum that belongs to the receipt is shared by what the lines come to. */
const overLines = (total: Exact.Exact, bases: readonly Exact.Exact[]): Exact.Exact[] => {
  const whole = Exact.sum(bases);
  if (!Exact.isPositive(whole)) return bases.map(() => Exact.zero);
  return bases.map((base) => Exact.divide(Exact.multiply(total, base), whole));
};

/** Cuts whole points of lines to a lower sum, in proportion. */
export const cutTo = (perLine: readonly bigint[], points: bigint): bigint[] =>
  Exact.allocate(
    points,
    perLine.map((own) => Exact.exact(own)),
  );

export const totalOf = (perLine: readonly bigint[]): bigint =>
  perLine.reduce((total, points) => total + points, 0n);

import { Exact } from '@tallystick/kernel';

/** A line that is reduced. */
export interface Reduced {
  /** The discount that reduces it. */
  readonly by: string;
  /** What it costs, in minor units: not negative. */
  readonly costs: Exact.Exact;
  /** What it is reduced by before anything is rounded, in minor units: from 0 to what it costs. */
  readonly off: Exact.Exact;
}

/**
 * Whole minor units for each line: all of them come to what is reduced exactly, rounded half up once, with the largest remainders. No line
 * gets more than it costs: the rest goes to lines of the same discount, the dearest first, and is not given where none of these can take it.
 */
export const sharesOf = (reduced: readonly Reduced[]): readonly bigint[] => {
  const offs = reduced.map(({ off }) => off);
  const shares = Exact.allocate(Exact.round(Exact.sum(offs), 'half-up'), offs);
  const mosts = reduced.map(({ costs }) => Exact.round(costs, 'down'));
  const rests = new Map<string, bigint>();
  for (const [index, { by }] of reduced.entries()) {
    const rest = (shares[index] ?? 0n) - (mosts[index] ?? 0n);
    if (rest <= 0n) continue;
    shares[index] = mosts[index] ?? 0n;
    rests.set(by, (rests.get(by) ?? 0n) + rest);
  }
  if (rests.size === 0) return shares;
  const dearestFirst = [...mosts.entries()].sort(([a, one], [b, other]) =>
    one === other ? a - b : one > other ? -1 : 1,
  );
  for (const [index, most] of dearestFirst) {
    const by = reduced[index]?.by ?? '';
    const [rest, share] = [rests.get(by) ?? 0n, shares[index] ?? 0n];
    const more = rest < most - share ? rest : most - share;
    shares[index] = share + more;
    rests.set(by, rest - more);
  }
  return shares;
};

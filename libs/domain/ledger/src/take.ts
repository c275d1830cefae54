import { Points, invariant, type Instant } from '@tallystick/kernel';
import type { Account, LotState } from './account.js';
import type { Allocation, Lot, LotId } from './events.js';
import { withCameBack } from './lots.js';
import { arrearsOf, isOver, phaseOf, spendingOrder } from './valuation.js';

export interface Taking {
  readonly allocations: readonly Allocation[];
  /** What the lots did not hold. */
  readonly short: Points.Points;
}

/** Takes points from lots in the order given, as far as they go. Changes nothing: says what would be taken. */
export const takeInOrder = (lots: Iterable<LotState>, wanted: Points.Points): Taking => {
  const allocations: Allocation[] = [];
  let short = wanted;
  for (const state of lots) {
    if (short === 0) break;
    const points = Points.least(state.remaining, short);
    if (points === 0) continue;
    allocations.push({ lot: state.lot.id, points });
    short = Points.minus(short, points);
  }
  return { allocations, short };
};

/** The lots that may be spent at an instant, in spending order. The account must be as of that instant (`asOf`). */
export const spendable = (account: Account, at: Instant): LotState[] => {
  for (const hold of account.holds.values())
    invariant(!isOver(hold, at), `hold ${hold.id} is over and still holds its lots`);
  return [...account.lots.values()]
    .filter((lot) => phaseOf(lot, at) === 'available')
    .sort(spendingOrder);
};

export const pendingLots = (account: Account, at: Instant): LotState[] =>
  [...account.lots.values()].filter((lot) => phaseOf(lot, at) === 'pending').sort(spendingOrder);

/**
 * Where reversed points come from: the lots that the sale earned, whatever their dates, and what has come back of them; then what else is available,
 * in spending order; then what is pending. What is short becomes arrears. What had expired unspent is lost to the member already:
 * it is asked of no other lot, and nobody owes it, so that it makes no difference whether expiry is posted before the return or after it.
 */
export const takeBack = (
  account: Account,
  own: readonly Allocation[],
  at: Instant,
): Taking & { readonly expired: readonly Allocation[] } => {
  const left = new Map<LotId, number>();
  const allocations = new Map<LotId, Points.Points>();
  let short = Points.noPoints;
  const take = (lot: LotState, wanted: Points.Points): Points.Points => {
    const there = Points.points(left.get(lot.lot.id) ?? lot.remaining);
    const points = Points.least(there, wanted);
    left.set(lot.lot.id, there - points);
    if (points > 0) {
      allocations.set(
        lot.lot.id,
        Points.plus(allocations.get(lot.lot.id) ?? Points.noPoints, points),
      );
    }
    return Points.minus(wanted, points);
  };
  const expired = new Map<LotId, Points.Points>();
  const statesOf = withCameBack(account);
  for (const { lot, points } of own) {
    const states = statesOf(lot);
    let gone = points;
    for (const state of states) gone = take(state, gone);
    for (const { lot: of, expired: lapsed } of states) {
      const before = expired.get(of.id) ?? Points.noPoints;
      const unspent = Points.least(gone, Points.minus(lapsed, before));
      if (unspent > 0) expired.set(of.id, Points.plus(before, unspent));
      gone = Points.minus(gone, unspent);
    }
    short = Points.plus(short, gone);
  }
  if (short > 0) {
    for (const lot of [...spendable(account, at), ...pendingLots(account, at)]) {
      if (short === 0) break;
      short = take(lot, short);
    }
  }
  return { allocations: listed(allocations), short, expired: listed(expired) };
};

const listed = (points: ReadonlyMap<LotId, Points.Points>): Allocation[] =>
  [...points].map(([lot, of]) => ({ lot, points: of }));

/** Parts allocations in two: the first `wanted` points of them, and what is left. */
export const split = (
  allocations: readonly Allocation[],
  wanted: Points.Points,
): { readonly taken: readonly Allocation[]; readonly left: readonly Allocation[] } => {
  const taken: Allocation[] = [];
  const left: Allocation[] = [];
  let open = wanted;
  for (const { lot, points } of allocations) {
    const now = Points.least(points, open);
    open = Points.minus(open, now);
    if (now > 0) taken.push({ lot, points: now });
    if (now < points) left.push({ lot, points: Points.minus(points, now) });
  }
  return { taken, left };
};

/**
 * How a programme settles arrears: what comes in next pays them; they are waived as they arise; or they stay until
 * they are paid in money (or waived by people).
 */
export type ArrearsPolicy = 'next-awards' | 'waived' | 'paid-in-money';

/** Of lots that come in, those that have not lapsed: what has is lost to the member, and pays nothing either. */
export const unlapsed = <L extends Pick<Lot, 'expiresAt'>>(
  lots: readonly L[],
  at: Instant,
): readonly L[] => lots.filter(({ expiresAt }) => expiresAt === null || expiresAt > at);

/** What lots that come in pay of what the account owes: the first lots first. `owed` is told where the account is not at that point yet. */
export const payArrearsFrom = (
  account: Account,
  lots: readonly Pick<Lot, 'id' | 'points'>[],
  policy: ArrearsPolicy = 'next-awards',
  owed = arrearsOf(account),
): Allocation[] => {
  if (policy !== 'next-awards') return [];
  const paid: Allocation[] = [];
  let open = owed;
  for (const lot of lots) {
    const points = Points.least(lot.points, open);
    if (points === 0) continue;
    paid.push({ lot: lot.id, points });
    open = Points.minus(open, points);
  }
  return paid;
};

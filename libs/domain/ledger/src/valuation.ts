import { Points, invariant, type Instant } from '@tallystick/kernel';
import type { Account, HoldState, LotState } from './account.js';

export const arrearsOf = (account: Account): Points.Points =>
  Points.minus(account.totals.arrearsRaised, account.totals.arrearsPaid);

/** What all lots together still hold, whatever their dates. */
export const unspentOf = (account: Account): Points.Points => {
  let sum = Points.noPoints;
  for (const lot of account.lots.values()) sum = Points.plus(sum, lot.remaining);
  return sum;
};

/** What all open holds together reserve, those included whose time is over and that are not posted as released yet. */
export const heldOf = (account: Account): Points.Points => {
  let sum = Points.noPoints;
  for (const hold of account.holds.values())
    for (const { points } of hold.left) sum = Points.plus(sum, points);
  return sum;
};

export type LotPhase = 'pending' | 'available' | 'lapsed';

export const phaseOf = (state: LotState, at: Instant): LotPhase => {
  if (at < state.lot.availableAt) return 'pending';
  return state.expiresAt !== null && at >= state.expiresAt ? 'lapsed' : 'available';
};

/** A hold whose time is over holds nothing, whether or not that is posted. */
export const isOver = (hold: HoldState, at: Instant): boolean =>
  hold.status === 'open' && hold.lapsesAt <= at;

/**
 * The account's equation, at any position of its stream: what came in is what is there and what went out.
 * Waiving arrears is an adjustment up, and so is taking money for them.
 */
export const equationOf = (
  account: Account,
): { readonly cameIn: Points.Points; readonly isThereOrWentOut: Points.Points } => {
  const of = account.totals;
  return {
    cameIn: Points.total([
      of.opening,
      of.earned,
      of.transferredIn,
      of.adjustedUp,
      of.refunded,
      of.arrearsRaised,
    ]),
    isThereOrWentOut: Points.total([
      unspentOf(account),
      heldOf(account),
      of.redeemed,
      of.reversed,
      of.expired,
      of.transferredOut,
      of.adjustedDown,
      of.arrearsPaid,
    ]),
  };
};

export const assertEquation = (account: Account): void => {
  const { cameIn, isThereOrWentOut } = equationOf(account);
  invariant(
    cameIn === isThereOrWentOut,
    `account ${account.opened?.account ?? '?'}: ${cameIn} came in, ${isThereOrWentOut} are there or went out`,
  );
  invariant(arrearsOf(account) >= 0, 'arrears are never negative');
};

/** Soonest-expiring first, then oldest, then by id. */
export const spendingOrder = (a: LotState, b: LotState): number => {
  if (a.expiresAt !== b.expiresAt) {
    if (a.expiresAt === null) return 1;
    if (b.expiresAt === null) return -1;
    return a.expiresAt < b.expiresAt ? -1 : 1;
  }
  if (a.lot.availableAt !== b.lot.availableAt)
    return a.lot.availableAt < b.lot.availableAt ? -1 : 1;
  return a.lot.id < b.lot.id ? -1 : a.lot.id > b.lot.id ? 1 : 0;
};

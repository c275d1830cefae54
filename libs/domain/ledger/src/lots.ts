import { Points, invariant, type AccountId, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, LotState } from './account.js';
import type { Allocation, Lot, LotId } from './events.js';

/** A lot that the account has, or had. */
export const lotStateOf = (account: Account, id: string): LotState => {
  const state = account.lots.get(id) ?? account.emptied.get(id);
  invariant(state !== undefined, `lot ${id} is known`);
  return state;
};

/** A lot, and behind it those that its points have come back as after it had lapsed. */
export const withCameBack = (account: Account): ((lot: LotId) => readonly LotState[]) => {
  const cameBack = new Map<LotId, LotState[]>();
  for (const states of [account.lots, account.emptied])
    for (const state of states.values())
      if (state.lot.of !== undefined)
        cameBack.set(state.lot.of, [...(cameBack.get(state.lot.of) ?? []), state]);
  const byId = (a: LotState, b: LotState): number => (a.lot.id < b.lot.id ? -1 : 1);
  return (lot) => [lotStateOf(account, lot), ...(cameBack.get(lot) ?? []).sort(byId)];
};

/** Adds points to a lot, which may be new to the account. */
export const putIn = (
  account: Account,
  lot: Lot,
  points: Points.Points,
  expiresAt: Lot['expiresAt'],
): void => {
  const state = account.lots.get(lot.id) ??
    account.emptied.get(lot.id) ?? {
      lot,
      remaining: Points.noPoints,
      expiresAt,
      expired: Points.noPoints,
    };
  if (lot.inactivity !== undefined) account.inactivity = true;
  state.remaining = Points.plus(state.remaining, points);
  state.expiresAt = expiresAt;
  account.emptied.delete(lot.id);
  (state.remaining > 0 ? account.lots : account.emptied).set(lot.id, state);
};

export const takeOut = (account: Account, { lot, points }: Allocation): void => {
  const state = account.lots.get(lot);
  invariant(state !== undefined && state.remaining >= points, `lot ${lot} holds ${points}`);
  state.remaining = Points.minus(state.remaining, points);
  if (state.remaining === 0) {
    account.lots.delete(lot);
    account.emptied.set(lot, state);
  }
};

/** Points that had just come in pay what the account owes. */
export const payArrears = (account: Account, allocations: readonly Allocation[]): void => {
  for (const allocation of allocations) {
    takeOut(account, allocation);
    count(account, 'arrearsPaid', allocation.points);
  }
};

/** Points come back to a lot that the account has had, whatever its dates are now. */
export const giveBack = (account: Account, { lot, points }: Allocation): void => {
  const state = lotStateOf(account, lot);
  putIn(account, state.lot, points, state.expiresAt);
};

/** Whether so many points more may come in: whatever becomes of them, no sum of the account then goes beyond 2^53 - 1. */
export const hasRoomFor = ({ totals: of }: Account, points: Points.Points): boolean =>
  Number.isSafeInteger(
    of.opening +
      of.earned +
      of.transferredIn +
      of.adjustedUp +
      of.refunded +
      of.arrearsRaised +
      points,
  );

/** It would come to more than an account can hold, 2^53 - 1 in all. */
export interface BeyondLimit {
  readonly kind: 'beyond-limit';
}

/** Adds to one of an account's sums. */
export const count = (
  account: Account,
  total: keyof Account['totals'],
  points: Points.Points,
): void => {
  account.totals[total] = Points.plus(account.totals[total], points);
};

/** A fact that is known by its name and content alone. */
export const remember = (
  account: Account,
  data: { readonly fact: FactId; readonly factHash: string; readonly occurredAt: Instant },
): Account => {
  const { fact, factHash, occurredAt } = data;
  account.known.set(fact, { id: fact, hash: factHash, occurredAt });
  return account;
};

/** Whether a fact of that kind is new to an account, the same, or another under the same name. */
export const knownOf = (
  account: Account,
  fact: FactId,
  factHash: string,
): { readonly kind: 'known' } | { readonly kind: 'conflict' } | null => {
  const known = account.known.get(fact);
  if (known === undefined) return null;
  return { kind: known.hash === factHash ? 'known' : 'conflict' };
};

/**
 * The account became part of another one, which answers for it from then on. Who follows it there makes sure first that
 * the successor has absorbed it (`decideMergeIn`): until then the successor does not know what was known here.
 */
export interface MergedAway {
  readonly kind: 'merged';
  readonly into: AccountId;
}

/** Why an account can do nothing, before anything else is looked at. */
export const closedTo = (account: Account): { readonly kind: 'unopened' } | MergedAway | null => {
  return account.opened === null ? { kind: 'unopened' } : mergedAway(account);
};

export const mergedAway = ({ merged }: Account): MergedAway | null =>
  merged === null ? null : { kind: 'merged', into: merged.into };

/** Spend that counts for tiers, in minor units; a return counts against its sale's year. */
export const addSpend = (account: Account, year: string, minor: number): void => {
  account.spend.set(
    year,
    Points.plus(Points.points(account.spend.get(year) ?? 0), Points.points(minor)),
  );
};

export const sumOf = (allocations: readonly Allocation[]): Points.Points =>
  Points.total(allocations.map(({ points }) => points));

import { factId, invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, LotState } from './account.js';
import { isOutstanding } from './certificates.js';
import type { PointsExpired } from './events-corrections.js';
import { sumOf } from './lots.js';
import { phaseOf, spendingOrder } from './valuation.js';

export type ExpiryDecision =
  | { readonly kind: 'expired'; readonly event: PointsExpired }
  /** Nothing has lapsed that is not posted. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unopened' };

/**
 * Posts what has lapsed up to a moment. It depends on nothing but the account and that moment: run again, it finds nothing;
 * broken off, it goes on; run late, it posts the same lots that it would have posted in time.
 */
export const decideExpiry = (
  account: Account,
  clock: { readonly fact: FactId; readonly through: Instant },
): ExpiryDecision => {
  if (account.opened === null) return { kind: 'unopened' };
  const allocations = [...account.lots.values()]
    .filter((lot) => phaseOf(lot, clock.through) === 'lapsed')
    .sort(spendingOrder)
    .map(({ lot, remaining }) => ({ lot: lot.id, points: remaining }));
  if (allocations.length === 0) return { kind: 'nothing' };
  return {
    kind: 'expired',
    event: {
      type: 'PointsExpired',
      data: {
        ...clock,
        occurredAt: clock.through,
        points: sumOf(allocations),
        allocations,
      },
    },
  };
};

/** Names what expires on an account at a moment, whoever posts it. With what had expired before: points may come back to a lot and lapse again at once, for the same moment. */
export const expiryFact = (account: Account, through: Instant, expiredBefore: number): FactId => {
  const { opened } = account;
  invariant(opened !== null, 'only on an account that is open something expires');
  return factId('expiry', opened.program, opened.account, through, String(expiredBefore));
};

/** Posts all that has lapsed up to an instant, each moment by an event of its own, as accrual's clock would have posted it in time. */
export const decideExpiries = (account: Account, through: Instant): readonly PointsExpired[] => {
  const lapsed = [...account.lots.values()].filter((lot) => phaseOf(lot, through) === 'lapsed');
  const moments = Map.groupBy(lapsed, lapseOf);
  let expired: number = account.totals.expired;
  return [...moments.keys()].sort().map((moment) => {
    const allocations = (moments.get(moment) ?? [])
      .sort(spendingOrder)
      .map(({ lot, remaining }) => ({ lot: lot.id, points: remaining }));
    const fact = expiryFact(account, moment, expired);
    const points = sumOf(allocations);
    expired += points;
    return {
      type: 'PointsExpired',
      data: { fact, through: moment, occurredAt: moment, points, allocations },
    };
  });
};

/** A lot that would lapse while it is still pending lapses as it becomes available. */
const lapseOf = ({ expiresAt, lot }: LotState): Instant => {
  invariant(expiresAt !== null, 'what has lapsed had a date');
  return expiresAt < lot.availableAt ? lot.availableAt : expiresAt;
};

/** When accrual's clock has next something to post for an account: a lot that lapses, a hold, or a certificate. null: never, as it stands. */
export const nextDue = (account: Account): Instant | null => {
  let next: Instant | null = null;
  const consider = (at: Instant): void => {
    if (next === null || at < next) next = at;
  };
  for (const lot of account.lots.values()) if (lot.expiresAt !== null) consider(lapseOf(lot));
  for (const hold of account.holds.values()) if (hold.status === 'open') consider(hold.lapsesAt);
  for (const state of account.certificates.values())
    if (isOutstanding(state)) consider(state.validUntil);
  return next;
};

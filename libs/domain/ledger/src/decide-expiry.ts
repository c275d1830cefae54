import type { FactId, Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
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

/** When accrual's clock has next something to post for an account: a lot that lapses, or a hold. null: never, as it stands. */
export const nextDue = (account: Account): Instant | null => {
  let next: Instant | null = null;
  const consider = (at: Instant | null): void => {
    if (at !== null && (next === null || at < next)) next = at;
  };
  for (const { expiresAt, lot } of account.lots.values()) {
    // A lot that would lapse while it is still pending lapses as it becomes available.
    consider(expiresAt !== null && expiresAt < lot.availableAt ? lot.availableAt : expiresAt);
  }
  for (const hold of account.holds.values()) if (hold.status === 'open') consider(hold.lapsesAt);
  return next;
};

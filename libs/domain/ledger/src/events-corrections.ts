import type { FactId, Instant, Points } from '@tallystick/kernel';
import type { Allocation, Lot, RulebookRef } from './events.js';

/** Lots whose time was over, posted by accrual's clock. They could not be spent before either. */
export interface PointsExpired {
  readonly type: 'PointsExpired';
  readonly data: {
    /** The run of the clock that found them, or the refund that prolongs a lot of them. */
    readonly fact: FactId;
    readonly occurredAt: Instant;
    /** All that had lapsed up to this moment is posted by this event or an earlier one. */
    readonly through: Instant;
    readonly points: Points.Points;
    readonly allocations: readonly Allocation[];
  };
}

/** Who answers for a correction: two people, never the same; or the rulebook, which two people have signed. */
export type Authority =
  | { readonly by: 'people'; readonly requestedBy: string; readonly approvedBy: string }
  | { readonly by: 'rulebook'; readonly rulebook: RulebookRef };

/** An amount of money that was paid for arrears, in whole minor units, and where it is booked. */
export interface ArrearsPayment {
  readonly minor: number;
  readonly currency: string;
  readonly reference: string;
}

/** What a person, or the rulebook, corrects. */
export interface PointsAdjusted {
  readonly type: 'PointsAdjusted';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    readonly cause: 'correction' | 'arrears-waived' | 'arrears-paid-in-money';
    readonly direction: 'up' | 'down';
    /** Up: the sum of `lots`, or `arrearsSettled`. Down: the sum of `taken`. */
    readonly points: Points.Points;
    readonly reason: string;
    readonly authority: Authority;
    /** What came in. */
    readonly lots: readonly Lot[];
    /** The part of `lots` that paid what the account owed. */
    readonly arrearsPaid: readonly Allocation[];
    /** What went out. */
    readonly taken: readonly Allocation[];
    /** What is owed no more, without points for it. */
    readonly arrearsSettled: Points.Points;
    /** The part of `arrearsSettled` that nobody should owe: a return asked for points that had expired unspent. */
    readonly expiredReturned: readonly Allocation[];
    /** The money, where it was paid in money. */
    readonly payment: ArrearsPayment | null;
  };
}

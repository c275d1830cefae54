import type { AccountId, FactId, Instant, Points } from '@tallystick/kernel';
import type { Carried } from './carried.js';
import type { Allocation, Lot } from './events.js';

interface Transfer {
  readonly fact: FactId;
  readonly factHash: string;
  readonly occurredAt: Instant;
  readonly from: AccountId;
  /** Whom it was sent to; where that account was merged meanwhile, its successor receives it. */
  readonly to: AccountId;
  readonly points: Points.Points;
  readonly reason: string;
  /** What arrives: the same dates, funders and causes under new names. */
  readonly lots: readonly Lot[];
}

/** Points go from one account to another: an event on each, and each names the other. What is between the two is `transferred`. */
export interface PointsTransferred {
  readonly type: 'PointsTransferred';
  readonly data:
    | (Transfer & {
        readonly side: 'out';
        /** The lots that it was taken from. */
        readonly taken: readonly Allocation[];
      })
    | (Transfer & {
        readonly side: 'in';
        /** What of it paid what the account owed. */
        readonly arrearsPaid: readonly Allocation[];
      });
}
export type TransferOut = Extract<PointsTransferred['data'], { side: 'out' }>;

interface Merge {
  readonly fact: FactId;
  readonly factHash: string;
  readonly occurredAt: Instant;
  readonly source: AccountId;
  readonly target: AccountId;
  readonly reason: string;
  /** What had become part of the source before: what is sent to any of them arrives at the target from now on. */
  readonly absorbed: readonly AccountId[];
  readonly unspent: Points.Points;
  readonly held: Points.Points;
  readonly arrears: Points.Points;
  /** Closed facts before this moment were left behind. */
  readonly keepFrom: Instant;
  /** All that the source was: lots, open holds, facts that can still come back, redemptions that can still be refunded. */
  readonly carried: Carried;
}

/** One account becomes part of another: an event on each, and each names the other. The source is empty from then on, and names its successor. */
export interface AccountsMerged {
  readonly type: 'AccountsMerged';
  readonly data:
    | (Merge & { readonly side: 'source' })
    | (Merge & {
        readonly side: 'target';
        /** What either owed is paid from what both have. */
        readonly arrearsPaid: readonly Allocation[];
      });
}
export type MergeOut = Extract<AccountsMerged['data'], { side: 'source' }>;

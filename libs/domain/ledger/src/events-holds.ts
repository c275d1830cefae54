import type { FactId, Instant, Points } from '@tallystick/kernel';
import type { Allocation } from './events.js';
import type { ArrearsPolicy } from './take.js';

/** First phase of a redemption: lots are reserved, and nobody else can spend them. */
export interface PointsHeld {
  readonly type: 'PointsHeld';
  readonly data: {
    readonly hold: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    /** From this moment on it holds nothing any more; that is posted by whoever comes first, or by accrual's clock. */
    readonly lapsesAt: Instant;
    readonly points: Points.Points;
    /** What they are to be spent on: `discount`, `reward:<id>`. */
    readonly kind: string;
    readonly reference: string;
    /** How what comes back pays what is owed, should it lapse; older releases did not say. */
    readonly arrearsPolicy?: ArrearsPolicy;
    readonly allocations: readonly Allocation[];
  };
}

/** Second phase: what was reserved, or a part of it, is spent. From here on `fact` is a redemption, and can be refunded as one. */
export interface HoldCaptured {
  readonly type: 'HoldCaptured';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly hold: FactId;
    readonly occurredAt: Instant;
    readonly points: Points.Points;
    readonly kind: string;
    /** The hold's lots in the order in which they were reserved. */
    readonly allocations: readonly Allocation[];
  };
}

/** Second phase, the other way: all that is still reserved goes back to its lots, with the dates that they have. */
export interface HoldReleased {
  readonly type: 'HoldReleased';
  readonly data: {
    /** What asked for it; the hold itself when its time was over. It is then posted for that moment, whoever posts it. */
    readonly fact: FactId;
    readonly factHash: string;
    readonly hold: FactId;
    readonly occurredAt: Instant;
    /** `captured-in-part`: a last capture left a rest. */
    readonly cause: 'released' | 'lapsed' | 'captured-in-part';
    readonly points: Points.Points;
    readonly allocations: readonly Allocation[];
    /** What was owed is paid from points that come back, as from new ones. */
    readonly arrearsPaid: readonly Allocation[];
  };
}

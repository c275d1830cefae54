import type { FactId, Instant, Points } from '@tallystick/kernel';
import type { Allocation, EarnedLine, Lot, LotId, RatedFrom, RulebookRef } from './events.js';

/**
 * A fact that a wrong version of the rulebook had rated is rated by the corrected one: what differs is posted, and no more. Rules whose
 * lots stay as they are keep them; the others' lots are replaced.
 */
export interface EarningRerated {
  readonly type: 'EarningRerated';
  readonly data: {
    /** The receipt, or the partner's event. */
    readonly fact: FactId;
    readonly factRevision: number;
    readonly factHash: string;
    readonly occurredAt: Instant;
    /** The run that people asked for and approved. */
    readonly run: FactId;
    readonly reason: string;
    readonly requestedBy: string;
    readonly approvedBy: string;
    /** The version that had rated it, and the one that rates it from now on. */
    readonly from: RulebookRef;
    readonly rulebook: RulebookRef;
    readonly tier: string | null;
    readonly rated?: RatedFrom;
    /** What it adds in all; negative: what it takes. */
    readonly points: number;
    /** Why the corrected version gives nothing; null when it gives something. */
    readonly nothing: string | null;
    /** What comes: net of what has come back of the lines meanwhile. */
    readonly lots: readonly Lot[];
    /** What the fact's lines held of the lots that are replaced. */
    readonly replaced: readonly Allocation[];
    /** The fact's lots from now on. */
    readonly order: readonly LotId[];
    /** Its sold lines from now on, their points in that order. */
    readonly lines: readonly EarnedLine[];
    /** The lots that gave the replaced points back; new ones among them, where the old are spent. */
    readonly taken: readonly Allocation[];
    /** What was no longer there, and is owed now. */
    readonly arrearsRaised: Points.Points;
    /** The part of the new lots that paid what the account owed before. */
    readonly arrearsPaid: readonly Allocation[];
    /** The replaced points by who had paid for them. */
    readonly funders: { readonly [funder: string]: Points.Points };
  };
}

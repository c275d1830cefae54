import type { ReceiptOutcomeKind } from '@tallystick/contracts';
import type { LocalDate } from '@tallystick/kernel';
import type { SentCounts } from '../quarter/quarter.js';
import type { ExplainedAward } from './asking-till.js';
import type { ReceiptReport } from './reports.js';

/** Something that must hold, and whether it does. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** What was seen, in a few words. */
  readonly seen: string;
}

export type OutcomeCounts = Readonly<Record<ReceiptOutcomeKind, number>>;

/** What the sample's end has to tell. */
export interface SampleFacts {
  readonly program: string;
  readonly firstDay: LocalDate;
  readonly lastDay: LocalDate;
  readonly receipts: {
    readonly sent: SentCounts;
    /** Different receipts that were not there before this run. */
    readonly fresh: number;
    /** Messages over HTTP; the others went over the bus. */
    readonly overHttp: number;
    /** Different receipts by what became of them. */
    readonly outcomes: OutcomeCounts;
    readonly reasons: ReceiptReport['reasons'];
  };
  readonly members: { readonly enrolled: number; readonly known: number };
  readonly redemptions: {
    readonly made: number;
    readonly refused: number;
    readonly cancelled: number;
  };
  readonly partnerEvents: number;
  readonly points: {
    readonly earned: number;
    readonly redeemed: number;
    readonly refunded: number;
    readonly reversed: number;
    readonly expired: number;
    readonly available: number;
    readonly pending: number;
    readonly lapsed: number;
    readonly arrears: number;
  };
  readonly checks: readonly Check[];
  /** One award, and why it is so; null: there is none. */
  readonly explained: ExplainedAward | null;
  readonly took: { readonly quarterMs: number; readonly checksMs: number };
  /** A card with a history worth reading. */
  readonly showCard: string;
}

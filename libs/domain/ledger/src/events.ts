import type {
  AccountId,
  CardToken,
  FactId,
  Instant,
  LocalDate,
  MemberId,
  Points,
  ProgramId,
} from '@tallystick/kernel';
import type { CertificateEvent } from './events-certificates.js';
import type { OpeningBalanceImported, PeriodClosed } from './events-closing.js';
import type { PointsAdjusted, PointsExpired } from './events-corrections.js';
import type { EarningRerated } from './events-rerating.js';
import type { HoldCaptured, HoldReleased, PointsHeld } from './events-holds.js';
import type { AccountsMerged, PointsTransferred } from './events-moves.js';

/** Names a lot for ever: `<fact>#<fact revision>.<ordinal>`. */
export type LotId = string;

/** One rule's award: its points, with the dates and the cause that travel with them. */
export interface Lot {
  readonly id: LotId;
  readonly points: Points.Points;
  /** The rule of the rulebook that gave it. */
  readonly rule: string;
  readonly kind: 'base' | 'bonus';
  /** Before this moment the lot is pending: neither spendable nor expiring. */
  readonly availableAt: Instant;
  /** From this moment on it has lapsed; null: never. */
  readonly expiresAt: Instant | null;
  /** It lapses so many months after the account last earned or spent; `expiresAt` is the date that holds if it never does again. */
  readonly inactivity?: { readonly months: number; readonly timeZone: string };
  /** Who pays for it: `chain`, `partner:<id>`, `supplier:<id>`. */
  readonly funder: string;
  /** Whether it counts for a tier. */
  readonly qualifies: boolean;
  /** What its points may cost whoever funds them. Absent: the programme had named no value, or an older release wrote it. */
  readonly cost?: LotCost;
  /** The version of the rulebook that gave it. Absent: people gave it, or another system, or an older release wrote it. */
  readonly rulebook?: number;
  /** The counters of caps that its points count in; absent: none. */
  readonly counters?: readonly string[];
  /** The budget that pays for it, by its name with its period; absent: none. */
  readonly budget?: string;
}

/** So many points are worth `value` when they are spent as money: a rate, true of any part of the lot. */
export interface LotCost {
  readonly points: number;
  /** Major units, an exact decimal. */
  readonly value: string;
  /** ISO 4217. */
  readonly currency: string;
}

/** Points taken from, or given back to, one lot. */
export interface Allocation {
  readonly lot: LotId;
  readonly points: Points.Points;
}

/** Which rulebook version rated a fact: its number and the SHA-256 of its canonical JSON. */
export interface RulebookRef {
  readonly version: number;
  readonly hash: string;
}

/** What a fact was rated from: with these the award, and why it is so, can be made again. */
export interface RatedFrom {
  /** The version of the engine's meaning. */
  readonly engine: number;
  /** SHA-256 of the explanation's JSON text. */
  readonly explanation: string;
  /** Absent: it was not the first. */
  readonly firstPurchase?: true;
  /** What the counters that the rules' caps look at had come to, where that was not 0. */
  readonly counted?: { readonly [counter: string]: number };
  /** How many points were left of the budgets that the rules asked. Absent: none was asked. */
  readonly budgets?: { readonly [budget: string]: number };
  /** What was told of the member, of what the rules ask. Absent: nothing was told, or nothing asked. */
  readonly attributes?: {
    readonly [attribute: string]: boolean | number | string | readonly string[];
  };
}

/** A line that paid a membership's fee, so many times: while it lasts, its level holds. */
export interface PaidMembership {
  readonly membership: string;
  readonly level: string;
  /** Of each. */
  readonly months: number;
  readonly ordinal: number;
  readonly quantity: number;
}

/** What an account remembers of a sold line, so that a return can find it. */
export interface EarnedLine {
  readonly ordinal: number;
  readonly product: string;
  /** Exact decimal, positive. */
  readonly quantity: string;
  /** The line's part of each lot of the same event, in the order of `lots`. */
  readonly points: readonly Points.Points[];
  /** What the line counts for a tier by spend, in minor units. */
  readonly spendMinor: number;
  /** Why the line did not count, in the rulebook's words; null when it did. */
  readonly excluded: string | null;
}

/** What a return, or a correction, takes back of one sold line. */
export interface LineReversal {
  /** The receipt that sold it. */
  readonly fact: FactId;
  readonly ordinal: number;
  /** The returned part, an exact decimal, positive. */
  readonly quantity: string;
  /** The sum over `lots`. */
  readonly points: Points.Points;
  /** Which of the sale's lots these points had been. */
  readonly lots: readonly Allocation[];
  readonly spendMinor: number;
  /** The line of the returning receipt; null when a correction takes the whole line back. */
  readonly returnedBy: number | null;
}

export interface UnmatchedReturn {
  readonly ordinal: number;
  readonly product: string;
  /** The part of the line that no earlier sale holds, an exact decimal, positive. */
  readonly quantity: string;
}

export interface AccountOpened {
  readonly type: 'AccountOpened';
  readonly data: {
    readonly program: ProgramId;
    readonly account: AccountId;
    /** A pseudonym; who it is, only enrollment knows. */
    readonly member: MemberId;
    /** The currency of points: the programme's name for them. */
    readonly unit: string;
  };
}

export interface PointsEarned {
  readonly type: 'PointsEarned';
  readonly data: {
    readonly fact: FactId;
    /** The fact's own revision: a till that corrects a receipt sends it again with the next. */
    readonly factRevision: number;
    readonly factHash: string;
    readonly occurredAt: Instant;
    readonly card: CardToken | null;
    readonly rulebook: RulebookRef;
    /** The tier that the fact was rated with, null without a ladder. */
    readonly tier: string | null;
    /** The sum over `lots`. May be zero: the fact is remembered, and its spend counts. */
    readonly points: Points.Points;
    readonly lots: readonly Lot[];
    readonly lines: readonly EarnedLine[];
    /** Why nothing was awarded, when points is zero. */
    readonly reason: string | null;
    /** The calendar year, in the programme's zone, that the spend counts in. */
    readonly spendYear: string;
    /** The day of the programme that it counts on. Absent: an older release wrote it. */
    readonly day?: LocalDate;
    /** What it was rated from besides the fact and the rulebook. Absent: an older release wrote it. */
    readonly rated?: RatedFrom;
    /** The account has applied other lines of this very revision, which stay: these had nowhere to go until now. Absent: it is all of it. */
    readonly adds?: true;
    /** The part of these lots that paid what the account owed. */
    readonly arrearsPaid: readonly Allocation[];
    /** The fees that it paid; absent: none. */
    readonly memberships?: readonly PaidMembership[];
    /** Reversals by an earlier revision of this fact that this event gives back; their points are among `lots`. */
    readonly reinstated: readonly LineReversal[];
  };
}

export interface EarnReversed {
  readonly type: 'EarnReversed';
  readonly data: {
    readonly fact: FactId;
    readonly factRevision: number;
    readonly factHash: string;
    readonly occurredAt: Instant;
    readonly cause: 'return' | 'correction';
    /** The sum over `reversals`, which is what was taken and what is owed. */
    readonly points: Points.Points;
    readonly reversals: readonly LineReversal[];
    readonly unmatched: readonly UnmatchedReturn[];
    /** The lots that gave the points back. */
    readonly taken: readonly Allocation[];
    /** What was no longer there, and is owed now. */
    readonly arrearsRaised: Points.Points;
    /** The reversed points by who had paid for them. */
    readonly funders: { readonly [funder: string]: Points.Points };
  };
}

export interface PointsRedeemed {
  readonly type: 'PointsRedeemed';
  readonly data: {
    readonly redemption: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    readonly points: Points.Points;
    /** What they were spent on: `discount`, `reward:<id>`. */
    readonly kind: string;
    /** The till's or the shop's own reference. */
    readonly reference: string;
    readonly allocations: readonly Allocation[];
  };
}

export interface RedemptionRefunded {
  readonly type: 'RedemptionRefunded';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly redemption: FactId;
    readonly occurredAt: Instant;
    readonly points: Points.Points;
    /** The kind of the redemption that is refunded. */
    readonly kind: string;
    readonly reason: string;
    /**
     * The same lots come back, each with the date that it has from now on; what comes back of one that had lapsed, as a lot of its own, so
     * that nothing else of it lives on. Absent `as`: in its lot, which an older release gave the later date as a whole.
     */
    readonly lots: readonly (Allocation & {
      readonly expiresAt: Instant | null;
      readonly as?: LotId;
    })[];
    readonly arrearsPaid: readonly Allocation[];
  };
}

export type LedgerEvent =
  | AccountOpened
  | PointsEarned
  | EarnReversed
  | PointsRedeemed
  | RedemptionRefunded
  | PointsHeld
  | HoldCaptured
  | HoldReleased
  | PointsExpired
  | PointsAdjusted
  | PointsTransferred
  | AccountsMerged
  | OpeningBalanceImported
  | PeriodClosed
  | EarningRerated
  | CertificateEvent;
export type LedgerEventType = LedgerEvent['type'];

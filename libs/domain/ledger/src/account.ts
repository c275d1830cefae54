import {
  Points,
  type AccountId,
  type CardToken,
  type FactId,
  type Instant,
  type LocalDate,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import type { Allocation, LineReversal, Lot, LotId } from './events.js';
import type { CertificateState } from './certificates.js';
import type { DayActivity } from './history.js';
import type { MembershipState } from './memberships.js';
import type { ArrearsPolicy } from './take.js';

/** A lot and what is left of it. `expiresAt` is the lot's own, or the later date that a refund gave it, or that the account's activity did. */
export interface LotState {
  readonly lot: Lot;
  remaining: Points.Points;
  expiresAt: Instant | null;
  /** What has lapsed and was posted, and was not asked back by a return since. */
  expired: Points.Points;
}

/** A sold line, and how much of it has come back. */
export interface LineState {
  readonly ordinal: number;
  readonly product: string;
  readonly quantity: string;
  readonly points: readonly Points.Points[];
  readonly spendMinor: number;
  /** Exact decimal, at most `quantity`. */
  returned: string;
  /** Taken back so far, per lot; each at most the line's `points` of that lot. */
  reversed: Points.Points[];
  spendReversedMinor: number;
}

/**
 * What a returned line took back of a sold one. It stays with that line through corrections of the sale, whatever that one earns then;
 * its points and lots are those of the moment at which it was returned.
 */
export interface Claim extends LineReversal {
  /** What was sold on that line. Absent: carried by an older release. */
  readonly product?: string;
}

/** A fact that the account has applied. */
export interface FactState {
  readonly id: FactId;
  revision: number;
  hash: string;
  occurredAt: Instant;
  card: CardToken | null;
  spendYear: string;
  /** The day of the programme that it counts on; absent: an older release carried it. Ask `dayOf`. */
  day?: LocalDate;
  /** The version that rated it; absent: it earned nothing of its own, or an older release carried it. */
  rulebook?: number;
  /** It was the member's first purchase when it was rated; absent: it was not. */
  firstPurchase?: true;
  /** The runs that rated it again; absent: none. */
  rerated?: readonly FactId[];
  lots: readonly LotId[];
  lines: LineState[];
  /** What this fact's own returned lines took back of other facts. */
  reversals: Claim[];
  /** How many facts were applied before it. */
  readonly sequence: number;
}

export interface RedemptionState {
  readonly id: FactId;
  readonly hash: string;
  readonly points: Points.Points;
  readonly kind: string;
  readonly allocations: readonly Allocation[];
  readonly occurredAt: Instant;
  /** The refund's fact, and the hash of its content, once there is one. */
  refundedBy: FactId | null;
  refundHash: string | null;
}

/** Points reserved for one purpose: no one else can spend them until the hold is captured, released or has lapsed. */
export interface HoldState {
  readonly id: FactId;
  readonly hash: string;
  readonly kind: string;
  readonly reference: string;
  readonly occurredAt: Instant;
  /** From this moment on it holds nothing, posted or not. */
  readonly lapsesAt: Instant;
  /** How what comes back pays what is owed, should it lapse; undefined: an older release did not say. */
  readonly arrearsPolicy?: ArrearsPolicy;
  readonly points: Points.Points;
  /** What is still reserved of which lots. */
  left: readonly Allocation[];
  status: 'open' | 'captured' | 'released' | 'lapsed';
}

/** A fact that the account has applied, of a kind that needs no more memory than that. */
export interface KnownFact {
  readonly id: FactId;
  readonly hash: string;
  readonly occurredAt: Instant;
}

/** The sums that the account's equation is made of. None is ever negative, none ever shrinks. */
export interface Totals {
  opening: Points.Points;
  earned: Points.Points;
  transferredIn: Points.Points;
  adjustedUp: Points.Points;
  refunded: Points.Points;
  arrearsRaised: Points.Points;
  redeemed: Points.Points;
  reversed: Points.Points;
  expired: Points.Points;
  transferredOut: Points.Points;
  adjustedDown: Points.Points;
  arrearsPaid: Points.Points;
}

/**
 * An account folded from its events. Only `evolve` changes it, and does so in place:
 * who hands a state to `evolve` must not use the old one again.
 */
export interface Account {
  opened: {
    readonly program: ProgramId;
    readonly account: AccountId;
    readonly member: MemberId;
    readonly unit: string;
  } | null;
  /** Lots with something left, in the order in which they were earned or came back. */
  readonly lots: Map<LotId, LotState>;
  /** Lots with nothing left: what a refund or a correction gives back needs their dates. */
  readonly emptied: Map<LotId, LotState>;
  readonly facts: Map<FactId, FactState>;
  readonly redemptions: Map<FactId, RedemptionState>;
  /** Holds by their fact, those that are over included. */
  readonly holds: Map<FactId, HoldState>;
  /** Other facts that were applied: releases, adjustments, transfers, merges, imports. */
  readonly known: Map<FactId, KnownFact>;
  /** The account that this one became part of; it earns and spends no more. */
  merged: { readonly into: AccountId; readonly by: FactId } | null;
  /** The accounts that became part of this one. */
  readonly absorbed: Set<AccountId>;
  /** Facts before this moment may have been applied and forgotten; null: all are remembered. */
  rememberedFrom: Instant | null;
  /** The last period that was closed. */
  closed: { readonly fact: FactId; readonly hash: string; readonly through: Instant } | null;
  /** How many facts were applied in all, those that are not remembered any more included. */
  factsApplied: number;
  /** When it last earned or spent something; null: never, or an older release carried it. */
  lastActive: Instant | null;
  /** Whether it has, or had, lots that lapse after inactivity. */
  inactivity: boolean;
  /** Spend that counts for tiers, in minor units, by calendar year. */
  readonly spend: Map<string, number>;
  /** What it did on each of the programme's days. */
  readonly history: Map<LocalDate, DayActivity>;
  /** What the counters of caps have come to, by the names that lots carry. */
  readonly counted: Map<string, number>;
  /** What it has paid for, by the fact and the line. */
  readonly memberships: Map<string, MembershipState>;
  /** Its gift certificates, those that are used or over included. */
  readonly certificates: Map<FactId, CertificateState>;
  readonly totals: Totals;
}

export const emptyAccount = (): Account => ({
  opened: null,
  lots: new Map(),
  emptied: new Map(),
  facts: new Map(),
  redemptions: new Map(),
  holds: new Map(),
  known: new Map(),
  merged: null,
  absorbed: new Set(),
  rememberedFrom: null,
  closed: null,
  factsApplied: 0,
  lastActive: null,
  inactivity: false,
  spend: new Map(),
  history: new Map(),
  counted: new Map(),
  memberships: new Map(),
  certificates: new Map(),
  totals: {
    opening: Points.noPoints,
    earned: Points.noPoints,
    transferredIn: Points.noPoints,
    adjustedUp: Points.noPoints,
    refunded: Points.noPoints,
    arrearsRaised: Points.noPoints,
    redeemed: Points.noPoints,
    reversed: Points.noPoints,
    expired: Points.noPoints,
    transferredOut: Points.noPoints,
    adjustedDown: Points.noPoints,
    arrearsPaid: Points.noPoints,
  },
});

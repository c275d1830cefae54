import {
  Points,
  invariant,
  type AccountId,
  type CardToken,
  type FactId,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import type { LineReversal, Lot, LotId } from './events.js';

/** A lot and what is left of it. `expiresAt` is the lot's own, or the later date that a refund gave it. */
export interface LotState {
  readonly lot: Lot;
  remaining: Points.Points;
  expiresAt: Instant | null;
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

/** A fact that the account has applied. */
export interface FactState {
  readonly id: FactId;
  revision: number;
  hash: string;
  occurredAt: Instant;
  card: CardToken | null;
  spendYear: string;
  lots: readonly LotId[];
  lines: LineState[];
  /** What this fact's own returned lines took back of other facts. */
  reversals: LineReversal[];
  /** How many facts were applied before it. */
  readonly sequence: number;
}

export interface RedemptionState {
  readonly id: FactId;
  readonly hash: string;
  readonly points: Points.Points;
  readonly kind: string;
  readonly allocations: readonly { readonly lot: LotId; readonly points: Points.Points }[];
  /** The refund's fact, once there is one. */
  refundedBy: FactId | null;
}

/** The sums that the account's equation is made of. */
export interface Totals {
  earned: Points.Points;
  refunded: Points.Points;
  arrearsRaised: Points.Points;
  redeemed: Points.Points;
  reversed: Points.Points;
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
  /** Spend that counts for tiers, in minor units, by calendar year. */
  readonly spend: Map<string, number>;
  readonly totals: Totals;
}

export const emptyAccount = (): Account => ({
  opened: null,
  lots: new Map(),
  emptied: new Map(),
  facts: new Map(),
  redemptions: new Map(),
  spend: new Map(),
  totals: {
    earned: Points.noPoints,
    refunded: Points.noPoints,
    arrearsRaised: Points.noPoints,
    redeemed: Points.noPoints,
    reversed: Points.noPoints,
    arrearsPaid: Points.noPoints,
  },
});

export const arrearsOf = (account: Account): Points.Points =>
  Points.minus(account.totals.arrearsRaised, account.totals.arrearsPaid);

/** What all lots together still hold, whatever their dates. */
export const unspentOf = (account: Account): Points.Points => {
  let sum = Points.noPoints;
  for (const lot of account.lots.values()) sum = Points.plus(sum, lot.remaining);
  return sum;
};

/** What an account's points are worth at an instant. Nothing is written when a lot matures or lapses. */
export interface Valuation {
  /** pending + available + lapsed */
  readonly unspent: Points.Points;
  readonly pending: Points.Points;
  readonly available: Points.Points;
  /** Past their date, and not posted as expired yet: not spendable either. */
  readonly lapsed: Points.Points;
  readonly held: Points.Points;
  readonly arrears: Points.Points;
}

export type LotPhase = 'pending' | 'available' | 'lapsed';

export const phaseOf = (state: LotState, at: Instant): LotPhase => {
  if (at < state.lot.availableAt) return 'pending';
  return state.expiresAt !== null && at >= state.expiresAt ? 'lapsed' : 'available';
};

export const valuation = (account: Account, at: Instant): Valuation => {
  const sums = { pending: Points.noPoints, available: Points.noPoints, lapsed: Points.noPoints };
  for (const lot of account.lots.values()) {
    const phase = phaseOf(lot, at);
    sums[phase] = Points.plus(sums[phase], lot.remaining);
  }
  return {
    unspent: Points.total([sums.pending, sums.available, sums.lapsed]),
    ...sums,
    held: Points.noPoints,
    arrears: arrearsOf(account),
  };
};

/** The account's equation, at any position of its stream: what came in is what is there and what went out. */
export const assertEquation = (account: Account): void => {
  const { earned, refunded, arrearsRaised, redeemed, reversed, arrearsPaid } = account.totals;
  const came = Points.total([earned, refunded, arrearsRaised]);
  const isThereOrWent = Points.total([unspentOf(account), redeemed, reversed, arrearsPaid]);
  invariant(
    came === isThereOrWent,
    `account ${account.opened?.account ?? '?'}: ${came} came in, ${isThereOrWent} are there or went out`,
  );
  invariant(arrearsOf(account) >= 0, 'arrears are never negative');
};

/** Soonest-expiring first, then oldest, then by id. */
export const spendingOrder = (a: LotState, b: LotState): number => {
  if (a.expiresAt !== b.expiresAt) {
    if (a.expiresAt === null) return 1;
    if (b.expiresAt === null) return -1;
    return a.expiresAt < b.expiresAt ? -1 : 1;
  }
  if (a.lot.availableAt !== b.lot.availableAt)
    return a.lot.availableAt < b.lot.availableAt ? -1 : 1;
  return a.lot.id < b.lot.id ? -1 : a.lot.id > b.lot.id ? 1 : 0;
};

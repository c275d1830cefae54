import { type Points, addMs, invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { decideExpiries } from './decide-expiry.js';
import type { PointsExpired } from './events-corrections.js';
import type { PointsRedeemed, RedemptionRefunded } from './events.js';
import {
  closedTo,
  hasRoomFor,
  lotStateOf,
  mergedAway,
  type BeyondLimit,
  type MergedAway,
} from './lots.js';
import { payArrearsFrom, spendable, takeInOrder, unlapsed, type ArrearsPolicy } from './take.js';
import { valuation } from './as-of.js';

export interface RedeemCommand {
  readonly redemption: FactId;
  readonly factHash: string;
  readonly points: Points.Points;
  readonly kind: string;
  readonly reference: string;
}

export type RedeemDecision =
  | { readonly kind: 'redeemed'; readonly event: PointsRedeemed }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'insufficient'; readonly available: Points.Points }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Takes points in spending order, or says how many there are. Never below zero: pending and lapsed points do not count. */
export const decideRedeem = (
  account: Account,
  command: RedeemCommand,
  at: Instant,
): RedeemDecision => {
  const known = account.redemptions.get(command.redemption);
  if (known !== undefined) return { kind: known.hash === command.factHash ? 'known' : 'conflict' };
  const closed = closedTo(account);
  if (closed !== null) return closed;
  invariant(command.points >= 0, 'points to spend are not negative');
  const { allocations, short } = takeInOrder(spendable(account, at), command.points);
  if (short > 0) return { kind: 'insufficient', available: valuation(account, at).available };
  return {
    kind: 'redeemed',
    event: { type: 'PointsRedeemed', data: { ...command, occurredAt: at, allocations } },
  };
};

export interface RefundCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly redemption: FactId;
  readonly reason: string;
  /** What had expired meanwhile comes back for this long; 0: with its own dates alone. */
  readonly graceMs: number;
  /** Default: what comes back pays what is owed. */
  readonly arrearsPolicy?: ArrearsPolicy;
}

export type RefundDecision =
  /** What else had lapsed of the lots is posted first. */
  | { readonly kind: 'refunded'; readonly events: readonly (PointsExpired | RedemptionRefunded)[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown-redemption' }
  | MergedAway
  | { readonly kind: 'already-refunded'; readonly by: FactId }
  | BeyondLimit;

/** A redemption that is cancelled gives the same lots back, once. What the account owes is paid from them first. */
export const decideRefund = (
  account: Account,
  command: RefundCommand,
  at: Instant,
): RefundDecision => {
  const redemption = account.redemptions.get(command.redemption);
  if (redemption === undefined) return mergedAway(account) ?? { kind: 'unknown-redemption' };
  if (redemption.refundedBy === command.fact)
    return { kind: redemption.refundHash === command.factHash ? 'known' : 'conflict' };
  if (redemption.refundedBy !== null)
    return { kind: 'already-refunded', by: redemption.refundedBy };
  if (!hasRoomFor(account, redemption.points)) return { kind: 'beyond-limit' };
  const earliest = command.graceMs > 0 ? addMs(at, command.graceMs) : null;
  const came = redemption.allocations.map(({ lot, points }) => ({
    points,
    state: lotStateOf(account, lot),
  }));
  const prolonged = new Set(
    came.filter(
      ({ state: { expiresAt } }) => earliest !== null && expiresAt !== null && expiresAt <= at,
    ),
  );
  const lots = came.map((one, index): RedemptionRefunded['data']['lots'][number] => ({
    lot: one.state.lot.id,
    points: one.points,
    ...(prolonged.has(one)
      ? { expiresAt: earliest, as: `${command.fact}#${index}` }
      : { expiresAt: one.state.expiresAt }),
  }));
  const { graceMs: _graceMs, arrearsPolicy, ...fact } = command;
  const refund: RedemptionRefunded = {
    type: 'RedemptionRefunded',
    data: {
      ...fact,
      occurredAt: at,
      points: redemption.points,
      kind: redemption.kind,
      lots,
      arrearsPaid: payArrearsFrom(
        account,
        unlapsed(lots, at).map(({ lot, points, as: id = lot }) => ({ id, points })),
        arrearsPolicy,
      ),
    },
  };
  const lapsed = [...prolonged].some(({ state }) => state.remaining > 0)
    ? decideExpiries(account, at)
    : [];
  return {
    kind: 'refunded',
    events: [...lapsed, refund],
  };
};

import { Points, invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { ArrearsPayment, PointsAdjusted } from './events-corrections.js';
import type { Allocation, Lot, RulebookRef } from './events.js';
import { closedTo, hasRoomFor, knownOf, sumOf, type BeyondLimit, type MergedAway } from './lots.js';
import { payArrearsFrom, spendable, takeInOrder, pendingLots, type ArrearsPolicy } from './take.js';
import { valuation } from './as-of.js';
import { arrearsOf } from './valuation.js';

/** What a person asks for. Points are positive. */
export type Change =
  | {
      readonly kind: 'up';
      readonly points: Points.Points;
      readonly availableAt: Instant;
      readonly expiresAt: Instant | null;
      readonly funder: string;
      readonly arrearsPolicy?: ArrearsPolicy;
    }
  | { readonly kind: 'down'; readonly points: Points.Points }
  | { readonly kind: 'waive-arrears'; readonly points: Points.Points }
  | {
      readonly kind: 'arrears-paid-in-money';
      readonly points: Points.Points;
      readonly payment: ArrearsPayment;
    };

export interface AdjustCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
  readonly change: Change;
}

export type AdjustDecision =
  | { readonly kind: 'adjusted'; readonly event: PointsAdjusted }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  /** Who asked for it cannot approve it. */
  | { readonly kind: 'same-person' }
  /** There are not as many, pending ones included. */
  | { readonly kind: 'insufficient'; readonly there: Points.Points }
  | { readonly kind: 'exceeds-arrears'; readonly arrears: Points.Points }
  | { readonly kind: 'unopened' }
  | BeyondLimit
  | MergedAway;

/** A person's correction, which another person has approved. Nothing goes below zero: what is not there cannot be taken. */
export const decideAdjust = (
  account: Account,
  command: AdjustCommand,
  at: Instant,
): AdjustDecision => {
  const { fact, factHash, change, reason, requestedBy, approvedBy } = command;
  const answer = knownOf(account, fact, factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  if (sameName(requestedBy, approvedBy)) return { kind: 'same-person' };
  invariant(change.points > 0, 'an adjustment changes something');
  if (change.kind !== 'down' && !hasRoomFor(account, change.points))
    return { kind: 'beyond-limit' };
  const adjustment = (
    cause: PointsAdjusted['data']['cause'],
    what: Partial<PointsAdjusted['data']>,
  ): AdjustDecision => ({
    kind: 'adjusted',
    event: {
      type: 'PointsAdjusted',
      data: {
        ...{ fact, factHash, occurredAt: at, cause, reason },
        authority: { by: 'people', requestedBy, approvedBy },
        ...nothing,
        points: change.points,
        ...what,
      },
    },
  });
  switch (change.kind) {
    case 'up': {
      const lots = [lotOf(fact, change)];
      const arrearsPaid = payArrearsFrom(account, lots, change.arrearsPolicy);
      return adjustment('correction', { lots, arrearsPaid });
    }
    case 'down': {
      const lots = [...spendable(account, at), ...pendingLots(account, at)];
      const { allocations, short } = takeInOrder(lots, change.points);
      if (short === 0) return adjustment('correction', { direction: 'down', taken: allocations });
      const { available, pending } = valuation(account, at);
      return { kind: 'insufficient', there: Points.plus(available, pending) };
    }
    case 'waive-arrears':
    case 'arrears-paid-in-money': {
      const arrears = arrearsOf(account);
      if (change.points > arrears) return { kind: 'exceeds-arrears', arrears };
      return change.kind === 'waive-arrears'
        ? adjustment('arrears-waived', { arrearsSettled: change.points })
        : adjustment('arrears-paid-in-money', {
            arrearsSettled: change.points,
            payment: change.payment,
          });
    }
  }
};

const nothing = {
  direction: 'up',
  lots: [],
  arrearsPaid: [],
  taken: [],
  arrearsSettled: Points.noPoints,
  expiredReturned: [],
  payment: null,
} as const;

/** A name with other spaces around it or other capitals is no second person. */
export const sameName = (a: string, b: string): boolean =>
  a.trim().toLowerCase() === b.trim().toLowerCase();

const lotOf = (fact: FactId, change: Extract<Change, { kind: 'up' }>): Lot => ({
  id: `${fact}#1.0`,
  points: change.points,
  rule: 'adjustment',
  kind: 'bonus',
  availableAt: change.availableAt,
  expiresAt: change.expiresAt,
  funder: change.funder,
  qualifies: false,
});

/** What the rulebook itself settles of arrears that a fact has just raised. */
export const settledByRulebook = (
  fact: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly occurredAt: Instant;
    readonly rulebook: RulebookRef;
  },
  raised: { readonly short: Points.Points; readonly expired: readonly Allocation[] },
  policy: ArrearsPolicy | undefined,
): PointsAdjusted[] => {
  const settled = (
    reason: string,
    points: Points.Points,
    expiredReturned: readonly Allocation[],
  ): PointsAdjusted => ({
    type: 'PointsAdjusted',
    data: {
      fact: fact.fact,
      factHash: fact.factHash,
      occurredAt: fact.occurredAt,
      cause: 'arrears-waived',
      reason,
      authority: { by: 'rulebook', rulebook: fact.rulebook },
      ...nothing,
      points,
      arrearsSettled: points,
      expiredReturned,
    },
  });
  const expired = sumOf(raised.expired);
  return [
    ...(expired > 0 ? [settled('expired-before-its-return', expired, raised.expired)] : []),
    ...(policy === 'waived' && raised.short > 0
      ? [settled('arrears-are-waived', raised.short, [])]
      : []),
  ];
};

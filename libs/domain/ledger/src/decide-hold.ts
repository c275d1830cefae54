import type { Points } from '@tallystick/kernel';
import { invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, HoldState } from './account.js';
import type { HoldCaptured, HoldReleased, PointsHeld } from './events-holds.js';
import { closedTo, knownOf, mergedAway, sumOf, type MergedAway } from './lots.js';
import { release } from './lapses.js';
import { spendable, split, takeInOrder, type ArrearsPolicy } from './take.js';
import { valuation } from './as-of.js';
import { arrearsOf, isOver } from './valuation.js';

export interface HoldCommand {
  readonly hold: FactId;
  readonly factHash: string;
  readonly points: Points.Points;
  readonly kind: string;
  readonly reference: string;
  readonly lapsesAt: Instant;
  /** How what comes back pays what is owed, should it lapse. Default: it pays. */
  readonly arrearsPolicy?: ArrearsPolicy;
}

export type HoldDecision =
  | { readonly kind: 'held'; readonly event: PointsHeld }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'insufficient'; readonly available: Points.Points }
  /** It would have lapsed before it began. */
  | { readonly kind: 'lapsed' }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Reserves points in spending order: they are nobody else's until the hold is captured, released or has lapsed. */
export const decideHold = (account: Account, command: HoldCommand, at: Instant): HoldDecision => {
  const known = account.holds.get(command.hold);
  if (known !== undefined) return { kind: known.hash === command.factHash ? 'known' : 'conflict' };
  const closed = closedTo(account);
  if (closed !== null) return closed;
  invariant(command.points > 0, 'a hold reserves something');
  if (command.lapsesAt <= at) return { kind: 'lapsed' };
  const { allocations, short } = takeInOrder(spendable(account, at), command.points);
  if (short > 0) return { kind: 'insufficient', available: valuation(account, at).available };
  return {
    kind: 'held',
    event: { type: 'PointsHeld', data: { ...command, occurredAt: at, allocations } },
  };
};

export interface CaptureCommand {
  /** Names the capture; from then on it is the redemption's name. */
  readonly fact: FactId;
  readonly factHash: string;
  readonly hold: FactId;
  readonly points: Points.Points;
  /** Whether what is left of the hold is released; otherwise it stays reserved. */
  readonly last: boolean;
  readonly arrearsPolicy?: ArrearsPolicy;
}

/** Why a hold can be neither captured nor released any more, or never could. */
export type HoldRefusal =
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown-hold' }
  | MergedAway
  /** `lapsed`: its time is over, whether or not that had been posted (`asOf`). */
  | { readonly kind: 'closed'; readonly status: Exclude<HoldState['status'], 'open'> };

export type CaptureDecision =
  | { readonly kind: 'captured'; readonly events: readonly (HoldCaptured | HoldReleased)[] }
  | HoldRefusal
  | { readonly kind: 'exceeds-hold'; readonly held: Points.Points };

/** Spends what a hold reserves, whole or in part. A lot that has expired since it was reserved is spent all the same: that is what it was reserved for. */
export const decideCapture = (
  account: Account,
  command: CaptureCommand,
  at: Instant,
): CaptureDecision => {
  const done = account.redemptions.get(command.fact);
  if (done !== undefined) return { kind: done.hash === command.factHash ? 'known' : 'conflict' };
  const hold = account.holds.get(command.hold);
  if (hold === undefined) return mergedAway(account) ?? { kind: 'unknown-hold' };
  if (hold.status !== 'open') return { kind: 'closed', status: hold.status };
  invariant(!isOver(hold, at), `the account is as of ${at}`);
  const held = sumOf(hold.left);
  if (command.points > held) return { kind: 'exceeds-hold', held };
  invariant(command.points > 0, 'a capture spends something');
  const { taken, left } = split(hold.left, command.points);
  const { fact, factHash } = command;
  const capture: HoldCaptured = {
    type: 'HoldCaptured',
    data: {
      fact,
      factHash,
      hold: hold.id,
      occurredAt: at,
      points: command.points,
      kind: hold.kind,
      allocations: taken,
    },
  };
  if (!command.last || left.length === 0) return { kind: 'captured', events: [capture] };
  const rest = release(account, { ...hold, left }, at, {
    ...{ fact, factHash, cause: 'captured-in-part' },
    policy: command.arrearsPolicy,
    owed: arrearsOf(account),
  });
  return { kind: 'captured', events: [capture, rest] };
};

export interface ReleaseCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly hold: FactId;
  readonly arrearsPolicy?: ArrearsPolicy;
}

export type ReleaseDecision =
  { readonly kind: 'released'; readonly event: HoldReleased } | HoldRefusal;

/** Gives back what a hold still reserves. */
export const decideRelease = (
  account: Account,
  command: ReleaseCommand,
  at: Instant,
): ReleaseDecision => {
  const { fact, factHash } = command;
  const known = knownOf(account, fact, factHash);
  if (known !== null) return known;
  const hold = account.holds.get(command.hold);
  if (hold === undefined) return mergedAway(account) ?? { kind: 'unknown-hold' };
  if (hold.status !== 'open') return { kind: 'closed', status: hold.status };
  invariant(!isOver(hold, at), `the account is as of ${at}`);
  const event = release(account, hold, at, {
    ...{ fact, factHash, cause: 'released' },
    policy: command.arrearsPolicy,
    owed: arrearsOf(account),
  });
  return { kind: 'released', event };
};

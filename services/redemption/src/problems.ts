import { unreachable, type AccountId, type Points } from '@tallystick/kernel';
import { problem, type ProblemException } from '@tallystick/service-host';
import type { HoldStatus } from './hold/read-hold.js';

/** Every answer of redemption that is not a success, by its stable type. */

export const accountUnknown = (detail = 'The programme has no such account.'): ProblemException =>
  problem({ status: 404, type: 'account-unknown', title: 'There is no such account', detail });

/** The account is part of another one by now: what is asked of it is to be asked there. */
export const accountMerged = (into: AccountId): ProblemException =>
  problem({
    status: 409,
    type: 'account-merged',
    title: 'The account became part of another one',
    detail: `Its points are on account ${into}: send the request for that one, with a new Idempotency-Key.`,
    extensions: { successor: into },
  });

export const keyReused = (): ProblemException =>
  problem({
    status: 422,
    type: 'idempotency-key-reused',
    title: 'This Idempotency-Key was used for another request',
    detail: 'A new request needs a new key; the same request may be sent again with the same key.',
  });

export const insufficient = (asked: Points.Points, available: Points.Points): ProblemException =>
  problem({
    status: 409,
    type: 'insufficient-points',
    title: 'There are not enough points',
    detail: `${asked} were asked for, ${available} are available.`,
    extensions: { available },
  });

export const redemptionUnknown = (): ProblemException =>
  problem({ status: 404, type: 'redemption-unknown', title: 'There is no such redemption' });

export const alreadyRefunded = (): ProblemException =>
  problem({
    status: 409,
    type: 'already-refunded',
    title: 'This redemption was refunded before, under another key',
  });

export const redemptionTooOld = (): ProblemException =>
  problem({
    status: 409,
    type: 'redemption-too-old',
    title: 'This redemption is too old to be refunded',
    detail: 'Its period is closed. An adjustment can give points instead.',
  });

export const beyondLimit = (): ProblemException =>
  problem({
    status: 409,
    type: 'beyond-limit',
    title: 'The account cannot receive as much',
    detail: 'More would have come to it than the 2^53 - 1 points that an account takes in all.',
  });

export const holdUnknown = (): ProblemException =>
  problem({ status: 404, type: 'hold-unknown', title: 'There is no such hold' });

export const holdLapsed = (): ProblemException =>
  problem({
    status: 409,
    type: 'hold-lapsed',
    title: 'The hold has lapsed',
    detail: 'Its points are back: redeem them, or place a new hold.',
  });

export const holdClosed = (status: HoldStatus): ProblemException =>
  problem({
    status: 409,
    type: 'hold-closed',
    title: 'The hold is over',
    detail: `It was ${status}.`,
    extensions: { holdStatus: status },
  });

export const exceedsHold = (held: Points.Points): ProblemException =>
  problem({
    status: 409,
    type: 'exceeds-hold',
    title: 'The hold does not reserve as many points',
    detail: `It still reserves ${held}.`,
    extensions: { held },
  });

export const sameAccount = (): ProblemException =>
  problem({
    status: 409,
    type: 'same-account',
    title: 'Points are transferred from one account to another',
  });

export const transferUnknown = (): ProblemException =>
  problem({ status: 404, type: 'transfer-unknown', title: 'There is no such transfer' });

/** A refusal that several kinds of requests have. */
export type Refusal =
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'merged'; readonly into: AccountId }
  | { readonly kind: 'account-unknown' }
  | { readonly kind: 'hold-unknown' }
  | { readonly kind: 'hold-lapsed' }
  | { readonly kind: 'hold-closed'; readonly status: HoldStatus };

export const problemOf = (refusal: Refusal): ProblemException => {
  switch (refusal.kind) {
    case 'key-reused':
      return keyReused();
    case 'merged':
      return accountMerged(refusal.into);
    case 'account-unknown':
      return accountUnknown();
    case 'hold-unknown':
      return holdUnknown();
    case 'hold-lapsed':
      return holdLapsed();
    case 'hold-closed':
      return holdClosed(refusal.status);
    default:
      return unreachable(refusal);
  }
};

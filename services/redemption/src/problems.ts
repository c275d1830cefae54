import { unreachable, type AccountId, type Points } from '@tallystick/kernel';
import type { Reward } from '@tallystick/rulebook';
import { problem, type ProblemException } from '@tallystick/service-host';
import type { PurposeRefusal } from './programs/purpose.js';
import type { HoldStatus } from './hold/read-hold.js';

/** Every answer of redemption that is not a success, by its stable type. */

/** How who was enrolled a moment ago is found. */
export const enrolledNow =
  'After an enrolment, send the position that it answered with as Tallystick-After.';

export const accountUnknown = (
  detail = `The programme has no such account. ${enrolledNow}`,
): ProblemException =>
  problem({ status: 404, type: 'account-unknown', title: 'There is no such account', detail });

/** The account is part of another one by now: what is asked of it is to be asked there. */
export const accountMerged = (into: AccountId): ProblemException =>
  problem({
    status: 409,
    type: 'account-merged',
    title: 'The account became part of another one',
    detail: `Its points are on account ${into}: ask for that one; what changes something needs a new Idempotency-Key.`,
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

export const rewardInPart = (price: Points.Points): ProblemException =>
  problem({
    status: 409,
    type: 'reward-in-part',
    title: 'A reward is captured whole',
    detail: `The hold reserves its price, ${price} points: capture all of them, or release the hold.`,
    extensions: { price },
  });

const noRulebookInForce = (): ProblemException =>
  problem({
    status: 409,
    type: 'no-rulebook-in-force',
    title: 'No version of the programme is in force',
    detail: 'Points are spent on what the rulebook names, from the moment at which it begins.',
  });

const kindUnknown = (kinds: readonly string[]): ProblemException =>
  problem({
    status: 409,
    type: 'kind-unknown',
    title: 'The rulebook does not let points be spent on that',
    detail:
      kinds.length === 0
        ? 'It lets them be spent on nothing.'
        : `They are spent on ${someOf(kinds)}.`,
    extensions: { kinds: [...kinds] },
  });

const rewardUnknown = (rewards: readonly Reward[]): ProblemException =>
  problem({
    status: 409,
    type: 'reward-unknown',
    title: 'The programme has no such reward',
    detail:
      rewards.length === 0
        ? 'It has no rewards.'
        : `It has ${someOf(rewards.map(({ id, points }) => `reward:${id} for ${points}`))}.`,
    extensions: { rewards: rewards.map(({ id, name, points }) => ({ id, name, points })) },
  });

const levelTooLow = (reward: Reward, level: string | null): ProblemException =>
  problem({
    status: 409,
    type: 'level-too-low',
    title: 'The reward is for a higher level',
    detail: `It is for members from the level ${reward.tier} on.`,
    extensions: { from: reward.tier ?? null, level },
  });

const priceDiffers = (reward: Reward): ProblemException =>
  problem({
    status: 409,
    type: 'price-differs',
    title: 'The reward has another price',
    detail: `reward:${reward.id} is ${reward.points} points, each by a request of its own.`,
    extensions: { price: reward.points },
  });

/** A programme may have a thousand: all are in the problem, the first of them in its sentence. */
const someOf = (names: readonly string[]): string =>
  names.length <= namedMax
    ? names.join(', ')
    : `${names.slice(0, namedMax).join(', ')} and ${names.length - namedMax} more`;
const namedMax = 20;

/** A refusal that several kinds of requests have. */
export type Refusal =
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'merged'; readonly into: AccountId }
  | { readonly kind: 'account-unknown' }
  | { readonly kind: 'hold-unknown' }
  | { readonly kind: 'hold-lapsed' }
  | { readonly kind: 'hold-closed'; readonly status: HoldStatus }
  | PurposeRefusal;

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
    case 'no-rulebook-in-force':
      return noRulebookInForce();
    case 'kind-unknown':
      return kindUnknown(refusal.kinds);
    case 'reward-unknown':
      return rewardUnknown(refusal.rewards);
    case 'level-too-low':
      return levelTooLow(refusal.reward, refusal.level);
    case 'price-differs':
      return priceDiffers(refusal.reward);
    default:
      return unreachable(refusal);
  }
};

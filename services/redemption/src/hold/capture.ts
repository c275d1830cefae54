import { contentHash } from '@tallystick/event-store';
import { Points, type AccountId, type ProgramId } from '@tallystick/kernel';
import { decideCapture, valuation, type ArrearsPolicy, type MergedAway } from '@tallystick/ledger';
import { arrearsPolicyOf, inForceAt, rewardOf, type Rulebook } from '@tallystick/rulebook';
import {
  carryOutOnce,
  type Cause,
  type Means,
  type Outcome,
  type PinnedOrder,
} from '../orders/order.js';
import { orderIdOf, redemptionFact, redemptionStream } from '../redeem/redemption-stream.js';
import { holdFact, readHoldPin, type HoldPin } from './hold-stream.js';
import { readHold, type HoldStatus } from './read-hold.js';

export interface CaptureRequest {
  readonly program: ProgramId;
  readonly hold: string;
  /** null: all that is still reserved. */
  readonly points: Points.Points | null;
  /** Whether what is left is released; otherwise it stays reserved. */
  readonly last: boolean;
}

export interface Captured {
  /** From now on it is a redemption, and is refunded as one. */
  readonly redemption: string;
  readonly hold: string;
  readonly program: ProgramId;
  /** The account that had the hold: the one that it was placed on, or its successor. */
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What was left of the hold and went back. */
  readonly released: Points.Points;
  readonly available: Points.Points;
}

export type HoldRefusal =
  | { readonly kind: 'hold-unknown' }
  | { readonly kind: 'hold-lapsed' }
  | { readonly kind: 'hold-closed'; readonly status: Exclude<HoldStatus, 'open'> };

export type CaptureRefusal =
  | HoldRefusal
  | { readonly kind: 'exceeds-hold'; readonly held: Points.Points }
  /** It reserves the price of a reward, and there is no part of a reward. */
  | { readonly kind: 'reward-in-part'; readonly price: Points.Points };

/** Spends what a hold reserves, whole or in part, once for a caller's key. Where the account was merged, its successor has the hold. */
export const capture = async (
  means: Means,
  caller: string,
  key: string,
  request: CaptureRequest,
  cause: Cause,
): Promise<Outcome<Captured, CaptureRefusal> | MergedAway> => {
  const { program, hold } = request;
  const pin = await readHoldPin(means.store, program, hold);
  if (pin === null) return { kind: 'hold-unknown' };
  const id = orderIdOf('capture', program, caller, key);
  const versions = await means.programs.versions(program);
  const book = inForceAt(versions, means.clock());
  const terms = {
    arrearsPolicy: book === null ? undefined : arrearsPolicyOf(book),
    price: priceHeld(pin, versions),
  };
  const outcome = await carryOutOnce(
    means,
    (account) => orderFor(id, request, account, cause, terms),
    { account: pin.account, follows: true },
  );
  return outcome.kind === 'hold-unknown' ? forgotten(means, program, hold) : outcome;
};

/** An account forgets holds that are over when a period is closed. */
export const forgotten = async (
  means: Means,
  program: ProgramId,
  hold: string,
): Promise<HoldRefusal> => {
  const known = await readHold(means, program, hold);
  if (known === null || known.status === 'open') return { kind: 'hold-unknown' };
  return { kind: 'hold-closed', status: known.status };
};

interface Terms {
  readonly arrearsPolicy: ArrearsPolicy | undefined;
  /** Of the reward that it is for, all of which is reserved; null: it may be captured in part. */
  readonly price: Points.Points | null;
}

/** A hold of an older release may be for a reward, and reserve anything: that is captured as it was meant. */
const priceHeld = (
  { kind, points, begunAt }: HoldPin,
  versions: readonly Rulebook[],
): Points.Points | null => {
  const book = inForceAt(versions, begunAt);
  const reward = book === null ? null : rewardOf(book, kind);
  return reward?.points === points ? points : null;
};

const orderFor = (
  id: string,
  request: CaptureRequest,
  account: AccountId,
  cause: Cause,
  { arrearsPolicy, price }: Terms,
): PinnedOrder<Captured, CaptureRefusal> => {
  const { program, hold, last } = request;
  const fact = redemptionFact(program, id);
  const of = holdFact(program, hold);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, firstOrdinal: 1 },
    stream: redemptionStream(program, id),
    type: 'CaptureRequested',
    data: { redemption: id, hash, account, ...request },
    decide: (state, at) => {
      const left = state.holds.get(of)?.left ?? [];
      const points = request.points ?? Points.total(left.map((one) => one.points));
      const policy = arrearsPolicy === undefined ? {} : { arrearsPolicy };
      const command = { fact, factHash: hash, hold: of, points, last, ...policy };
      const decision = decideCapture(state, command, at);
      switch (decision.kind) {
        case 'captured':
          return price === null || points === price
            ? { kind: 'write', events: decision.events }
            : { kind: 'refused', refusal: { kind: 'reward-in-part', price } };
        case 'unknown-hold':
          return { kind: 'refused', refusal: { kind: 'hold-unknown' } };
        case 'closed':
          return { kind: 'refused', refusal: closed(decision.status) };
        case 'exceeds-hold':
          return { kind: 'refused', refusal: decision };
        default:
          return decision;
      }
    },
    owns: ({ type, data }) =>
      (type === 'HoldCaptured' || type === 'HoldReleased') && data.fact === fact,
    tell: (events, after) => {
      const event = events.find((one) => one.type === 'HoldCaptured');
      const rest = events.find((one) => one.type === 'HoldReleased');
      if (event === undefined || after.opened === null)
        throw new Error('a capture is told from its event on an account');
      return {
        ...{ redemption: id, hold, program, account: after.opened.account },
        points: event.data.points,
        released: rest?.data.points ?? Points.noPoints,
        available: valuation(after, event.data.occurredAt).available,
      };
    },
  };
};

/** A hold that has lapsed says so, whether or not that is posted. */
export const closed = (status: Exclude<HoldStatus, 'open'>): HoldRefusal =>
  status === 'lapsed' ? { kind: 'hold-lapsed' } : { kind: 'hold-closed', status };

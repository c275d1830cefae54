import { contentHash } from '@tallystick/event-store';
import {
  addMs,
  type AccountId,
  type Instant,
  type Points,
  type ProgramId,
} from '@tallystick/kernel';
import { decideHold, valuation, type MergedAway } from '@tallystick/ledger';
import { arrearsPolicyOf, inForceAt, type Rulebook } from '@tallystick/rulebook';
import {
  carryOutOnce,
  type Cause,
  type Means,
  type Named,
  type Outcome,
  type PinnedOrder,
} from '../orders/order.js';
import { refusalOf } from '../programs/purpose.js';
import type { RedeemRefusal } from '../redeem/redeem.js';
import { orderIdOf } from '../redeem/redemption-stream.js';
import { holdFact, holdStream } from './hold-stream.js';

export interface HoldRequest {
  readonly program: ProgramId;
  readonly points: Points.Points;
  readonly kind: string;
  readonly reference: string;
  readonly lapsesInSeconds: number;
}

export interface Held {
  readonly hold: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: Points.Points;
  readonly lapsesAt: Instant;
  /** What was available right after it. */
  readonly available: Points.Points;
}

/** Reserves points once for a caller's key: nobody else can spend them until they are captured, released or the hold has lapsed. */
export const placeHold = async (
  means: Means,
  caller: string,
  key: string,
  request: HoldRequest,
  named: Named,
  cause: Cause,
): Promise<Outcome<Held, RedeemRefusal> | MergedAway> => {
  const id = orderIdOf('hold', request.program, caller, key);
  const versions = await means.programs.versions(request.program);
  return carryOutOnce(
    means,
    (account, begunAt) => orderFor(id, { ...request, account }, cause, { versions, begunAt }),
    named,
  );
};

const orderFor = (
  id: string,
  request: HoldRequest & { readonly account: AccountId },
  cause: Cause,
  {
    versions,
    begunAt,
  }: { readonly versions: readonly Rulebook[]; readonly begunAt: Instant | null },
): PinnedOrder<Held, RedeemRefusal> => {
  const { program, account, points, kind, reference, lapsesInSeconds } = request;
  const fact = holdFact(program, id);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, firstOrdinal: 1 },
    stream: holdStream(program, id),
    type: 'HoldRequested',
    data: { hold: id, hash, ...request },
    decide: (state, at) => {
      const lapsesAt = addMs(at, lapsesInSeconds * 1_000);
      const book = inForceAt(versions, begunAt ?? at);
      const policy = book === null ? {} : { arrearsPolicy: arrearsPolicyOf(book) };
      const what = { points, kind, reference, lapsesAt, ...policy };
      const decision = decideHold(state, { hold: fact, factHash: hash, ...what }, at);
      switch (decision.kind) {
        case 'held':
        case 'insufficient': {
          const refusal = refusalOf(state, request, versions, begunAt ?? at);
          if (refusal !== null) return { kind: 'refused', refusal };
          if (decision.kind === 'insufficient') return { kind: 'refused', refusal: decision };
          return { kind: 'write', events: [decision.event] };
        }
        case 'unopened':
          return { kind: 'refused', refusal: { kind: 'account-unknown' } };
        case 'lapsed':
          throw new Error('a hold lapses after it begins');
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'PointsHeld' && event.data.hold === fact,
    tell: ([event], after) => {
      if (event?.type !== 'PointsHeld') throw new Error('a hold is told from its event');
      const { lapsesAt, occurredAt } = event.data;
      const { available } = valuation(after, occurredAt);
      return { hold: id, program, account, points, lapsesAt, available };
    },
  };
};

import { contentHash } from '@tallystick/event-store';
import type { AccountId, Instant, Points, ProgramId } from '@tallystick/kernel';
import { decideRedeem, valuation, type MergedAway } from '@tallystick/ledger';
import type { Rulebook } from '@tallystick/rulebook';
import {
  carryOutOnce,
  type Cause,
  type Means,
  type Named,
  type Outcome,
  type PinnedOrder,
} from '../orders/order.js';
import { refusalOf, type PurposeRefusal } from '../programs/purpose.js';
import { redemptionFact, redemptionIdOf, redemptionStream } from './redemption-stream.js';

export interface RedeemRequest {
  readonly program: ProgramId;
  readonly points: Points.Points;
  readonly kind: string;
  readonly reference: string;
}

export interface Redeemed {
  readonly redemption: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What was available right after it. */
  readonly available: Points.Points;
}

/** Why points of an account are neither spent nor moved. */
export type SpendingRefusal =
  | { readonly kind: 'insufficient'; readonly available: Points.Points }
  | { readonly kind: 'account-unknown' };

export type RedeemRefusal = SpendingRefusal | PurposeRefusal;

/**
 * Spends points once for a caller's key: never more than are available, whoever else spends at the same moment, and on nothing but what the
 * version in force has, at its price.
 */
export const redeem = async (
  means: Means,
  caller: string,
  key: string,
  request: RedeemRequest,
  named: Named,
  cause: Cause,
): Promise<Outcome<Redeemed, RedeemRefusal> | MergedAway> => {
  const id = redemptionIdOf(request.program, caller, key);
  const versions = await means.programs.versions(request.program);
  return carryOutOnce(
    means,
    (account, begunAt) => orderFor(id, { ...request, account }, cause, { versions, begunAt }),
    named,
  );
};

const orderFor = (
  id: string,
  request: RedeemRequest & { readonly account: AccountId },
  cause: Cause,
  {
    versions,
    begunAt,
  }: { readonly versions: readonly Rulebook[]; readonly begunAt: Instant | null },
): PinnedOrder<Redeemed, RedeemRefusal> => {
  const { program, account, points, kind, reference } = request;
  const fact = redemptionFact(program, id);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, firstOrdinal: 1 },
    stream: redemptionStream(program, id),
    type: 'RedemptionRequested',
    data: { redemption: id, hash, ...request },
    decide: (state, at) => {
      const command = { redemption: fact, factHash: hash, points, kind, reference };
      const decision = decideRedeem(state, command, at);
      switch (decision.kind) {
        case 'redeemed':
        case 'insufficient': {
          const refusal = refusalOf(state, request, versions, begunAt ?? at);
          if (refusal !== null) return { kind: 'refused', refusal };
          if (decision.kind === 'insufficient') return { kind: 'refused', refusal: decision };
          return { kind: 'write', events: [decision.event] };
        }
        case 'unopened':
          return { kind: 'refused', refusal: { kind: 'account-unknown' } };
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'PointsRedeemed' && event.data.redemption === fact,
    tell: ([event], after) => {
      if (event?.type !== 'PointsRedeemed') throw new Error('a redemption is told from its event');
      const { available } = valuation(after, event.data.occurredAt);
      return { redemption: id, program, account, points, available };
    },
  };
};

import { contentHash } from '@tallystick/event-store';
import {
  factId,
  type AccountId,
  type FactId,
  type Points,
  type ProgramId,
} from '@tallystick/kernel';
import {
  decideRefund,
  valuation,
  type BeyondLimit,
  type RedemptionRefunded,
} from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { readHistory } from '../orders/history.js';
import {
  carryOut,
  recall,
  type Cause,
  type Means,
  type Order,
  type Outcome,
} from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { redemptionFact, redemptionStream } from '../redeem/redemption-stream.js';

export interface RefundRequest {
  readonly program: ProgramId;
  readonly redemption: string;
  readonly reason: string;
}

export interface Refunded {
  readonly redemption: string;
  readonly program: ProgramId;
  /** Where the points came back: the account that spent them, or its successor. */
  readonly account: AccountId;
  readonly points: Points.Points;
  /** What of them paid what the account owed. */
  readonly arrearsPaid: number;
  readonly available: Points.Points;
}

export type RefundRefusal =
  | { readonly kind: 'redemption-unknown' }
  | { readonly kind: 'already-refunded' }
  | BeyondLimit
  /** It is older than what the account remembers of itself. */
  | { readonly kind: 'redemption-too-old' };

const dayMs = 86_400_000;

/** Gives a redemption's lots back, once. The fact is caller and key, on the redemption that it names. */
export const refund = async (
  means: Means,
  caller: string,
  key: string,
  request: RefundRequest,
  cause: Cause,
): Promise<Outcome<Refunded, RefundRefusal>> => {
  const { program, redemption } = request;
  const { store, programs, clock } = means;
  const pin = await readPin(store, redemptionStream(program, redemption));
  if (pin === null) return { kind: 'redemption-unknown' };
  const book = await programs.inForce(program, clock());
  const order = orderFor(request, contentHash({ caller, key }).slice(0, 32), cause, {
    graceMs: (book?.refunds.graceDays ?? 0) * dayMs,
    ...(book === null ? {} : { arrearsPolicy: arrearsPolicyOf(book) }),
  });
  const outcome = await carryOut(means, order, pin.account);
  if (outcome.kind !== 'redemption-unknown') return outcome;
  return fromHistory(means, order, pin.account, redemptionFact(program, redemption));
};

type RefundOrder = Order<Refunded, RefundRefusal> & { readonly hash: string };

const orderFor = (
  request: RefundRequest,
  name: string,
  cause: Cause,
  terms: Pick<Parameters<typeof decideRefund>[1], 'graceMs' | 'arrearsPolicy'>,
): RefundOrder => {
  const { program, redemption, reason } = request;
  const fact = factId('refund', program, redemption, name);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, hash, firstOrdinal: 0 },
    decide: (state, at) => {
      const of = redemptionFact(program, redemption);
      const command = { fact, factHash: hash, redemption: of, reason, ...terms };
      const decision = decideRefund(state, command, at);
      switch (decision.kind) {
        case 'refunded':
          return { kind: 'write', events: decision.events };
        case 'unknown-redemption':
          return { kind: 'refused', refusal: { kind: 'redemption-unknown' } };
        case 'already-refunded':
          return { kind: 'refused', refusal: { kind: 'already-refunded' } };
        case 'beyond-limit':
          return { kind: 'refused', refusal: decision };
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'RedemptionRefunded' && event.data.fact === fact,
    tell: (events, after) => {
      const event = events.find((one) => one.type === 'RedemptionRefunded');
      if (event === undefined || after.opened === null)
        throw new Error('a refund is told from its event on an account');
      const { points, arrearsPaid: paid, occurredAt } = event.data;
      const arrearsPaid = paid.reduce((sum, { points: of }) => sum + of, 0);
      const { available } = valuation(after, occurredAt);
      const { account } = after.opened;
      return { redemption, program, account, points, arrearsPaid, available };
    },
  };
};

/** Accounts forget redemptions when periods are closed, and their refunds with them: the account's events still tell. */
const fromHistory = async (
  { store }: Means,
  order: RefundOrder,
  account: AccountId,
  redemption: FactId,
): Promise<Outcome<Refunded, RefundRefusal>> => {
  const spent: FactId[] = [];
  const refunds: RedemptionRefunded['data'][] = [];
  await readHistory(store, order.program, account, ({ type, data }) => {
    if (type === 'PointsRedeemed') spent.push(data.redemption);
    else if (type === 'HoldCaptured') spent.push(data.fact);
    else if (type === 'RedemptionRefunded' && data.redemption === redemption) refunds.push(data);
  });
  const own = refunds.find(({ fact }) => fact === order.fact);
  if (own !== undefined && own.factHash !== order.hash) return { kind: 'key-reused' };
  const told = own === undefined ? null : await recall(store, order, account);
  if (told !== null) return told;
  if (refunds.length > 0) return { kind: 'already-refunded' };
  return { kind: spent.includes(redemption) ? 'redemption-too-old' : 'redemption-unknown' };
};

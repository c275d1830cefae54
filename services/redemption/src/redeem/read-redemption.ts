import type { AccountId, Instant, Points, ProgramId } from '@tallystick/kernel';
import type { HoldCaptured, PointsRedeemed, RedemptionRefunded } from '@tallystick/ledger';
import { idOfFact } from '../hold/hold-stream.js';
import { readHistory } from '../orders/history.js';
import type { Means } from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { redemptionFact, redemptionStream } from './redemption-stream.js';

/** A redemption as its events tell it. */
export interface RedemptionStory {
  readonly redemption: string;
  readonly program: ProgramId;
  /** The account that it is on now, and after it those that it was on before. */
  readonly accounts: readonly [AccountId, ...AccountId[]];
  readonly status: 'redeemed' | 'refunded';
  readonly kind: string;
  /** Null for what was captured of a hold: the hold has it. */
  readonly reference: string | null;
  readonly points: Points.Points;
  readonly redeemedAt: Instant;
  /** The hold that it was captured of. */
  readonly hold: string | null;
  readonly refund: { readonly at: Instant; readonly reason: string } | null;
}

/** Null: there is no such redemption. Told by the events of its accounts, so that it is known for ever. */
export const readRedemption = async (
  { store }: Means,
  program: ProgramId,
  redemption: string,
): Promise<RedemptionStory | null> => {
  const pin = await readPin(store, redemptionStream(program, redemption));
  if (pin === null) return null;
  const of = redemptionFact(program, redemption);
  const accounts: [AccountId, ...AccountId[]] = [pin.account];
  const spent: (PointsRedeemed['data'] | HoldCaptured['data'])[] = [];
  const refunds: RedemptionRefunded['data'][] = [];
  await readHistory(store, program, pin.account, ({ type, data }, _, { opened }) => {
    if (opened !== null && accounts[0] !== opened.account) accounts.unshift(opened.account);
    if (type === 'PointsRedeemed' && data.redemption === of) spent.push(data);
    else if (type === 'HoldCaptured' && data.fact === of) spent.push(data);
    else if (type === 'RedemptionRefunded' && data.redemption === of) refunds.push(data);
  });
  const [made] = spent;
  if (made === undefined) return null;
  const [refund] = refunds;
  return {
    ...{ redemption, program, accounts, kind: made.kind, points: made.points },
    redeemedAt: made.occurredAt,
    reference: 'reference' in made ? made.reference : null,
    hold: 'hold' in made ? idOfFact(made.hold) : null,
    status: refund === undefined ? 'redeemed' : 'refunded',
    refund: refund === undefined ? null : { at: refund.occurredAt, reason: refund.reason },
  };
};

import { Points, type AccountId, type Instant, type ProgramId } from '@tallystick/kernel';
import type { HoldCaptured, HoldReleased, PointsHeld } from '@tallystick/ledger';
import { readHistory } from '../orders/history.js';
import type { Means } from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { holdFact, holdStream, idOfFact } from './hold-stream.js';

export type HoldStatus = 'open' | 'captured' | 'released' | 'lapsed';

/** A hold as its events tell it. */
export interface HoldStory {
  readonly hold: string;
  readonly program: ProgramId;
  /** The account that has it now, and after it those that it was on before. */
  readonly accounts: readonly [AccountId, ...AccountId[]];
  readonly status: HoldStatus;
  readonly kind: string;
  readonly reference: string;
  /** What was reserved. */
  readonly points: Points.Points;
  /** What still is. Nothing, once it has lapsed, whether or not that is posted. */
  readonly left: Points.Points;
  readonly lapsesAt: Instant;
  /** What was captured of it, each refundable under its id. */
  readonly redemptions: readonly { readonly redemption: string; readonly points: Points.Points }[];
}

/** Null: there is no such hold. Told by the events of its accounts, so that it is known for ever. */
export const readHold = async (
  { store, clock }: Means,
  program: ProgramId,
  hold: string,
): Promise<HoldStory | null> => {
  const pin = await readPin(store, holdStream(program, hold));
  if (pin === null) return null;
  const of = holdFact(program, hold);
  const accounts: [AccountId, ...AccountId[]] = [pin.account];
  const held: PointsHeld['data'][] = [];
  const captured: HoldCaptured['data'][] = [];
  const released: HoldReleased['data'][] = [];
  await readHistory(store, program, pin.account, ({ type, data }, _, { opened }) => {
    if (opened !== null && accounts[0] !== opened.account) accounts.unshift(opened.account);
    if (type === 'PointsHeld' && data.hold === of) held.push(data);
    else if (type === 'HoldCaptured' && data.hold === of) captured.push(data);
    else if (type === 'HoldReleased' && data.hold === of) released.push(data);
  });
  const [placed] = held;
  if (placed === undefined) return null;
  const { points, lapsesAt, kind, reference } = placed;
  const gone = Points.total([...captured, ...released].map((one) => one.points));
  const left = Points.minus(points, gone);
  const given = statusOf(left, released[0]);
  const isOver = given === 'open' && lapsesAt <= clock();
  return {
    ...{ hold, program, accounts, kind, reference, points, lapsesAt },
    status: isOver ? 'lapsed' : given,
    left: isOver ? Points.noPoints : left,
    redemptions: captured.map((one) => ({ redemption: idOfFact(one.fact), points: one.points })),
  };
};

const statusOf = (left: Points.Points, release: HoldReleased['data'] | undefined): HoldStatus => {
  if (release === undefined) return left === 0 ? 'captured' : 'open';
  return release.cause === 'captured-in-part' ? 'captured' : release.cause;
};

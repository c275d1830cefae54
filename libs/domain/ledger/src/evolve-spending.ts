import { invariant } from '@tallystick/kernel';
import type { Account, HoldState } from './account.js';
import type { HoldCaptured, HoldReleased, PointsHeld } from './events-holds.js';
import type { Lot, PointsRedeemed, RedemptionRefunded } from './events.js';
import { noteActivity } from './inactivity.js';
import { count, giveBack, lotStateOf, payArrears, putIn, remember, takeOut } from './lots.js';
import { split } from './take.js';

export const redeemed = (account: Account, data: PointsRedeemed['data']): Account => {
  for (const allocation of data.allocations) takeOut(account, allocation);
  account.redemptions.set(data.redemption, {
    id: data.redemption,
    hash: data.factHash,
    points: data.points,
    kind: data.kind,
    allocations: data.allocations,
    occurredAt: data.occurredAt,
    refundedBy: null,
    refundHash: null,
  });
  count(account, 'redeemed', data.points);
  noteActivity(account, data.occurredAt);
  return account;
};

export const refunded = (account: Account, data: RedemptionRefunded['data']): Account => {
  const redemption = account.redemptions.get(data.redemption);
  invariant(redemption !== undefined, `refund of an unknown redemption ${data.redemption}`);
  redemption.refundedBy = data.fact;
  redemption.refundHash = data.factHash;
  for (const back of data.lots) {
    const { lot } = lotStateOf(account, back.lot);
    const { points, expiresAt, as: id } = back;
    putIn(account, id === undefined ? lot : cameBackAs(lot, back), points, expiresAt);
  }
  count(account, 'refunded', data.points);
  payArrears(account, data.arrearsPaid);
  return account;
};

/** A lot for a grace lives as long as that, whatever its account does meanwhile. */
const cameBackAs = (
  { inactivity: _never, ...lot }: Lot,
  { points, expiresAt, as: id = lot.id }: RedemptionRefunded['data']['lots'][number],
): Lot => ({ ...lot, id, points, expiresAt, of: lot.of ?? lot.id });

export const held = (account: Account, data: PointsHeld['data']): Account => {
  for (const allocation of data.allocations) takeOut(account, allocation);
  account.holds.set(data.hold, {
    id: data.hold,
    hash: data.factHash,
    kind: data.kind,
    reference: data.reference,
    occurredAt: data.occurredAt,
    lapsesAt: data.lapsesAt,
    ...(data.arrearsPolicy === undefined ? {} : { arrearsPolicy: data.arrearsPolicy }),
    points: data.points,
    left: data.allocations,
    status: 'open',
  });
  return account;
};

/** A captured hold is a redemption from then on, and can be refunded as one. */
export const captured = (account: Account, data: HoldCaptured['data']): Account => {
  const hold = openHold(account, data.hold);
  const { taken, left } = split(hold.left, data.points);
  invariant(
    taken.length === data.allocations.length &&
      taken.every(({ lot, points }, index) => {
        const captured = data.allocations[index];
        return captured?.lot === lot && captured.points === points;
      }),
    `capture ${data.fact} takes what hold ${data.hold} reserves`,
  );
  hold.left = left;
  if (left.length === 0) hold.status = 'captured';
  account.redemptions.set(data.fact, {
    id: data.fact,
    hash: data.factHash,
    points: data.points,
    kind: data.kind,
    allocations: data.allocations,
    occurredAt: data.occurredAt,
    refundedBy: null,
    refundHash: null,
  });
  count(account, 'redeemed', data.points);
  noteActivity(account, data.occurredAt);
  return account;
};

export const released = (account: Account, data: HoldReleased['data']): Account => {
  const hold = openHold(account, data.hold);
  hold.left = [];
  hold.status = data.cause === 'captured-in-part' ? 'captured' : data.cause;
  for (const allocation of data.allocations) giveBack(account, allocation);
  payArrears(account, data.arrearsPaid);
  return remember(account, data);
};

const openHold = (account: Account, id: HoldState['id']): HoldState => {
  const hold = account.holds.get(id);
  invariant(hold?.status === 'open', `hold ${id} is open`);
  return hold;
};

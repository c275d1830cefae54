import { Points } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { PointsAdjusted, PointsExpired } from './events-corrections.js';
import { count, lotStateOf, payArrears, putIn, remember, takeOut } from './lots.js';

export const expired = (account: Account, data: PointsExpired['data']): Account => {
  for (const allocation of data.allocations) {
    takeOut(account, allocation);
    const state = lotStateOf(account, allocation.lot);
    state.expired = Points.plus(state.expired, allocation.points);
  }
  count(account, 'expired', data.points);
  return account;
};

export const adjusted = (account: Account, data: PointsAdjusted['data']): Account => {
  for (const lot of data.lots) putIn(account, lot, lot.points, lot.expiresAt);
  count(account, data.direction === 'up' ? 'adjustedUp' : 'adjustedDown', data.points);
  payArrears(account, data.arrearsPaid);
  count(account, 'arrearsPaid', data.arrearsSettled);
  for (const allocation of data.taken) takeOut(account, allocation);
  for (const { lot, points } of data.expiredReturned) {
    const state = lotStateOf(account, lot);
    state.expired = Points.minus(state.expired, points);
  }
  // What the rulebook settles belongs to the fact that raised it, which the account remembers already.
  if (data.authority.by === 'people') remember(account, data);
  return account;
};

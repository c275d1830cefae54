import { Points, invariant, knownFactId, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { absorb, forget } from './carried.js';
import type { AccountsMerged, PointsTransferred } from './events-moves.js';
import { prolong } from './inactivity.js';
import { count, payArrears, putIn, remember, takeOut } from './lots.js';
import { arrearsOf, heldOf, unspentOf } from './valuation.js';

/** What came in is remembered apart from what went out: an account may absorb the one that sent it. */
export const arrivalOf = (fact: FactId): FactId => knownFactId(`${fact}#in`);

export const transferred = (account: Account, data: PointsTransferred['data']): Account => {
  if (data.side === 'out') {
    for (const allocation of data.taken) takeOut(account, allocation);
    count(account, 'transferredOut', data.points);
    return remember(account, data);
  }
  for (const lot of data.lots) putIn(account, lot, lot.points, lot.expiresAt);
  count(account, 'transferredIn', data.points);
  payArrears(account, data.arrearsPaid);
  prolong(account, data.occurredAt);
  return remember(account, { ...data, fact: arrivalOf(data.fact) });
};

/** A debt that moves away is points that came in and paid it; where it arrives, it is raised, and points went out for it. */
export const merged = (account: Account, data: AccountsMerged['data']): Account => {
  const points = Points.plus(data.unspent, data.held);
  if (data.side === 'source') {
    invariant(
      unspentOf(account) === data.unspent &&
        heldOf(account) === data.held &&
        arrearsOf(account) === data.arrears,
      `account ${data.source} takes along what it has`,
    );
    forget(account);
    account.merged = { into: data.target, by: data.fact };
    count(account, 'transferredOut', points);
    count(account, 'transferredIn', data.arrears);
    count(account, 'arrearsPaid', data.arrears);
    return remember(account, data);
  }
  absorb(account, data.carried);
  for (const source of [data.source, ...data.absorbed]) account.absorbed.add(source);
  account.rememberedFrom = later(account.rememberedFrom, data.keepFrom);
  count(account, 'transferredIn', points);
  count(account, 'arrearsRaised', data.arrears);
  count(account, 'transferredOut', data.arrears);
  payArrears(account, data.arrearsPaid);
  prolong(account, data.occurredAt);
  return remember(account, { ...data, fact: arrivalOf(data.fact) });
};

const later = (a: Instant | null, b: Instant): Instant => (a !== null && a > b ? a : b);

import { Points, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { released } from './evolve-spending.js';
import type { HoldReleased } from './events-holds.js';
import { decideLapses } from './lapses.js';
import { arrearsOf, heldOf, isOver, phaseOf } from './valuation.js';

export interface AsOf {
  readonly account: Account;
  /** What makes the account so and is not posted yet: it goes before whatever is decided on it, in the same write. */
  readonly lapses: readonly HoldReleased[];
}

/**
 * An account as it is at an instant: a hold whose time is over by then holds nothing, whether or not accrual's clock has posted it.
 * What is decided is decided on this. The account that was handed in stays as it is.
 */
export const asOf = (account: Account, at: Instant): AsOf => {
  if (!hasLapses(account, at)) return { account, lapses: [] };
  const lapses = decideLapses(account, at);
  const present = {
    ...account,
    lots: copied(account.lots),
    emptied: copied(account.emptied),
    holds: copied(account.holds),
    known: new Map(account.known),
    totals: { ...account.totals },
  };
  for (const { data } of lapses) released(present, data);
  return { account: present, lapses };
};

const hasLapses = ({ holds }: Account, at: Instant): boolean => {
  for (const hold of holds.values()) if (isOver(hold, at)) return true;
  return false;
};

const copied = <Key, Value extends object>(from: ReadonlyMap<Key, Value>): Map<Key, Value> =>
  new Map([...from].map(([key, value]) => [key, { ...value }]));

/** What an account's points are worth at an instant. Nothing is written when a lot matures or lapses, or when a hold's time is over. */
export interface Valuation {
  /** pending + available + lapsed */
  readonly unspent: Points.Points;
  readonly pending: Points.Points;
  readonly available: Points.Points;
  /** Past their date, and not posted as expired yet: not spendable either. */
  readonly lapsed: Points.Points;
  /** Reserved by holds whose time is not over: not among `unspent`. */
  readonly held: Points.Points;
  readonly arrears: Points.Points;
}

export const valuation = (account: Account, at: Instant): Valuation => {
  const present = asOf(account, at).account;
  const sums = { pending: Points.noPoints, available: Points.noPoints, lapsed: Points.noPoints };
  for (const lot of present.lots.values()) {
    const phase = phaseOf(lot, at);
    sums[phase] = Points.plus(sums[phase], lot.remaining);
  }
  return {
    unspent: Points.total([sums.pending, sums.available, sums.lapsed]),
    ...sums,
    held: heldOf(present),
    arrears: arrearsOf(present),
  };
};

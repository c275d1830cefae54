import { Points, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, HoldState } from './account.js';
import type { HoldReleased } from './events-holds.js';
import { sumOf } from './lots.js';
import { payArrearsFrom, type ArrearsPolicy } from './take.js';
import { arrearsOf, isOver, phaseOf } from './valuation.js';

/**
 * Posts the holds whose time is over at an instant and that are not posted yet, each for the moment at which it lapsed: so it makes
 * no difference who posts them, and when. Run again, it finds nothing. A hold says under which policy it pays what is owed;
 * `policy` is for those of a release that did not say.
 */
export const decideLapses = (
  account: Account,
  at: Instant,
  policy?: ArrearsPolicy,
): readonly HoldReleased[] => {
  let owed = arrearsOf(account);
  return [...account.holds.values()]
    .filter((hold) => isOver(hold, at))
    .sort((a, b) =>
      a.lapsesAt === b.lapsesAt ? (a.id < b.id ? -1 : 1) : a.lapsesAt < b.lapsesAt ? -1 : 1,
    )
    .map((hold) => {
      const event = release(account, hold, hold.lapsesAt, {
        ...{ fact: hold.id, factHash: hold.hash, cause: 'lapsed' as const },
        policy: hold.arrearsPolicy ?? policy,
        owed,
      });
      owed = Points.minus(owed, sumOf(event.data.arrearsPaid));
      return event;
    });
};

/** Gives back all that a hold still reserves. Lots that have lapsed meanwhile come back as they are, and pay nothing. */
export const release = (
  account: Account,
  hold: HoldState,
  at: Instant,
  how: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly cause: HoldReleased['data']['cause'];
    readonly policy: ArrearsPolicy | undefined;
    readonly owed: Points.Points;
  },
): HoldReleased => {
  const alive = hold.left.filter(({ lot }) => {
    const state = account.lots.get(lot) ?? account.emptied.get(lot);
    return state !== undefined && phaseOf(state, at) !== 'lapsed';
  });
  return {
    type: 'HoldReleased',
    data: {
      fact: how.fact,
      factHash: how.factHash,
      hold: hold.id,
      occurredAt: at,
      cause: how.cause,
      points: sumOf(hold.left),
      allocations: hold.left,
      arrearsPaid: payArrearsFrom(
        account,
        alive.map(({ lot, points }) => ({ id: lot, points })),
        how.policy,
        how.owed,
      ),
    },
  };
};

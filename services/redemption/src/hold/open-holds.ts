import { Points, type AccountId, type Instant, type ProgramId } from '@tallystick/kernel';
import type { MergedAway } from '@tallystick/ledger';
import type { Means } from '../orders/order.js';
import { idOfFact } from './hold-stream.js';

export interface OpenHold {
  readonly hold: string;
  readonly kind: string;
  readonly reference: string;
  /** What was reserved. */
  readonly points: Points.Points;
  /** What still is. */
  readonly left: Points.Points;
  readonly lapsesAt: Instant;
}

/** The holds of an account that can still be captured, soonest to lapse first. */
export const openHolds = (
  { accounts }: Means,
  program: ProgramId,
  account: AccountId,
): Promise<
  | { readonly kind: 'open'; readonly holds: readonly OpenHold[] }
  | { readonly kind: 'account-unknown' }
  | MergedAway
> => {
  return accounts.look(program, account, (state) => {
    if (state.opened === null) return { kind: 'account-unknown' };
    if (state.merged !== null) return { kind: 'merged', into: state.merged.into };
    const open = [...state.holds.values()].filter(({ status }) => status === 'open');
    const holds = open.map(({ id, kind, reference, points, left, lapsesAt }) => ({
      ...{ hold: idOfFact(id), kind, reference, points, lapsesAt },
      left: Points.total(left.map((one) => one.points)),
    }));
    holds.sort((a, b) => (a.lapsesAt < b.lapsesAt ? -1 : a.lapsesAt > b.lapsesAt ? 1 : 0));
    return { kind: 'open', holds };
  });
};

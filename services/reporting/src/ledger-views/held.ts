import type { Json } from '@tallystick/contracts';
import type { Account } from '@tallystick/ledger';

/**
 * An account's open holds, soonest to lapse first, as its row has them: what each reserves of which lots, and these lots' dates, because a lot
 * that is held whole is not among the rows of lots. `account-state.ts` reads it.
 */
export const heldColumns = (
  account: Account,
): { readonly holds: Json; readonly next_lapse: string | null } => {
  const open = [...account.holds.values()]
    .filter(({ status }) => status === 'open')
    .sort((a, b) => compare(a.lapsesAt, b.lapsesAt) || compare(a.id, b.id));
  return {
    holds: open.map(({ id, lapsesAt, arrearsPolicy, left }) => ({
      ...{ id, lapsesAt },
      ...(arrearsPolicy === undefined ? {} : { arrearsPolicy }),
      left: left.map(({ lot, points }) => ({ lot, points })),
      lots: left.flatMap(({ lot: of }) => {
        const state = account.lots.get(of) ?? account.emptied.get(of);
        if (state === undefined) throw new Error(`hold ${id} reserves lot ${of}, which is unknown`);
        const { points, rule, kind, availableAt, funder, qualifies } = state.lot;
        const { remaining, expiresAt } = state;
        return { id: of, points, remaining, rule, kind, availableAt, expiresAt, funder, qualifies };
      }),
    })),
    next_lapse: open[0]?.lapsesAt ?? null,
  };
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

import type { Json } from '@tallystick/contracts';
import type { Instant } from '@tallystick/kernel';
import type { Lot } from '@tallystick/ledger';

/** One line of an account's statement, as the event says it. */
export interface StatementEntry {
  readonly at: Instant;
  /** What the event adds to what the member has, arrears deducted: all entries together are unspent + held - arrears. */
  readonly points: number;
  /** Why, in words. */
  readonly reason: string;
  readonly fact: string | null;
  /** Which lots came, went or came back; `points` is negative for what went. */
  readonly lots: readonly { readonly [name: string]: Json }[];
}

interface Part {
  readonly lot: string;
  readonly points: number;
}

export const amount = (points: number): string => `${points} ${points === 1 ? 'point' : 'points'}`;
export const come = ({
  id,
  points,
  rule,
  kind,
  availableAt,
  expiresAt,
}: Lot): StatementEntry['lots'][number] => ({
  lot: id,
  points,
  rule,
  kind,
  availableAt,
  expiresAt,
});
export const gone = ({ lot, points }: Part) => ({ lot, points: -points || 0 });
export const back = ({ lot, points }: Part) => ({ lot, points });
export const paid = (arrearsPaid: readonly { readonly points: number }[]): string => {
  const sum = arrearsPaid.reduce((total, { points }) => total + points, 0);
  return sum === 0 ? '' : `; ${sum} of them paid what was owed`;
};

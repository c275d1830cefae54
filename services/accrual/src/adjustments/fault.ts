import type { Instant } from '@tallystick/kernel';
import { hasRoomFor, type Account, type BeyondLimit } from '@tallystick/ledger';
import type { Rulebook } from '@tallystick/rulebook';
import type { AskedChange } from './adjustment.js';

/** What is wrong with a change itself, whoever asks for it and whoever approves it. */
export type Fault =
  /** The points would have expired before they came. */
  | { readonly kind: 'expired' }
  /** It was paid in another currency than the programme's, which is told. */
  | { readonly kind: 'other-currency'; readonly currency: string }
  | BeyondLimit;

/** `book`: the rulebook in force; null: there is none. */
export const faultOf = (
  change: AskedChange,
  account: Account,
  at: Instant,
  book: Rulebook | null,
): Fault | null => {
  if (change.kind === 'up' && change.expiresAt !== null && change.expiresAt <= at)
    return { kind: 'expired' };
  if (
    change.kind === 'arrears-paid-in-money' &&
    book !== null &&
    change.payment.currency !== book.currency
  )
    return { kind: 'other-currency', currency: book.currency };
  if (change.kind !== 'down' && !hasRoomFor(account, change.points))
    return { kind: 'beyond-limit' };
  return null;
};

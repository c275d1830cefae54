import type { Instant } from '@tallystick/kernel';
import type { Account } from '@tallystick/ledger';
import { levelAt } from '@tallystick/receipts';
import { inForceAt, spendingFault, type Rulebook, type SpendingFault } from '@tallystick/rulebook';

/** Why points are not spent on what they are asked for. */
export type PurposeRefusal =
  | SpendingFault
  /** The programme has not begun at that moment, or there is no such programme. */
  | { readonly kind: 'no-rulebook-in-force' };

/** Whether the version in force at a moment lets an account spend so many points on that; null: it does. */
export const refusalOf = (
  account: Account,
  asked: { readonly kind: string; readonly points: number },
  versions: readonly Rulebook[],
  at: Instant,
): PurposeRefusal | null => {
  const book = inForceAt(versions, at);
  if (book === null) return { kind: 'no-rulebook-in-force' };
  return spendingFault(book, asked, () => levelAt(account, book, at));
};

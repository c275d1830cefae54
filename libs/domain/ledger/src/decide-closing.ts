import { invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { carry } from './carried.js';
import type { PeriodClosed } from './events-closing.js';
import { closedTo, type MergedAway } from './lots.js';

export interface CloseCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly through: Instant;
  /** The beginning of the programme's return window, counted back from `through`. */
  readonly keepFrom: Instant;
}

export type CloseDecision =
  | { readonly kind: 'closed'; readonly event: PeriodClosed }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  /** This period, or a later one, is closed under another name. */
  | { readonly kind: 'already-closed'; readonly through: Instant }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Closes a period: who folds the account from now on may begin at this event. */
export const decideClose = (
  account: Account,
  command: CloseCommand,
  at: Instant,
): CloseDecision => {
  const closed = closedTo(account);
  if (closed !== null) return closed;
  invariant(account.opened !== null, 'an account that is not closed is open');
  const last = account.closed;
  if (last?.fact === command.fact)
    return { kind: last.hash === command.factHash ? 'known' : 'conflict' };
  if (last !== null && last.through >= command.through)
    return { kind: 'already-closed', through: last.through };
  const { rememberedFrom } = account;
  const { keepFrom } = command;
  return {
    kind: 'closed',
    event: {
      type: 'PeriodClosed',
      data: {
        ...command,
        occurredAt: at,
        opened: account.opened,
        absorbed: [...account.absorbed].sort(),
        rememberedFrom:
          rememberedFrom !== null && rememberedFrom > keepFrom ? rememberedFrom : keepFrom,
        totals: { ...account.totals },
        carried: carry(account, keepFrom),
      },
    },
  };
};

import type { AccountId, MemberId, ProgramId } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { AccountOpened } from './events.js';

export type OpenDecision =
  | { readonly kind: 'opened'; readonly event: AccountOpened }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict'; readonly member: MemberId };

/** An account is opened once, for one member. */
export const decideOpen = (
  account: Account,
  command: {
    readonly program: ProgramId;
    readonly account: AccountId;
    readonly member: MemberId;
    readonly unit: string;
  },
): OpenDecision => {
  if (account.opened === null)
    return { kind: 'opened', event: { type: 'AccountOpened', data: command } };
  return account.opened.member === command.member
    ? { kind: 'known' }
    : { kind: 'conflict', member: account.opened.member };
};

import {
  accountId,
  programId,
  type AccountId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  hasRole,
  mayAccount,
  mayProgram,
  problem,
  type Caller,
  type CardTokens,
  type Role,
} from '@tallystick/service-host';
import type { Named } from '../orders/order.js';
import { accountUnknown } from '../problems.js';
import type { CardOwners } from './card-owners.js';

/** How a request names an account: one of the two. */
export interface AccountOrCard {
  readonly account?: string | undefined;
  readonly card?: string | undefined;
}

export interface FindOptions {
  /** Who may name any account; others their own only. `anyone`: whose it is does not matter. */
  readonly staff: readonly Role[] | 'anyone';
  /** Where in the request the account is named, for what is said of it. */
  readonly field?: string;
}

/** What tells whose a card is. */
export interface Cards {
  readonly owners: CardOwners;
  readonly tokens: CardTokens;
}

/** Finds the account that a request names, if the caller may touch it. Throws problems 400, 403 and 404. */
export const findAccount = async (
  { owners, tokens }: Cards,
  named: AccountOrCard & { readonly program: string },
  caller: Caller,
  at: Instant,
  { staff, field = 'account' }: FindOptions = { staff: ['store', 'manager'] },
): Promise<Named & { readonly program: ProgramId }> => {
  mayProgram(caller, named.program);
  const program = programId(named.program);
  const { account, card } = named;
  if ((account === undefined) === (card === undefined)) throw eitherOr(field);
  if (account !== undefined) {
    if (staff !== 'anyone') mayAccount(caller, account, ...staff);
    return { program, account: accountId(account), follows: false };
  }
  const owner = await owners.ownerOf(program, tokens.tokenOf(program, card ?? ''), at);
  const isTheirs =
    staff === 'anyone' || hasRole(caller, ...staff) || (owner !== null && caller.account === owner);
  if (owner === null || !isTheirs)
    throw accountUnknown('The card leads to no account of this programme.');
  return { program, account: owner, follows: true };
};

/** Whether a caller may see what happened on these accounts: staff may, a member where one of them is its own. */
export const isTheirs = (
  caller: Caller,
  accounts: readonly AccountId[],
  staff: readonly Role[] = ['store', 'manager'],
): boolean => hasRole(caller, ...staff) || accounts.some((account) => account === caller.account);

const eitherOr = (field: string) =>
  problem({
    status: 400,
    type: 'invalid',
    title: 'The request is not as the schema says',
    errors: [{ field, message: 'give either account or card' }],
  });

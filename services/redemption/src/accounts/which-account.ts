import { isOwn, withSuccessors, type Accounts } from '@tallystick/accounts';
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
import { accountUnknown, enrolledNow } from '../problems.js';
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

/** What tells whose a card is, and what became of accounts. */
export interface Cards {
  readonly owners: CardOwners;
  readonly tokens: CardTokens;
  readonly accounts: Pick<Accounts, 'look'>;
}

/** Finds the account that a request names, if the caller may touch it. Throws problems 400, 403 and 404. */
export const findAccount = async (
  { owners, tokens, accounts }: Cards,
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
    const id = accountId(account);
    const may = staff === 'anyone' || (await isTheirs(accounts, program, caller, [id], staff));
    // Says no, in the words of every other route.
    if (!may) mayAccount(caller, id);
    return { program, account: id, follows: false };
  }
  const owner = await owners.ownerOf(program, tokens.tokenOf(program, card ?? ''), at);
  // By a card is spent what its account became part of.
  if (owner === null) throw cardUnknown();
  if (staff !== 'anyone' && !hasRole(caller, ...staff)) {
    const leadsTo = await withSuccessors(accounts, program, owner);
    if (!(await isTheirs(accounts, program, caller, leadsTo, staff))) throw cardUnknown();
  }
  return { program, account: owner, follows: true };
};

/**
 * Whether a caller may touch one of these accounts: staff may, a member where it is its own. Its own are the account that its token names,
 * and those that this one became part of: what is on them was its own.
 */
export const isTheirs = async (
  known: Pick<Accounts, 'look'>,
  program: ProgramId,
  caller: Caller,
  accounts: readonly AccountId[],
  staff: readonly Role[] = ['store', 'manager'],
): Promise<boolean> => {
  if (hasRole(caller, ...staff)) return true;
  return isOwn(known, program, caller.account, accounts);
};

const cardUnknown = () =>
  accountUnknown(`The card leads to no account of this programme. ${enrolledNow}`);

const eitherOr = (field: string) =>
  problem({
    status: 400,
    type: 'invalid',
    title: 'The request is not as the schema says',
    errors: [{ field, message: 'give either account or card' }],
  });

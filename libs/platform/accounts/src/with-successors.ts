import { accountId, type AccountId, type ProgramId } from '@tallystick/kernel';
import type { Accounts } from './accounts.js';

/** An account, the one that it became part of, and so on. An account never becomes part of itself, by however many others: this ends. */
export const withSuccessors = async (
  accounts: Pick<Accounts, 'look'>,
  program: ProgramId,
  account: AccountId,
): Promise<readonly AccountId[]> => {
  const into = await accounts.look(program, account, ({ merged }) => merged?.into ?? null);
  return into === null ? [account] : [account, ...(await withSuccessors(accounts, program, into))];
};

/**
 * Whether one of these accounts is a member's own: the one that its token names (`named`; undefined: none), and those that this one became
 * part of: what is on them was its own.
 */
export const isOwn = async (
  accounts: Pick<Accounts, 'look'>,
  program: ProgramId,
  named: string | undefined,
  these: readonly AccountId[],
): Promise<boolean> => {
  if (named === undefined) return false;
  const account = accountId(named);
  if (these.includes(account)) return true;
  const own = await withSuccessors(accounts, program, account);
  return these.some((one) => own.includes(one));
};

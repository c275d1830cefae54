import type { AccountId, ProgramId } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { hasRole, mayAccount, type Caller, type Role } from '@tallystick/service-host';
import { fromViews } from '../problems.js';

const staff: readonly Role[] = ['store', 'manager', 'auditor', 'ops'];

/**
 * Throws problem 403 unless the caller may see this account: staff any, a member its own. Its own are the account that its token
 * names, and those that this one became part of.
 */
export const mayReadAccount = async (
  db: Database,
  caller: Caller,
  program: ProgramId,
  account: AccountId,
): Promise<void> => {
  const own = caller.account;
  if (own === undefined || own === account || hasRole(caller, ...staff))
    mayAccount(caller, account, ...staff);
  else if (!(await fromViews(() => becamePartOf(db, program, own, account))))
    mayAccount(caller, account);
};

const becamePartOf = async (
  db: Database,
  program: ProgramId,
  source: string,
  target: AccountId,
): Promise<boolean> => {
  const { rowCount } = await db.query(
    `with recursive chain (account) as (
       select merged_into from accounts where program = $1 and account = $2 and merged_into is not null
       union
       select next.merged_into from chain
         join accounts next on next.program = $1 and next.account = chain.account
        where next.merged_into is not null
     ) select from chain where account = $3`,
    [program, source, target],
  );
  return rowCount !== 0;
};

import { accountId, programId, type AccountId, type ProgramId } from '@tallystick/kernel';
import type { Database, Queryable } from '@tallystick/postgres';
import { z } from 'zod';

/** Of a merge, enrollment needs to know only which account became part of which. */
export const mergeRequested = z.object({
  program: z.string().transform(programId),
  source: z.string().transform(accountId),
  target: z.string().transform(accountId),
});
export type Merge = z.output<typeof mergeRequested>;

/** Keeps merges in mind; any number of times. An account becomes part of another one once, and for good. */
export const hearMerges = async (db: Database, merges: readonly Merge[]): Promise<void> => {
  if (merges.length === 0) return;
  await db.query(
    `insert into merged_accounts (program, account, successor)
     select program, source, target from jsonb_to_recordset($1::jsonb)
       as t(program text, source text, target text)
     order by 1, 2 on conflict do nothing`,
    [JSON.stringify(merges)],
  );
};

/** The account that has an account's points now: the last of those that it became part of. Null: it became part of none. */
export const successorOf = async (
  db: Queryable,
  program: ProgramId,
  account: AccountId,
): Promise<AccountId | null> => {
  const { rows } = await db.query<{ readonly successor: string }>(
    `with recursive chain (account, step) as (
       select successor, 1 from merged_accounts where program = $1 and account = $2
       union all
       select next.successor, step + 1 from chain
         join merged_accounts next on next.program = $1 and next.account = chain.account
     ) select account as successor from chain order by step desc limit 1`,
    [program, account],
  );
  return rows[0] === undefined ? null : accountId(rows[0].successor);
};

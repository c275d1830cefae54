import {
  accountId,
  ledgerStream,
  memberId,
  type AccountId,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import {
  asOf,
  emptyAccount,
  phaseOf,
  valuation,
  type LotState,
  type Valuation,
} from '@tallystick/ledger';
import type { Database } from '@tallystick/postgres';
import { accountState, stateColumns, type StateRow } from './account-state.js';

export interface AccountView extends Valuation {
  readonly member: MemberId | null;
  /** The account that has its points now; null: it became part of none. */
  readonly successor: AccountId | null;
  /** What lapses next, if nothing is spent before: `at` is when. */
  readonly nextExpiry: { readonly at: Instant; readonly points: number } | null;
  readonly position: bigint;
}

interface AccountRow extends StateRow {
  readonly member: string | null;
  readonly position: bigint;
  readonly successor: string | null;
}

/**
 * An account as it is now, valued at a moment: what is pending, available and lapsed then. Null when there is no such
 * account. One that is known from enrollment and has no ledger yet is empty.
 */
export const readAccount = async (
  db: Database,
  program: ProgramId,
  account: AccountId,
  at: Instant,
): Promise<AccountView | null> => {
  const { rows } = await db.query<AccountRow>(
    `select member, position, ${stateColumns}, (
       with recursive chain (account, step) as (
         select merged_into, 1 where merged_into is not null
         union all
         select next.merged_into, step + 1 from chain
           join accounts next on next.program = $2 and next.account = chain.account
           where next.merged_into is not null
       ) select account from chain order by step desc limit 1) as successor
     from accounts where stream = $1`,
    [ledgerStream(program, account), program],
  );
  const row = rows[0];
  if (row === undefined) return enrolledOnly(db, program, account, at);
  const { account: present } = asOf(accountState(row), at);
  return {
    ...valuation(present, at),
    member: row.member === null ? null : memberId(row.member),
    successor: row.successor === null ? null : accountId(row.successor),
    nextExpiry: nextExpiry([...present.lots.values()], at),
    position: row.position,
  };
};

const enrolledOnly = async (
  db: Database,
  program: ProgramId,
  account: AccountId,
  at: Instant,
): Promise<AccountView | null> => {
  const { rows } = await db.query<{ member: string; position: bigint }>(
    'select member, position from members where program = $1 and account = $2 order by position limit 1',
    [program, account],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    ...valuation(emptyAccount(), at),
    ...{ member: memberId(row.member), successor: null, nextExpiry: null },
    position: row.position,
  };
};

const nextExpiry = (lots: readonly LotState[], at: Instant): AccountView['nextExpiry'] => {
  let next: { at: Instant; points: number } | null = null;
  for (const lot of lots) {
    const { expiresAt, remaining } = lot;
    if (expiresAt === null || phaseOf(lot, at) === 'lapsed') continue;
    if (next === null || expiresAt < next.at) next = { at: expiresAt, points: remaining };
    else if (expiresAt === next.at) next.points += remaining;
  }
  return next;
};

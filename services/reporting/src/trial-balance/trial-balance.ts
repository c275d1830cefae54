import { Points, type ProgramId } from '@tallystick/kernel';
import type { Connection, Database } from '@tallystick/postgres';
import { isProgramKnown } from '../program-views/known.js';
import { snapshot } from '../views/snapshot.js';

export const differencesNamedMax = 100;

/** The same figure of one account, told in three ways that must agree. */
export interface Difference {
  /** The account's id; its stream, when it has postings or lots but no account. */
  readonly account: string;
  readonly figure: 'unspent' | 'held' | 'arrears' | 'lots';
  readonly posted: number;
  readonly folded: number;
}

export interface MemberFigures {
  readonly unspent: number;
  readonly held: number;
  readonly arrears: number;
}

export interface TrialBalance {
  /** Posting accounts with their sums; those of members together, as `member/unspent` and so on. */
  readonly accounts: readonly { readonly account: string; readonly points: number }[];
  /** Of all postings: zero, or something is wrong. */
  readonly sum: number;
  /** What the members' accounts hold and owe, as folded from their events. */
  readonly foldedAccounts: MemberFigures;
  /** The same from the postings. */
  readonly postedAccounts: MemberFigures;
  readonly balanced: boolean;
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly Difference[];
  readonly position: bigint;
}

/** Double entry and fold side by side, at one moment of the views. Null when the programme is unknown. */
export const readTrialBalance = (db: Database, program: ProgramId): Promise<TrialBalance | null> =>
  snapshot(db, async (tx) => {
    if (!(await isProgramKnown(tx, program))) return null;
    const accounts = await postingAccounts(tx, program);
    const { position, ...foldedAccounts } = await foldedFigures(tx, program);
    const { differenceCount, differences } = await differencesOf(tx, program);
    const sum = accounts.reduce((total, { points }) => total + points, 0);
    const postedAccounts = {
      unspent: pointsOf(accounts, 'member/unspent'),
      held: pointsOf(accounts, 'member/held'),
      // What a member owes is posted as a negative amount.
      arrears: -pointsOf(accounts, 'member/arrears') || 0,
    };
    const agree =
      postedAccounts.unspent === foldedAccounts.unspent &&
      postedAccounts.held === foldedAccounts.held &&
      postedAccounts.arrears === foldedAccounts.arrears;
    return {
      accounts,
      sum,
      foldedAccounts,
      postedAccounts,
      balanced: sum === 0 && agree && differenceCount === 0,
      differenceCount,
      differences,
      position,
    };
  });

const pointsOf = (accounts: TrialBalance['accounts'], name: string): number =>
  accounts.find(({ account }) => account === name)?.points ?? 0;

const postingAccounts = async (
  tx: Connection,
  program: ProgramId,
): Promise<TrialBalance['accounts']> => {
  const { rows } = await tx.query<{ name: string; points: bigint }>(
    `select name, sum(points)::bigint as points
     from posting_sums, lateral (select 'member/' || account || '/' as own) as of,
       lateral (select case when starts_with(posting, own)
         then 'member/' || substr(posting, length(own) + 1) else posting end as name) as named
     where program = $1 group by name order by name`,
    [program],
  );
  return rows.map(({ name, points }) => ({ account: name, points: Points.points(points) }));
};

const foldedFigures = async (
  tx: Connection,
  program: ProgramId,
): Promise<MemberFigures & { readonly position: bigint }> => {
  const { rows } = await tx.query<{ [figure in keyof MemberFigures | 'position']: bigint }>(
    `select coalesce(sum(unspent), 0)::bigint as unspent,
       coalesce(sum(held), 0)::bigint as held,
       coalesce(sum(arrears_raised - arrears_paid), 0)::bigint as arrears,
       coalesce(max(position), 0)::bigint as position
     from accounts where program = $1`,
    [program],
  );
  const { unspent = 0n, held = 0n, arrears = 0n, position = 0n } = rows[0] ?? {};
  return {
    unspent: Points.points(unspent),
    held: Points.points(held),
    arrears: Points.points(arrears),
    position,
  };
};

const differencesOf = async (
  tx: Connection,
  program: ProgramId,
): Promise<Pick<TrialBalance, 'differenceCount' | 'differences'>> => {
  const { rows } = await tx.query<{
    account: string;
    figure: Difference['figure'];
    posted: bigint;
    folded: bigint;
    count: bigint;
  }>(
    `with folded as (
       select stream, account, unspent, held, arrears_raised - arrears_paid as arrears
       from accounts where program = $1
     ), posted as (
       select stream,
         sum(points) filter (where posting = 'member/' || account || '/unspent') as unspent,
         sum(points) filter (where posting = 'member/' || account || '/held') as held,
         -sum(points) filter (where posting = 'member/' || account || '/arrears') as arrears
       from posting_sums where program = $1 group by stream
     ), kept as (
       select stream, sum(remaining) as remaining from lots where program = $1 group by stream
     ), figures as (
       select coalesce(account, stream) as account, figure,
         coalesce(posted, 0)::bigint as posted, coalesce(folded, 0)::bigint as folded
       from folded full join posted using (stream) full join kept using (stream),
       lateral (values
         ('unspent', posted.unspent, folded.unspent),
         ('held', posted.held, folded.held),
         ('arrears', posted.arrears, folded.arrears),
         ('lots', kept.remaining, folded.unspent)
       ) as figure (figure, posted, folded)
     )
     select *, count(*) over () as count from figures where posted <> folded
     order by account, figure limit $2`,
    [program, differencesNamedMax],
  );
  return {
    differenceCount: Number(rows[0]?.count ?? 0n),
    differences: rows.map(({ account, figure, posted, folded }) => ({
      account,
      figure,
      posted: Points.points(posted),
      folded: Points.points(folded),
    })),
  };
};

import type { ProgramId } from '@tallystick/kernel';
import type { Connection, Database } from '@tallystick/postgres';
import { isProgramKnown } from '../program-views/known.js';
import { snapshot } from '../views/snapshot.js';
import {
  differencesNamedMax,
  trialBalanceOf,
  type Difference,
  type MemberFigures,
  type TrialBalance,
} from './trial-balance.js';

/** The trial balance as of now, from the views at one moment of theirs. Null when the programme is unknown. */
export const presentTrialBalance = (
  db: Database,
  program: ProgramId,
): Promise<TrialBalance | null> =>
  snapshot(db, async (tx) => {
    if (!(await isProgramKnown(tx, program))) return null;
    const accounts = await postingAccounts(tx, program);
    const { position, ...foldedAccounts } = await foldedFigures(tx, program);
    const differences = await differencesOf(tx, program);
    return trialBalanceOf({ accounts, foldedAccounts, ...differences, position });
  });

// Sums are `numeric`, which the driver hands over as text: those of many accounts may be beyond a `bigint`.

const postingAccounts = async (
  tx: Connection,
  program: ProgramId,
): Promise<TrialBalance['accounts']> => {
  const { rows } = await tx.query<{ name: string; points: string }>(
    `select name, sum(points) as points
     from posting_sums, lateral (select 'member/' || account || '/' as own) as of,
       lateral (select case when starts_with(posting, own)
         then 'member/' || substr(posting, length(own) + 1) else posting end as name) as named
     where program = $1 group by name order by name collate "C"`,
    [program],
  );
  return rows.map(({ name, points }) => ({ account: name, points: BigInt(points) }));
};

const foldedFigures = async (
  tx: Connection,
  program: ProgramId,
): Promise<MemberFigures & { readonly position: bigint }> => {
  const { rows } = await tx.query<
    { [figure in keyof MemberFigures]: string } & { readonly position: bigint }
  >(
    `select coalesce(sum(unspent), 0) as unspent,
       coalesce(sum(held), 0) as held,
       coalesce(sum(arrears_raised - arrears_paid), 0) as arrears,
       coalesce(max(position), 0)::bigint as position
     from accounts where program = $1`,
    [program],
  );
  const { unspent = '0', held = '0', arrears = '0', position = 0n } = rows[0] ?? {};
  return { unspent: BigInt(unspent), held: BigInt(held), arrears: BigInt(arrears), position };
};

const differencesOf = async (
  tx: Connection,
  program: ProgramId,
): Promise<Pick<TrialBalance, 'differenceCount' | 'differences'>> => {
  const { rows } = await tx.query<{
    account: string;
    figure: Difference['figure'];
    posted: string;
    folded: string;
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
         coalesce(posted, 0)::numeric as posted, coalesce(folded, 0)::numeric as folded
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
      posted: BigInt(posted),
      folded: BigInt(folded),
    })),
  };
};

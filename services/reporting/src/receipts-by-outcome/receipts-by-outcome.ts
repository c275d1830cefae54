import type { ProgramId } from '@tallystick/kernel';
import type { Connection, Database } from '@tallystick/postgres';
import { isProgramKnown } from '../program-views/known.js';
import { snapshot } from '../views/snapshot.js';

export const outcomes = ['awarded', 'nothing', 'waiting'] as const;
export type Outcome = (typeof outcomes)[number];

export interface ReceiptsByOutcome {
  readonly total: number;
  /** Adds up to the total. */
  readonly outcomes: { readonly [O in Outcome]: number };
  /** Adds up to the outcomes; without a reason are those that were awarded. */
  readonly reasons: readonly {
    readonly outcome: Outcome;
    readonly reason: string | null;
    readonly receipts: number;
  }[];
  /** Deliveries, not receipts: the receipt that was there first stays, and has its outcome above. */
  readonly refusedDeliveries: {
    readonly total: number;
    readonly reasons: readonly { readonly reason: string; readonly deliveries: number }[];
  };
  readonly position: bigint;
}

/**
 * What became of each receipt of a programme: of its newest revision, told from its own stream and from the accounts
 * that it went to. The words are those of the receipts domain. Null when the programme is unknown.
 */
export const readReceiptsByOutcome = (
  db: Database,
  program: ProgramId,
): Promise<ReceiptsByOutcome | null> =>
  snapshot(db, async (tx) => {
    if (!(await isProgramKnown(tx, program))) return null;
    const { rows } = await tx.query<{
      outcome: Outcome;
      reason: string | null;
      receipts: bigint;
      position: bigint;
    }>(outcomeSql, [program]);
    const reasons = rows.map(({ outcome, reason, receipts }) => ({
      outcome,
      reason,
      receipts: Number(receipts),
    }));
    const of = (outcome: Outcome): number =>
      reasons.reduce((sum, row) => sum + (row.outcome === outcome ? row.receipts : 0), 0);
    return {
      total: reasons.reduce((sum, row) => sum + row.receipts, 0),
      outcomes: { awarded: of('awarded'), nothing: of('nothing'), waiting: of('waiting') },
      reasons,
      refusedDeliveries: await refusedDeliveries(tx, program),
      position: rows.reduce((max, row) => (row.position > max ? row.position : max), 0n),
    };
  });

/** A receipt may go to several accounts: it has been posted when each of its parts has. */
const outcomeSql = `
  with posted as (
    select fact, fact_revision, count(*) as parts, sum(earned) + sum(reversed) > 0 as awarded,
      (array_agg(reason order by sells desc, stream) filter (where reason is not null))[1] as reason
    from awards where program = $1 group by fact, fact_revision
  ), told as (
    select r.position,
      case when not r.pinned then 'waiting'
        when r.nothing is not null then 'nothing'
        when coalesce(p.parts, 0) < r.parts then 'waiting'
        when p.awarded then 'awarded'
        else 'nothing' end as outcome,
      case when not r.pinned then 'card-unknown'
        when r.nothing is not null then r.nothing
        when coalesce(p.parts, 0) < r.parts then 'not-posted-yet'
        when p.awarded then null
        else p.reason end as reason
    from receipts r left join posted p using (fact, fact_revision)
    where r.program = $1 and r.fact_revision > 0
  )
  select outcome, reason, count(*) as receipts, max(position) as position
  from told group by outcome, reason order by outcome, receipts desc, reason`;

const refusedDeliveries = async (
  tx: Connection,
  program: ProgramId,
): Promise<ReceiptsByOutcome['refusedDeliveries']> => {
  const { rows } = await tx.query<{ reason: string; deliveries: bigint }>(
    `select reason, count(*) as deliveries from refusals where program = $1
     group by reason order by deliveries desc, reason`,
    [program],
  );
  const reasons = rows.map(({ reason, deliveries }) => ({
    reason,
    deliveries: Number(deliveries),
  }));
  return { total: reasons.reduce((sum, row) => sum + row.deliveries, 0), reasons };
};

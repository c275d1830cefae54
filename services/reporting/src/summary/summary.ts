import { Points, type Instant, type ProgramId } from '@tallystick/kernel';
import { heldOf, valuation } from '@tallystick/ledger';
import type { Connection, Database } from '@tallystick/postgres';
import { isProgramKnown } from '../program-views/known.js';
import { accountState, stateColumns, type StateRow } from '../read-account/account-state.js';
import { snapshot } from '../views/snapshot.js';

export interface Summary {
  readonly members: number;
  readonly accounts: number;
  readonly earned: number;
  readonly redeemed: number;
  readonly refunded: number;
  readonly reversed: number;
  /** Taken over from other systems. */
  readonly opening: number;
  /** Corrected by people, and arrears that are owed no more. */
  readonly adjustedUp: number;
  readonly adjustedDown: number;
  /** Posted as expired. */
  readonly expired: number;
  /** Sent, and not arrived yet. */
  readonly inTransit: number;
  /** What members hold, valued at the moment asked for. */
  readonly outstanding: {
    readonly pending: number;
    readonly available: number;
    readonly lapsed: number;
  };
  /** Reserved by holds: not among what is outstanding. */
  readonly held: number;
  readonly arrears: number;
  readonly position: bigint;
}

/** A programme's figures in one look, valued at a moment. Null when the programme is unknown. */
export const readSummary = (
  db: Database,
  program: ProgramId,
  at: Instant,
): Promise<Summary | null> =>
  snapshot(db, async (tx) => {
    if (!(await isProgramKnown(tx, program))) return null;
    const { rows } = await tx.query<{ readonly [figure: string]: bigint }>(
      `select
         (select count(*) from members where program = $1 and account is not null) as members,
         count(*) as accounts,
         coalesce(sum(earned), 0)::bigint as earned,
         coalesce(sum(redeemed), 0)::bigint as redeemed,
         coalesce(sum(refunded), 0)::bigint as refunded,
         coalesce(sum(reversed), 0)::bigint as reversed,
         coalesce(sum(opening), 0)::bigint as opening,
         coalesce(sum(adjusted_up), 0)::bigint as adjusted_up,
         coalesce(sum(adjusted_down), 0)::bigint as adjusted_down,
         coalesce(sum(expired), 0)::bigint as expired,
         coalesce(sum(transferred_out - transferred_in), 0)::bigint as in_transit,
         coalesce(sum(held), 0)::bigint as held,
         coalesce(sum(arrears_raised - arrears_paid), 0)::bigint as arrears,
         coalesce(max(position), 0)::bigint as position
       from accounts where program = $1`,
      [program],
    );
    // The same question as the domain's `phaseOf`: instants compare as text.
    const { rows: phases } = await tx.query<{ readonly [figure: string]: bigint }>(
      `select coalesce(sum(remaining) filter (where phase = 'pending'), 0)::bigint as pending,
         coalesce(sum(remaining) filter (where phase = 'available'), 0)::bigint as available,
         coalesce(sum(remaining) filter (where phase = 'lapsed'), 0)::bigint as lapsed
       from (select remaining, case when $2 < available_at then 'pending'
           when expires_at is not null and $2 >= expires_at then 'lapsed'
           else 'available' end as phase
         from lots where program = $1) as valued`,
      [program, at],
    );
    const lapsed = await lapsedHolds(tx, program, at);
    const figure = (name: string): number =>
      Points.points(rows[0]?.[name] ?? phases[0]?.[name] ?? 0n);
    return {
      members: figure('members'),
      accounts: figure('accounts'),
      earned: figure('earned'),
      redeemed: figure('redeemed'),
      refunded: figure('refunded'),
      reversed: figure('reversed'),
      opening: figure('opening'),
      adjustedUp: figure('adjusted_up'),
      adjustedDown: figure('adjusted_down'),
      expired: figure('expired'),
      inTransit: figure('in_transit'),
      outstanding: {
        pending: figure('pending') + lapsed.pending,
        available: figure('available') + lapsed.available,
        lapsed: figure('lapsed') + lapsed.lapsed,
      },
      held: figure('held') + lapsed.held,
      arrears: figure('arrears') + lapsed.arrears,
      position: rows[0]?.['position'] ?? 0n,
    };
  });

const valued = ['pending', 'available', 'lapsed', 'held', 'arrears'] as const;

/** What it changes that holds are over by then which are not posted yet: few accounts, each valued as it is and without them. */
const lapsedHolds = async (
  tx: Connection,
  program: ProgramId,
  at: Instant,
): Promise<Record<(typeof valued)[number], number>> => {
  const { rows } = await tx.query<StateRow>(
    `select ${stateColumns} from accounts where program = $1 and next_lapse <= $2`,
    [program, at],
  );
  const changes = { pending: 0, available: 0, lapsed: 0, held: 0, arrears: 0 };
  for (const row of rows) {
    const account = accountState(row);
    const present = valuation(account, at);
    const open = valuation({ ...account, holds: new Map() }, at);
    for (const figure of valued) changes[figure] += present[figure] - open[figure];
    changes.held -= heldOf(account);
  }
  return changes;
};

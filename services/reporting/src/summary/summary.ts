import type { Instant, ProgramId } from '@tallystick/kernel';
import { heldOf, valuation } from '@tallystick/ledger';
import type { Connection, Database } from '@tallystick/postgres';
import { exactSum, type ExactSum } from '../fields.js';
import { isProgramKnown } from '../program-views/known.js';
import { accountState, stateColumns, type StateRow } from '../read-account/account-state.js';
import { snapshot } from '../views/snapshot.js';

export interface Summary {
  readonly members: number;
  readonly accounts: number;
  readonly earned: ExactSum;
  readonly redeemed: ExactSum;
  readonly refunded: ExactSum;
  readonly reversed: ExactSum;
  /** Taken over from other systems. */
  readonly opening: ExactSum;
  /** Corrected by people, and arrears that are owed no more. */
  readonly adjustedUp: ExactSum;
  readonly adjustedDown: ExactSum;
  /** Posted as expired. */
  readonly expired: ExactSum;
  /** Sent, and not arrived yet. */
  readonly inTransit: ExactSum;
  /** What members hold, valued at the moment asked for. */
  readonly outstanding: {
    readonly pending: ExactSum;
    readonly available: ExactSum;
    readonly lapsed: ExactSum;
  };
  /** Reserved by holds: not among what is outstanding. */
  readonly held: ExactSum;
  readonly arrears: ExactSum;
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
    const { rows } = await tx.query<{ readonly [figure: string]: bigint | string }>(
      `select
         (select count(*) from members where program = $1 and account is not null) as members,
         count(*) as accounts,
         coalesce(sum(earned), 0) as earned,
         coalesce(sum(redeemed), 0) as redeemed,
         coalesce(sum(refunded), 0) as refunded,
         coalesce(sum(reversed), 0) as reversed,
         coalesce(sum(opening), 0) as opening,
         coalesce(sum(adjusted_up), 0) as adjusted_up,
         coalesce(sum(adjusted_down), 0) as adjusted_down,
         coalesce(sum(expired), 0) as expired,
         coalesce(sum(transferred_out - transferred_in), 0) as in_transit,
         coalesce(sum(held), 0) as held,
         coalesce(sum(arrears_raised - arrears_paid), 0) as arrears,
         coalesce(max(position), 0)::bigint as position
       from accounts where program = $1`,
      [program],
    );
    // The same question as the domain's `phaseOf`: instants compare as text.
    const { rows: phases } = await tx.query<{ readonly [figure: string]: string }>(
      `select coalesce(sum(remaining) filter (where phase = 'pending'), 0) as pending,
         coalesce(sum(remaining) filter (where phase = 'available'), 0) as available,
         coalesce(sum(remaining) filter (where phase = 'lapsed'), 0) as lapsed
       from (select remaining, case when $2 < available_at then 'pending'
           when expires_at is not null and $2 >= expires_at then 'lapsed'
           else 'available' end as phase
         from lots where program = $1) as valued`,
      [program, at],
    );
    const lapsed = await lapsedHolds(tx, program, at);
    const of = (name: string): bigint => BigInt(rows[0]?.[name] ?? phases[0]?.[name] ?? 0n);
    const figure = (name: string, more = 0n): ExactSum => exactSum(of(name) + more);
    return {
      members: Number(of('members')),
      accounts: Number(of('accounts')),
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
        pending: figure('pending', lapsed.pending),
        available: figure('available', lapsed.available),
        lapsed: figure('lapsed', lapsed.lapsed),
      },
      held: figure('held', lapsed.held),
      arrears: figure('arrears', lapsed.arrears),
      position: of('position'),
    };
  });

const valued = ['pending', 'available', 'lapsed', 'held', 'arrears'] as const;

/** What it changes that holds are over by then which are not posted yet: few accounts, each valued as it is and without them. */
const lapsedHolds = async (
  tx: Connection,
  program: ProgramId,
  at: Instant,
): Promise<Record<(typeof valued)[number], bigint>> => {
  const { rows } = await tx.query<StateRow>(
    `select ${stateColumns} from accounts where program = $1 and next_lapse <= $2`,
    [program, at],
  );
  const changes = { pending: 0n, available: 0n, lapsed: 0n, held: 0n, arrears: 0n };
  for (const row of rows) {
    const account = accountState(row);
    const present = valuation(account, at);
    const open = valuation({ ...account, holds: new Map() }, at);
    for (const figure of valued) changes[figure] += BigInt(present[figure] - open[figure]);
    changes.held -= BigInt(heldOf(account));
  }
  return changes;
};

import { z } from 'zod';
import {
  instant,
  ledgerStream,
  memberId,
  Points,
  type AccountId,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import {
  emptyAccount,
  phaseOf,
  valuation,
  type LotState,
  type Valuation,
} from '@tallystick/ledger';
import type { Database } from '@tallystick/postgres';

export interface AccountView extends Valuation {
  readonly member: MemberId | null;
  /** What lapses next, if nothing is spent before: `at` is when. */
  readonly nextExpiry: { readonly at: Instant; readonly points: number } | null;
  readonly position: bigint;
}

const whole = z.int().transform(Points.points);
const stamp = z.string().transform(instant);
const lotRow = z.object({
  id: z.string(),
  points: whole,
  remaining: whole,
  rule: z.string(),
  kind: z.enum(['base', 'bonus']),
  availableAt: stamp,
  expiresAt: stamp.nullable(),
  funder: z.string(),
  qualifies: z.boolean(),
});

interface AccountRow {
  readonly member: string | null;
  readonly position: bigint;
  readonly held: bigint;
  readonly arrears: bigint;
  readonly lots: unknown;
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
    `select member, position, held, arrears_raised - arrears_paid as arrears, (
       select coalesce(json_agg(json_build_object(
         'id', lot, 'points', points, 'remaining', remaining, 'rule', rule, 'kind', kind,
         'availableAt', available_at, 'expiresAt', expires_at, 'funder', funder, 'qualifies', qualifies
       )), '[]') from lots where lots.stream = accounts.stream) as lots
     from accounts where stream = $1`,
    [ledgerStream(program, account)],
  );
  const row = rows[0];
  if (row === undefined) return enrolledOnly(db, program, account, at);
  const lots = z.array(lotRow).parse(row.lots).map(lotState);
  return {
    ...valued(lots, { held: Points.points(row.held), arrears: Points.points(row.arrears) }, at),
    member: row.member === null ? null : memberId(row.member),
    nextExpiry: nextExpiry(lots, at),
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
    'select member, position from members where program = $1 and account = $2',
    [program, account],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    ...valued([], { held: Points.noPoints, arrears: Points.noPoints }, at),
    member: memberId(row.member),
    nextExpiry: null,
    position: row.position,
  };
};

const lotState = ({ remaining, ...lot }: z.output<typeof lotRow>): LotState => ({
  lot,
  remaining,
  expiresAt: lot.expiresAt,
  // No figure is made of what was posted as expired.
  expired: Points.noPoints,
});

/** The domain's own valuation, over the lots that are left. */
const valued = (
  lots: readonly LotState[],
  { held, arrears }: Pick<Valuation, 'held' | 'arrears'>,
  at: Instant,
): Valuation => {
  const empty = emptyAccount();
  const value = valuation(
    {
      ...empty,
      lots: new Map(lots.map((state) => [state.lot.id, state])),
      totals: { ...empty.totals, arrearsRaised: arrears },
    },
    at,
  );
  return { ...value, held };
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

import { z } from 'zod';
import { instant, knownFactId, Points } from '@tallystick/kernel';
import { emptyAccount, type Account, type HoldState, type LotState } from '@tallystick/ledger';

/** A row of `lots`, as `accountState` takes it. */
export const lotJson = `json_build_object(
    'id', lot, 'points', points, 'remaining', remaining, 'rule', rule, 'kind', kind,
    'availableAt', available_at, 'expiresAt', expires_at, 'funder', funder, 'qualifies', qualifies
  )`;

/** What of an account's rows its value at any moment is made of: the columns to select from `accounts`. */
export const stateColumns = `arrears_raised - arrears_paid as arrears, holds, (
  select coalesce(json_agg(${lotJson}), '[]') from lots where lots.stream = accounts.stream) as lots`;

export interface StateRow {
  readonly arrears: bigint;
  readonly holds: unknown;
  readonly lots: unknown;
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
const holdRow = z.object({
  id: z.string().transform(knownFactId),
  lapsesAt: stamp,
  arrearsPolicy: z.enum(['next-awards', 'waived', 'paid-in-money']).optional(),
  left: z.array(z.object({ lot: z.string(), points: whole })),
  lots: z.array(lotRow),
});

/** An account as far as its value goes, for the domain's own valuation: what it has, holds and owes. */
export const accountState = (row: StateRow): Account => {
  const holds = z.array(holdRow).parse(row.holds);
  const lots = z.array(lotRow).parse(row.lots).map(lotState);
  const held = holds.flatMap((hold) => hold.lots.map(lotState));
  const account = emptyAccount();
  for (const state of held) account.emptied.set(state.lot.id, state);
  for (const state of lots) {
    account.emptied.delete(state.lot.id);
    account.lots.set(state.lot.id, state);
  }
  for (const hold of holds) account.holds.set(hold.id, holdState(hold));
  account.totals.arrearsRaised = Points.points(row.arrears);
  return account;
};

const lotState = ({ remaining, ...lot }: z.output<typeof lotRow>): LotState => ({
  lot,
  remaining,
  expiresAt: lot.expiresAt,
  // No figure is made of what was posted as expired.
  expired: Points.noPoints,
});

const holdState = (row: z.output<typeof holdRow>): HoldState => ({
  ...{ id: row.id, lapsesAt: row.lapsesAt, left: row.left, status: 'open' },
  points: Points.total(row.left.map(({ points }) => points)),
  ...(row.arrearsPolicy === undefined ? {} : { arrearsPolicy: row.arrearsPolicy }),
  // No figure is made of these.
  ...{ hash: '', kind: '', reference: '', occurredAt: row.lapsesAt },
});

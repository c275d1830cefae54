import {
  accountId,
  memberId,
  Points,
  programId,
  type FactId,
  type StreamName,
} from '@tallystick/kernel';
import {
  emptyAccount,
  LedgerReader,
  type Account,
  type LedgerEvent,
  type LotId,
} from '@tallystick/ledger';
import type { Queryable } from '@tallystick/postgres';
import { accountState, lotJson } from '../read-account/account-state.js';
import type { StreamEvent } from '../views/projection.js';
import { tableOf, type Side } from '../views/view.js';
import { beginLedger, type LedgerState } from './ledger-state.js';
import { accounts, awards, lots, postingSums } from './tables.js';

type Plain = Extract<LedgerEvent, { type: 'PointsEarned' | 'PointsRedeemed' }>;

/** The columns of the account's sums. */
const totals = [
  ['opening', 'opening'],
  ['earned', 'earned'],
  ['transferredIn', 'transferred_in'],
  ['adjustedUp', 'adjusted_up'],
  ['refunded', 'refunded'],
  ['arrearsRaised', 'arrears_raised'],
  ['redeemed', 'redeemed'],
  ['reversed', 'reversed'],
  ['expired', 'expired'],
  ['transferredOut', 'transferred_out'],
  ['adjustedDown', 'adjusted_down'],
  ['arrearsPaid', 'arrears_paid'],
] as const satisfies readonly (readonly [keyof Account['totals'], string])[];

type Total = (typeof totals)[number][1];
type HeadRow = Readonly<Record<Total, bigint>> & {
  readonly stream: StreamName;
  readonly program: string;
  readonly account: string;
  readonly member: string;
  readonly unit: string;
  readonly holds: unknown;
  readonly postings: readonly { readonly posting: string; readonly points: number }[];
};
interface AwardRow {
  readonly stream: StreamName;
  readonly fact: FactId;
  readonly fact_revision: number;
  readonly earned: bigint;
  readonly reversed: bigint;
  readonly arrears_raised: bigint;
  readonly sells: boolean;
  readonly reason: string | null;
}

/**
 * Accounts as far as earning and redeeming touch them, out of their rows: sums, open holds, the lots and awards that the events name. What
 * such an event does to the rows then costs the same however long the account's history is. Left out, to be folded from the
 * store: accounts with lots that lapse after inactivity, from the first of them on, those that became part of another one, and those to
 * which anything else happens here.
 */
export const resumeLedger = async (
  tx: Queryable,
  side: Side,
  pending: ReadonlyMap<StreamName, readonly StreamEvent[]>,
): Promise<ReadonlyMap<StreamName, LedgerState>> => {
  const plain = new Map<StreamName, readonly Plain[]>();
  for (const [stream, events] of pending) {
    const read = plainEvents(events);
    if (read !== null) plain.set(stream, read);
  }
  if (plain.size === 0) return new Map();
  const states = await statesOf(tx, side, [...plain.keys()]);
  await addAwards(tx, side, plain, states);
  await addLots(tx, side, plain, states);
  for (const [stream, events] of plain) {
    const account = states.get(stream)?.account;
    if (account !== undefined && !hasLots(account, events)) states.delete(stream);
  }
  return states;
};

/** Null: there is something among them that touches more than it names. */
const plainEvents = (events: readonly StreamEvent[]): readonly Plain[] | null => {
  const plain: Plain[] = [];
  for (const event of events) {
    const read = plainEvent(event);
    if (read === null) return null;
    plain.push(read);
  }
  return plain;
};

const plainEvent = (stored: StreamEvent): Plain | null => {
  if (stored.type !== 'PointsEarned' && stored.type !== 'PointsRedeemed') return null;
  const event = wholeEvent(stored);
  if (event?.type === 'PointsRedeemed') return event;
  if (event?.type !== 'PointsEarned' || event.data.reinstated.length > 0) return null;
  // How long such a lot lives follows from the account's last activity, which no row has where it is the first.
  return event.data.lots.some(({ inactivity }) => inactivity !== undefined) ? null : event;
};

/** Null: it is in parts, or cannot be read. Why, is said when it is folded. */
const wholeEvent = (stored: StreamEvent): LedgerEvent | null => {
  try {
    return new LedgerReader().read(stored);
  } catch {
    return null;
  }
};

const statesOf = async (
  tx: Queryable,
  side: Side,
  streams: readonly StreamName[],
): Promise<Map<StreamName, LedgerState>> => {
  const { rows } = await tx.query<HeadRow>(
    `select stream, program, account, member, unit, holds, ${totals.map(([, column]) => column).join(', ')},
            (select coalesce(json_agg(json_build_object('posting', posting, 'points', points)), '[]')
               from ${tableOf(side, postingSums)} p where p.stream = a.stream) as postings
       from ${tableOf(side, accounts)} a
      where stream = any($1) and member is not null and merged_into is null and not inactivity`,
    [streams],
  );
  return new Map(rows.map((row) => [row.stream, stateOf(row)]));
};

const stateOf = (row: HeadRow): LedgerState => {
  const { stream, program, member, unit, holds } = row;
  const { holds: open, emptied } = accountState({ arrears: 0n, holds, lots: [] });
  const account: Account = {
    ...emptyAccount(),
    opened: {
      ...{ program: programId(program), account: accountId(row.account) },
      ...{ member: memberId(member), unit },
    },
    holds: open,
    emptied,
  };
  for (const [name, column] of totals) account.totals[name] = Points.points(row[column]);
  const state = beginLedger(stream, account);
  for (const { posting, points } of row.postings) state.postings.set(posting, points);
  return state;
};

/** What earlier events of the same facts came to: mostly nothing, for a receipt is posted once. */
const addAwards = async (
  tx: Queryable,
  side: Side,
  plain: ReadonlyMap<StreamName, readonly Plain[]>,
  states: ReadonlyMap<StreamName, LedgerState>,
): Promise<void> => {
  const named = namedBy(plain, (event) => (event.type === 'PointsEarned' ? [event.data.fact] : []));
  if (named.names.length === 0) return;
  const { rows } = await tx.query<AwardRow>(
    `select stream, fact, fact_revision, earned, reversed, arrears_raised, sells, reason
       from ${tableOf(side, awards)} join unnest($1::text[], $2::text[]) as named (stream, fact)
      using (stream, fact)`,
    [named.streams, named.names],
  );
  for (const row of rows) {
    const { fact, sells, reason } = row;
    states.get(row.stream)?.awards.set(fact, {
      ...{ fact, factRevision: row.fact_revision, sells, reason },
      ...{ earned: Number(row.earned), reversed: Number(row.reversed) },
      arrearsRaised: Number(row.arrears_raised),
    });
  }
};

/** The lots that a redemption takes from. */
const addLots = async (
  tx: Queryable,
  side: Side,
  plain: ReadonlyMap<StreamName, readonly Plain[]>,
  states: ReadonlyMap<StreamName, LedgerState>,
): Promise<void> => {
  const named = namedBy(plain, (event) =>
    event.type === 'PointsRedeemed' ? event.data.allocations.map(({ lot }) => lot) : [],
  );
  if (named.names.length === 0) return;
  const { rows } = await tx.query<{ stream: StreamName; lots: unknown }>(
    `select stream, json_agg(${lotJson}) as lots
       from ${tableOf(side, lots)} join unnest($1::text[], $2::text[]) as named (stream, lot)
      using (stream, lot) group by stream`,
    [named.streams, named.names],
  );
  for (const row of rows) {
    const account = states.get(row.stream)?.account;
    if (account === undefined) continue;
    for (const [id, lot] of accountState({ arrears: 0n, holds: [], lots: row.lots }).lots) {
      account.emptied.delete(id);
      account.lots.set(id, lot);
    }
  }
};

const namedBy = (
  plain: ReadonlyMap<StreamName, readonly Plain[]>,
  namesOf: (event: Plain) => readonly string[],
): { readonly streams: readonly StreamName[]; readonly names: readonly string[] } => {
  const streams: StreamName[] = [];
  const names: string[] = [];
  for (const [stream, events] of plain)
    for (const name of new Set(events.flatMap(namesOf))) {
      streams.push(stream);
      names.push(name);
    }
  return { streams, names };
};

/** Whether each lot that is taken from is there, from its row or by an event before. */
const hasLots = ({ lots: held }: Account, events: readonly Plain[]): boolean => {
  const there = new Set<LotId>(held.keys());
  return events.every(({ type, data }) => {
    if (type === 'PointsRedeemed') return data.allocations.every(({ lot }) => there.has(lot));
    for (const { id } of data.lots) there.add(id);
    return data.arrearsPaid.every(({ lot }) => there.has(lot));
  });
};

import { Points, localDate, type FactId, type Instant } from '@tallystick/kernel';
import type {
  Account,
  FactState,
  HoldState,
  KnownFact,
  LotState,
  RedemptionState,
} from './account.js';
import { certificatesKept, type CertificateState } from './certificates.js';
import type { Allocation, Lot, LotId } from './events.js';
import { membershipsHeld, takeMemberships, type MembershipState } from './memberships.js';
import {
  carriedCounters,
  carriedHistory,
  historyOfOlder,
  noteDay,
  type DayActivity,
} from './history.js';

/** A lot and what is left of it; nothing, where only its dates are still needed. */
export interface CarriedLot {
  readonly lot: Lot;
  readonly remaining: Points.Points;
  readonly expiresAt: Instant | null;
  readonly expired: Points.Points;
}

/** What an account knows, as data: each list in the order of its ids, so that the same account gives the same bytes. */
export interface Carried {
  readonly lots: readonly CarriedLot[];
  readonly facts: readonly Readonly<FactState>[];
  readonly redemptions: readonly Readonly<RedemptionState>[];
  readonly holds: readonly Readonly<HoldState>[];
  readonly known: readonly KnownFact[];
  readonly spend: { readonly [year: string]: number };
  /** What it did on each of the programme's days. Absent: an older release carried it. */
  readonly history?: { readonly [day: string]: DayActivity };
  /** What the counters of caps have come to. Absent: there are none. */
  readonly counted?: { readonly [counter: string]: number };
  readonly factsApplied: number;
  /** What it has paid for and not given back. Absent: nothing. */
  readonly memberships?: readonly MembershipState[];
  /** Its gift certificates, in the order of their names. Absent: none. */
  readonly certificates?: readonly CertificateState[];
  /** When the account last earned or spent. Absent: never, or an older release carried it. */
  readonly lastActive?: Instant;
}

/**
 * What of an account goes on: every lot that holds something, every open hold; and of facts, returnable lines, redemptions and
 * closed holds those since `keepFrom`, with what they refer to. What is older is left behind, so that it stays bounded.
 */
export const carry = (account: Account, keepFrom: Instant): Carried => {
  const recent = ({ occurredAt }: { readonly occurredAt: Instant }): boolean =>
    occurredAt >= keepFrom;
  const facts = keptFacts(account, recent);
  const redemptions = [...account.redemptions.values()].filter(recent);
  const holds = [...account.holds.values()].filter(
    (hold) => hold.status === 'open' || recent(hold),
  );
  const needed = new Set<LotId>([
    ...account.lots.keys(),
    ...facts.flatMap((fact) => [
      ...fact.lots,
      ...fact.reversals.flatMap(({ lots }) => lots.map(({ lot }) => lot)),
    ]),
    ...redemptions.flatMap(({ allocations }) => allocations.map(({ lot }) => lot)),
    ...holds.flatMap(({ left }) => left.map(({ lot }) => lot)),
  ]);
  const lots = [...account.lots.values(), ...account.emptied.values()].filter(
    ({ lot }) => needed.has(lot.id) || (lot.of !== undefined && needed.has(lot.of)),
  );
  const counted = carriedCounters(account, keepFrom);
  const memberships = membershipsHeld(account).map((state) => {
    const kept = facts.some(({ id }) => id === state.fact);
    return kept ? (account.memberships.get(`${state.fact}#${state.ordinal}`) ?? state) : state;
  });
  const certificates = certificatesKept(account, keepFrom);
  return {
    lots: lots.map((state) => ({ ...state })).sort((a, b) => order(a.lot.id, b.lot.id)),
    facts: facts.map(copyOfFact).sort(byId),
    redemptions: redemptions.map((redemption) => ({ ...redemption })).sort(byId),
    holds: holds.map((hold) => ({ ...hold })).sort(byId),
    known: [...account.known.values()].filter(recent).sort(byId),
    spend: Object.fromEntries([...account.spend].sort(([a], [b]) => order(a, b))),
    history: carriedHistory(account, keepFrom),
    ...(Object.keys(counted).length === 0 ? {} : { counted }),
    factsApplied: account.factsApplied,
    ...(memberships.length === 0 ? {} : { memberships }),
    ...(certificates.length === 0 ? {} : { certificates }),
    ...(account.lastActive === null ? {} : { lastActive: account.lastActive }),
  };
};

/** A correction of a kept return gives back to the sale that it had returned: that sale is kept too, however old it is. */
const keptFacts = (
  account: Account,
  recent: (fact: FactState) => boolean,
): readonly FactState[] => {
  const kept = new Map<FactId, FactState>();
  const keep = (fact: FactState | undefined): void => {
    if (fact === undefined || kept.has(fact.id)) return;
    kept.set(fact.id, fact);
    for (const reversal of fact.reversals) keep(account.facts.get(reversal.fact));
  };
  for (const fact of account.facts.values()) if (recent(fact)) keep(fact);
  return [...kept.values()];
};

/** Puts what was carried into an account, beside what it has. */
export const absorb = (account: Account, carried: Carried): void => {
  for (const lot of carried.lots) {
    const state: LotState = { ...lot };
    if (lot.lot.inactivity !== undefined) account.inactivity = true;
    (state.remaining > 0 ? account.lots : account.emptied).set(state.lot.id, state);
  }
  for (const fact of carried.facts) {
    const own = account.facts.get(fact.id);
    const copy = copyOfFact({ ...fact, sequence: account.factsApplied + fact.sequence });
    account.facts.set(fact.id, own === undefined ? copy : bothParts(own, copy));
  }
  for (const redemption of carried.redemptions)
    account.redemptions.set(redemption.id, { ...redemption });
  for (const hold of carried.holds) account.holds.set(hold.id, { ...hold });
  for (const known of carried.known) account.known.set(known.id, known);
  for (const [year, minor] of Object.entries(carried.spend))
    account.spend.set(year, (account.spend.get(year) ?? 0) + minor);
  const days = carried.history === undefined ? historyOfOlder(carried) : historyIn(carried.history);
  for (const [day, activity] of days) noteDay(account, day, activity);
  for (const [counter, points] of Object.entries(carried.counted ?? {}))
    account.counted.set(counter, (account.counted.get(counter) ?? 0) + points);
  account.factsApplied += carried.factsApplied;
  takeMemberships(account, carried.memberships ?? []);
  for (const state of carried.certificates ?? []) account.certificates.set(state.id, state);
  const { lastActive = null } = carried;
  if (lastActive !== null && (account.lastActive ?? '') < lastActive)
    account.lastActive = lastActive;
};

const historyIn = (history: NonNullable<Carried['history']>) =>
  Object.entries(history).map(([day, activity]) => [localDate(day), activity] as const);

/** Empties an account of all but its sums. */
export const forget = (account: Account): void => {
  for (const memory of [
    account.lots,
    account.emptied,
    account.facts,
    account.redemptions,
    account.holds,
    account.known,
    account.spend,
    account.history,
    account.counted,
    account.memberships,
    account.certificates,
  ])
    memory.clear();
  account.lastActive = null;
  account.inactivity = false;
};

/** The same carried things with other names of lots. */
export const renameLots = (carried: Carried, name: (lot: LotId) => LotId): Carried => {
  const renamed = (allocations: readonly Allocation[]): Allocation[] =>
    allocations.map(({ lot, points }) => ({ lot: name(lot), points }));
  return {
    ...carried,
    lots: carried.lots.map((state) => ({
      ...state,
      lot: {
        ...state.lot,
        id: name(state.lot.id),
        ...(state.lot.of === undefined ? {} : { of: name(state.lot.of) }),
      },
    })),
    facts: carried.facts.map((fact) => ({
      ...fact,
      lots: fact.lots.map(name),
      reversals: fact.reversals.map((reversal) => ({ ...reversal, lots: renamed(reversal.lots) })),
    })),
    redemptions: carried.redemptions.map((redemption) => ({
      ...redemption,
      allocations: renamed(redemption.allocations),
    })),
    holds: carried.holds.map((hold) => ({ ...hold, left: renamed(hold.left) })),
  };
};

/** One receipt may have gone to two accounts, its sold lines to one and its returned lines to the other: it is whole again. */
const bothParts = (own: FactState, other: FactState): FactState => {
  const newest = other.revision > own.revision ? other : own;
  const selling = own.lines.length > 0 ? own : other;
  const none = (count: number) => Array.from({ length: count }, () => Points.noPoints);
  return {
    // How it was rated is how its sold lines were.
    ...selling,
    ...{ id: newest.id, revision: newest.revision, hash: newest.hash },
    occurredAt: newest.occurredAt,
    sequence: own.sequence,
    lots: [...own.lots, ...other.lots],
    lines: [
      ...own.lines.map((line) => ({
        ...line,
        points: [...line.points, ...none(other.lots.length)],
        reversed: [...line.reversed, ...none(other.lots.length)],
      })),
      ...other.lines.map((line) => ({
        ...line,
        points: [...none(own.lots.length), ...line.points],
        reversed: [...none(own.lots.length), ...line.reversed],
      })),
    ],
    reversals: [...own.reversals, ...other.reversals],
  };
};

const copyOfFact = (fact: Readonly<FactState>): FactState => ({
  ...fact,
  lines: fact.lines.map((line) => ({ ...line, reversed: [...line.reversed] })),
  reversals: [...fact.reversals],
});

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byId = (a: { readonly id: string }, b: { readonly id: string }): number => order(a.id, b.id);

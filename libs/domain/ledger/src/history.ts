import {
  Exact,
  addMonths,
  dayAt,
  localDate,
  timeZone,
  type FactId,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import type { Account, FactState } from './account.js';
import type { Carried } from './carried.js';
import type { Lot, LotId } from './events.js';
import { lotStateOf } from './lots.js';

/** What an account did on one of the programme's days, net of what came back: what tiers and discounts count. */
export interface DayActivity {
  /** Minor units that count for tiers. */
  readonly spendMinor: number;
  /** Points that count for tiers. */
  readonly points: number;
  /** Receipts of which something sold has not come back. */
  readonly visits: number;
}

const nothing: DayActivity = { spendMinor: 0, points: 0, visits: 0 };

/** Adds to a day; a day on which nothing is left is as if it had never been. */
export const noteDay = (
  { history }: Pick<Account, 'history'>,
  day: LocalDate,
  by: Partial<DayActivity>,
): void => {
  const before = history.get(day) ?? nothing;
  const after: DayActivity = {
    spendMinor: before.spendMinor + (by.spendMinor ?? 0),
    points: before.points + (by.points ?? 0),
    visits: before.visits + (by.visits ?? 0),
  };
  if (after.spendMinor === 0 && after.points === 0 && after.visits === 0) history.delete(day);
  else history.set(day, after);
};

/** Points counted under the names that a lot carries; `by` is negative when they come back. */
export const noteCounters = (
  { counted }: Pick<Account, 'counted'>,
  { counters = [] }: Pick<Lot, 'counters'>,
  by: number,
): void => {
  for (const name of counters) {
    const now = (counted.get(name) ?? 0) + by;
    if (now === 0) counted.delete(name);
    else counted.set(name, now);
  }
};

/** Whether something that a receipt sold has not come back. */
export const visited = ({ lines }: Pick<FactState, 'lines'>): boolean =>
  lines.some(
    ({ returned, quantity }) =>
      returned === '0' || Exact.compare(Exact.exact(returned), Exact.exact(quantity)) < 0,
  );

/**
 * The day that a fact counts on. An older release named its year alone: then the day that it was in UTC, or the nearest one of that year.
 */
export const dayOf = (fact: {
  readonly day?: LocalDate;
  readonly occurredAt: Instant;
  readonly spendYear: string;
}): LocalDate => {
  if (fact.day !== undefined) return fact.day;
  const day = dayAt(fact.occurredAt, timeZone('UTC'));
  const year = day.slice(0, 4);
  if (year === fact.spendYear || fact.spendYear === '') return day;
  return year < fact.spendYear ? firstOf(fact.spendYear) : localDate(`${fact.spendYear}-12-31`);
};

/** Where spend stands of which only the year is known. */
export const firstOf = (year: string): LocalDate => localDate(`${year}-01-01`);

/** How long days are kept apart: what tiers count lies within two years; older days stand together on the first of their month. */
const monthsApart = 37;

/** The days of an account as they are carried. */
export const carriedHistory = (
  { history }: Pick<Account, 'history'>,
  keepFrom: Instant,
): { readonly [day: string]: DayActivity } => {
  const apart = addMonths(dayAt(keepFrom, timeZone('UTC')), -monthsApart);
  const days = new Map<LocalDate, DayActivity>();
  for (const [day, activity] of history)
    noteDay({ history: days }, day < apart ? localDate(`${day.slice(0, 7)}-01`) : day, activity);
  return Object.fromEntries([...days].sort(byName));
};

/** Counters of periods that are over are left behind: nothing is returned from before `keepFrom`. */
export const carriedCounters = (
  { counted }: Pick<Account, 'counted'>,
  keepFrom: Instant,
): { readonly [counter: string]: number } =>
  Object.fromEntries([...counted].filter(([name]) => !isOver(name, keepFrom)).sort(byName));

/** `<rule>/day/2026-11-22`, `<rule>/week/2026-W47`, `<rule>/year/2026`; `<rule>/lifetime` is never over. */
const isOver = (counter: string, keepFrom: Instant): boolean => {
  const period = /\/\w+\/(\d{4}[-\d]*)/.exec(counter)?.[1]?.replace(/-$/, '');
  return period !== undefined && period < keepFrom.slice(0, period.length);
};

/** What a fact's lines count for on its day, as far as they have not come back. */
const activityOf = (fact: FactState, qualifies: (lot: LotId) => boolean): DayActivity => {
  let [spendMinor, points] = [0, 0];
  for (const line of fact.lines) spendMinor += line.spendMinor - line.spendReversedMinor;
  fact.lots.forEach((lot, index) => {
    if (qualifies(lot)) points += heldOf(fact, index);
  });
  return { spendMinor, points, visits: visited(fact) ? 1 : 0 };
};

/** What a fact counts for, by itself and net of what came back, on its day. */
export const activityOfFact = (account: Account, fact: FactState): DayActivity =>
  activityOf(fact, (lot) => lotStateOf(account, lot).lot.qualifies);

/** What the lines have of one of their fact's lots. */
const heldOf = ({ lines }: Pick<FactState, 'lines'>, lot: number): number =>
  lines.reduce((sum, { points, reversed }) => sum + (points[lot] ?? 0) - (reversed[lot] ?? 0), 0);

/**
 * What an account has done without one fact: what its next revision is rated from. Corrected, a first purchase is still the first, and
 * finds the room under a cap that it took itself.
 */
export const without = (account: Account, id: FactId): Pick<Account, 'history' | 'counted'> => {
  const fact = account.facts.get(id);
  if (fact === undefined || fact.lines.length === 0) return account;
  const rest = { history: new Map(account.history), counted: new Map(account.counted) };
  const lotOf = (lot: LotId): Lot => lotStateOf(account, lot).lot;
  const { spendMinor, points, visits } = activityOf(fact, (lot) => lotOf(lot).qualifies);
  noteDay(rest, dayOf(fact), { spendMinor: -spendMinor, points: -points, visits: -visits });
  fact.lots.forEach((lot, index) => {
    noteCounters(rest, lotOf(lot), -heldOf(fact, index));
  });
  return rest;
};

/** The days that an older release did not carry: those of the facts that it did carry; the rest of a year's spend stands on its first day. */
export const historyOfOlder = (carried: Carried): ReadonlyMap<LocalDate, DayActivity> => {
  const account = { history: new Map<LocalDate, DayActivity>() };
  const spend = new Map(Object.entries(carried.spend));
  const qualifying = new Set(
    carried.lots.filter(({ lot }) => lot.qualifies).map(({ lot }) => lot.id),
  );
  for (const fact of carried.facts) {
    const activity = activityOf(fact, (lot) => qualifying.has(lot));
    noteDay(account, dayOf(fact), activity);
    if (fact.lines.length > 0)
      spend.set(fact.spendYear, (spend.get(fact.spendYear) ?? 0) - activity.spendMinor);
  }
  for (const [year, spendMinor] of spend) noteDay(account, firstOf(year), { spendMinor });
  return account.history;
};

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

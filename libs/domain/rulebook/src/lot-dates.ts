import {
  addDays,
  addMonths,
  dayAt,
  inactiveFrom,
  localDate,
  startOfDay,
  startOfNext,
  timeZone,
  type Instant,
  type LocalDate,
  type TimeZone,
} from '@tallystick/kernel';
import type { LotLife, Rulebook } from './rulebook.js';

export interface LotDates {
  readonly availableAt: Instant;
  /** null: never. */
  readonly expiresAt: Instant | null;
  /** It lapses so many months after the account last earned or spent, at `expiresAt` the first time. */
  readonly inactivity?: { readonly months: number; readonly timeZone: string };
}

/** When a lot earned at a moment becomes available, and when it lapses; in the programme's days. `life`: the rule's own, or the programme's. */
export const lotDates = (
  rulebook: Pick<Rulebook, 'lots' | 'timeZone'>,
  occurredAt: Instant,
  life: LotLife = rulebook.lots,
): LotDates => {
  const { startsAt, until, expiresAt, inactivity } = datesOn(life, occurredAt, rulebook.timeZone);
  const pending = startsAt ?? occurredAt;
  const availableAt = until !== null && until > pending ? until : pending;
  return inactivity === undefined
    ? { availableAt, expiresAt }
    : { availableAt, expiresAt, inactivity };
};

/** What all lots of a day have in common. */
interface DatesOfDay extends Omit<LotDates, 'availableAt'> {
  /** When it becomes available by the days that it is pending; null: at once. */
  readonly startsAt: Instant | null;
  /** Until when it is pending, at least. */
  readonly until: Instant | null;
}

const daysKept = 5_000;
const byLife = new WeakMap<
  LotLife,
  { readonly zone: string; readonly days: Map<LocalDate, DatesOfDay> }
>();

/** A day's receipts ask it again and again. */
const datesOn = (life: LotLife, occurredAt: Instant, zoneName: string): DatesOfDay => {
  const zone = timeZone(zoneName);
  const day = dayAt(occurredAt, zone);
  let kept = byLife.get(life);
  if (kept?.zone !== zone || kept.days.size > daysKept) {
    kept = { zone, days: new Map() };
    byLife.set(life, kept);
  }
  let dates = kept.days.get(day);
  if (dates === undefined) {
    dates = {
      startsAt: life.pendingDays === 0 ? null : startOfDay(addDays(day, life.pendingDays), zone),
      until:
        life.pendingUntil === undefined ? null : startOfDay(localDate(life.pendingUntil), zone),
      ...expiryOf(life.expiry, day, zone),
    };
    kept.days.set(day, dates);
  }
  return dates;
};

const expiryOf = (
  expiry: LotLife['expiry'],
  day: LocalDate,
  zone: TimeZone,
): Pick<LotDates, 'expiresAt' | 'inactivity'> => {
  if (expiry === 'never') return { expiresAt: null };
  if ('inactiveMonths' in expiry) {
    const { inactiveMonths: months } = expiry;
    return {
      expiresAt: inactiveFrom(startOfDay(day, zone), months, zone),
      inactivity: { months, timeZone: zone },
    };
  }
  return { expiresAt: startOfDay(dayAfterLast(day, expiry), zone) };
};

type Expiry = Exclude<LotLife['expiry'], 'never' | { readonly inactiveMonths: number }>;

/** The first day on which a lot has lapsed. */
const dayAfterLast = (day: LocalDate, expiry: Expiry): LocalDate => {
  if ('on' in expiry) return addDays(localDate(expiry.on), 1);
  const last = addMonths(day, expiry.months);
  switch (expiry.until) {
    case 'day':
      return addDays(last, 1);
    case 'end-of-month':
      return startOfNext(last, 'month');
    case 'end-of-quarter':
      return startOfNext(last, 'quarter');
    case 'end-of-year':
      return startOfNext(last, 'year');
  }
};

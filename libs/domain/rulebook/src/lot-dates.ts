import {
  addDays,
  addMonths,
  dayAt,
  inactiveFrom,
  localDate,
  remembered,
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
  const zone = timeZone(rulebook.timeZone);
  const day = dayAt(occurredAt, zone);
  const { pendingDays, pendingUntil, expiry } = life;
  const pending = pendingDays === 0 ? occurredAt : startOfDay(addDays(day, pendingDays), zone);
  const until = pendingUntil === undefined ? pending : startOfDay(localDate(pendingUntil), zone);
  return {
    availableAt: until > pending ? until : pending,
    ...expiryOf(expiry, occurredAt, zone),
  };
};

const expiryOf = (
  expiry: LotLife['expiry'],
  occurredAt: Instant,
  zone: TimeZone,
): Omit<LotDates, 'availableAt'> => {
  if (expiry === 'never') return { expiresAt: null };
  if ('inactiveMonths' in expiry) {
    const { inactiveMonths: months } = expiry;
    return {
      expiresAt: inactiveFrom(occurredAt, months, zone),
      inactivity: { months, timeZone: zone },
    };
  }
  return { expiresAt: startOfDay(firstDayAfter(dayAt(occurredAt, zone), expiry), zone) };
};

type Expiry = Exclude<LotLife['expiry'], 'never' | { readonly inactiveMonths: number }>;
const daysKept = 5_000;
const byExpiry = new WeakMap<Expiry, (day: string) => LocalDate>();

/** The first day on which a lot has lapsed. A day's receipts ask it again and again. */
const firstDayAfter = (day: LocalDate, expiry: Expiry): LocalDate => {
  let of = byExpiry.get(expiry);
  if (of === undefined) {
    of = remembered(daysKept, (of) => dayAfterLast(localDate(of), expiry));
    byExpiry.set(expiry, of);
  }
  return of(day);
};

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

import {
  addDays,
  addMonths,
  dayAt,
  localDate,
  remembered,
  startOfDay,
  startOfNext,
  timeZone,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import type { LotLife, Rulebook } from './rulebook.js';

/** When a lot earned at a moment becomes available, and when it lapses; in the programme's days. `life`: the rule's own, or the programme's. */
export const lotDates = (
  rulebook: Pick<Rulebook, 'lots' | 'timeZone'>,
  occurredAt: Instant,
  life: LotLife = rulebook.lots,
): { readonly availableAt: Instant; readonly expiresAt: Instant | null } => {
  const zone = timeZone(rulebook.timeZone);
  const day = dayAt(occurredAt, zone);
  const { pendingDays, pendingUntil, expiry } = life;
  const pending = pendingDays === 0 ? occurredAt : startOfDay(addDays(day, pendingDays), zone);
  const until = pendingUntil === undefined ? pending : startOfDay(localDate(pendingUntil), zone);
  return {
    availableAt: until > pending ? until : pending,
    expiresAt: expiry === 'never' ? null : startOfDay(firstDayAfter(day, expiry), zone),
  };
};

type Expiry = Exclude<LotLife['expiry'], 'never'>;
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
  if ('inactiveMonths' in expiry) return addDays(addMonths(day, expiry.inactiveMonths), 1);
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

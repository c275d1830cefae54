import {
  addDays,
  addMonths,
  dayAt,
  startOfDay,
  startOfNext,
  timeZone,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import type { LotLife, Rulebook } from './rulebook.js';

/** When a lot earned at a moment becomes available, and when it lapses; in the programme's days. */
export const lotDates = (
  rulebook: Pick<Rulebook, 'lots' | 'timeZone'>,
  occurredAt: Instant,
): { readonly availableAt: Instant; readonly expiresAt: Instant | null } => {
  const zone = timeZone(rulebook.timeZone);
  const day = dayAt(occurredAt, zone);
  const { pendingDays, expiry } = rulebook.lots;
  return {
    availableAt: pendingDays === 0 ? occurredAt : startOfDay(addDays(day, pendingDays), zone),
    expiresAt: expiry === 'never' ? null : startOfDay(firstDayAfter(day, expiry), zone),
  };
};

const firstDayAfter = (day: LocalDate, expiry: Exclude<LotLife['expiry'], 'never'>): LocalDate => {
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

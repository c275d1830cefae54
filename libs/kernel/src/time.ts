import { Temporal } from '@js-temporal/polyfill';
import type { Branded } from './ids.js';

/** A moment, RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.000Z`. Sorts as text. */
export type Instant = Branded<'Instant'>;
/** A calendar day, `2026-01-31`. */
export type LocalDate = Branded<'LocalDate'>;
/** An IANA time zone, `Europe/London`. */
export type TimeZone = Branded<'TimeZone'>;

const format = (instant: Temporal.Instant): Instant =>
  instant.toString({ smallestUnit: 'millisecond' }) as Instant;

const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Reads an RFC 3339 time with any offset. Throws on anything else, times without offset included. */
export const instant = (text: string): Instant =>
  // What we have written ourselves is read a hundred times more often than anything else, and Date is that much quicker.
  canonical.test(text) && isWrittenAs(Date.parse(text), text)
    ? (text as Instant)
    : format(Temporal.Instant.from(text));

const isWrittenAs = (ms: number, text: string): boolean =>
  !Number.isNaN(ms) && new Date(ms).toISOString() === text;

export const instantOfEpochMs = (ms: number): Instant => new Date(ms).toISOString() as Instant;
export const epochMs = (at: Instant): number => Date.parse(at);
export const addMs = (at: Instant, ms: number): Instant => instantOfEpochMs(epochMs(at) + ms);

/** The clock, as an argument: the domain has none of its own. */
export type Clock = () => Instant;
export const systemClock: Clock = () => instantOfEpochMs(Date.now());

/** Reads an IANA name. Throws on what the zone database does not have. */
export const timeZone = (name: string): TimeZone => {
  Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
  return name as TimeZone;
};
export const localDate = (text: string): LocalDate =>
  Temporal.PlainDate.from(text).toString() as LocalDate;

/** The day that it is in a zone at a moment. */
export const dayAt = (at: Instant, zone: TimeZone): LocalDate =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate().toString() as LocalDate;

/** The hour of a zone's clock at a moment: 0 to 23. */
export const hourAt = (at: Instant, zone: TimeZone): number =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).hour;

/** ISO 8601: 1 is Monday. */
export const weekdayOf = (day: LocalDate): number => Temporal.PlainDate.from(day).dayOfWeek;

/** ISO 8601: `2026-W53`; the first days of January may lie in the last week of the year before. */
export const weekOf = (day: LocalDate): string => {
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
  return `${yearOfWeek ?? 0}-W${String(weekOfYear ?? 0).padStart(2, '0')}`;
};

/** The first moment of a day in a zone, over daylight-saving changes too (some days do not begin at 00:00). */
export const startOfDay = (day: LocalDate, zone: TimeZone): Instant =>
  format(Temporal.PlainDate.from(day).toZonedDateTime(zone).toInstant());

export const addDays = (day: LocalDate, days: number): LocalDate =>
  Temporal.PlainDate.from(day).add({ days }).toString() as LocalDate;

/** 31 January + 1 month is the last day of February. */
export const addMonths = (day: LocalDate, months: number): LocalDate =>
  Temporal.PlainDate.from(day).add({ months }).toString() as LocalDate;

export type CalendarPeriod = 'month' | 'quarter' | 'year';

/** The first day after the month, quarter or year that a day lies in. */
export const startOfNext = (day: LocalDate, period: CalendarPeriod): LocalDate => {
  const date = Temporal.PlainDate.from(day);
  const first = { day: 1 } as const;
  switch (period) {
    case 'month':
      return date.with(first).add({ months: 1 }).toString() as LocalDate;
    case 'quarter':
      return date
        .with({ month: Math.floor((date.month - 1) / 3) * 3 + 1, ...first })
        .add({ months: 3 })
        .toString() as LocalDate;
    case 'year':
      return date
        .with({ month: 1, ...first })
        .add({ years: 1 })
        .toString() as LocalDate;
  }
};

export const yearOf = (day: LocalDate): string => day.slice(0, day.indexOf('-', 1));

/** The moment of a wall-clock time in a zone; a time that is skipped moves forward, one that happens twice is the earlier. */
export const instantOfLocal = (localDateTime: string, zone: TimeZone): Instant =>
  format(Temporal.PlainDateTime.from(localDateTime).toZonedDateTime(zone).toInstant());

import { Temporal } from '@js-temporal/polyfill';
import type { Branded } from './ids.js';
import { remembered } from './remembered.js';

/** A moment, RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.000Z`. Sorts as text. */
export type Instant = Branded<'Instant'>;
/** A calendar day, `2026-01-31`. */
export type LocalDate = Branded<'LocalDate'>;
/** An IANA time zone, `Europe/London`. */
export type TimeZone = Branded<'TimeZone'>;

const format = (instant: Temporal.Instant): Instant =>
  instant.toString({ smallestUnit: 'millisecond' }) as Instant;

const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** What tills write: a local time, milliseconds at most, and the offset. */
const withOffset = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?(?:Z|([+-])(\d\d):(\d\d))$/;
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Reads an RFC 3339 time with any offset. Throws on anything else, times without offset included. */
export const instant = (text: string): Instant =>
  // What we have written ourselves is read a hundred times more often than anything else, and Date is that much quicker.
  canonical.test(text) && isWrittenAs(Date.parse(text), text)
    ? (text as Instant)
    : (instantByDate(text) ?? format(Temporal.Instant.from(text)));

const isWrittenAs = (ms: number, text: string): boolean =>
  !Number.isNaN(ms) && new Date(ms).toISOString() === text;

/** The same by Date alone; null for what only the slower way reads, or refuses. */
const instantByDate = (text: string): Instant | null => {
  const [, local, , sign, hours, minutes] = withOffset.exec(text) ?? [];
  const ms = Date.parse(text);
  if (local === undefined || Number.isNaN(ms)) return null;
  const offsetMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * minuteMs;
  // A day or a time that is none (30 February, 24:00) is another one when it is written again.
  const written = new Date(ms + (sign === '-' ? -offsetMs : offsetMs)).toISOString();
  return written.startsWith(local) && offsetMs < dayMs && Number(minutes ?? 0) < 60
    ? instantOfEpochMs(ms)
    : null;
};

export const instantOfEpochMs = (ms: number): Instant => new Date(ms).toISOString() as Instant;
export const epochMs = (at: Instant): number => Date.parse(at);
export const addMs = (at: Instant, ms: number): Instant => instantOfEpochMs(epochMs(at) + ms);

/** The clock, as an argument: the domain has none of its own. */
export type Clock = () => Instant;
export const systemClock: Clock = () => instantOfEpochMs(Date.now());

const zonesKept = 1_000;
const daysKept = 20_000;

/** Reads an IANA name. Throws on what the zone database does not have. */
export const timeZone = remembered(zonesKept, (name): TimeZone => {
  Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
  return name as TimeZone;
});

const plainDate = /^\d{4}-\d\d-\d\d$/;
/** Reads a calendar day. Throws on what is none. */
export const localDate = (text: string): LocalDate =>
  plainDate.test(text) && isWrittenAs(Date.parse(text), `${text}T00:00:00.000Z`)
    ? (text as LocalDate)
    : (Temporal.PlainDate.from(text).toString() as LocalDate);

/** The day that it is in a zone at a moment. */
export const dayAt = (at: Instant, zone: TimeZone): LocalDate =>
  at >= '1980' && at < '9999'
    ? dayOfQuarterHour(`${zone} ${quarterHourOf(at)}`)
    : dayByTemporal(at, zone);

const dayByTemporal = (at: string, zone: string): LocalDate =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate().toString() as LocalDate;

/** Since 1980 all zones are whole quarters of an hour apart from UTC, so that no day begins within one. */
const dayOfQuarterHour = remembered(daysKept, (key): LocalDate => {
  const [zone = '', at = ''] = key.split(' ');
  return dayByTemporal(at, zone);
});

/** The beginning of the quarter of an hour that a moment lies in. */
const quarterHourOf = (at: Instant): string =>
  `${at.slice(0, 14)}${quarters[Math.floor(Number(at.slice(14, 16)) / 15)] ?? '00'}:00Z`;
const quarters = ['00', '15', '30', '45'];

/** The hour of a zone's clock at a moment: 0 to 23. */
export const hourAt = (at: Instant, zone: TimeZone): number =>
  at >= '1980' && at < '9999'
    ? hourOfQuarterHour(`${zone} ${quarterHourOf(at)}`)
    : hourByTemporal(at, zone);

const hourByTemporal = (at: string, zone: string): number =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).hour;

const hourOfQuarterHour = remembered(daysKept, (key): number => {
  const [zone = '', at = ''] = key.split(' ');
  return hourByTemporal(at, zone);
});

/** ISO 8601: 1 is Monday. */
export const weekdayOf = (day: LocalDate): number => weekdayOfText(day);
const weekdayOfText = remembered(daysKept, (day): number => Temporal.PlainDate.from(day).dayOfWeek);

/** ISO 8601: `2026-W53`; the first days of January may lie in the last week of the year before. */
export const weekOf = (day: LocalDate): string => weekOfText(day);
const weekOfText = remembered(daysKept, (day): string => {
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
  return `${yearOfWeek ?? 0}-W${String(weekOfYear ?? 0).padStart(2, '0')}`;
});

/** The first moment of a day in a zone, over daylight-saving changes too (some days do not begin at 00:00). */
export const startOfDay = (day: LocalDate, zone: TimeZone): Instant => startOf(`${zone} ${day}`);

const startOf = remembered(daysKept, (key): Instant => {
  const [zone = '', day = ''] = key.split(' ');
  return format(Temporal.PlainDate.from(day).toZonedDateTime(zone).toInstant());
});

export const addDays = (day: LocalDate, days: number): LocalDate => {
  // Calendar days have no zone: by UTC's they are all of one length.
  const ms = Date.parse(`${day}T00:00:00.000Z`) + days * dayMs;
  return ms >= plainMsMin && ms < plainMsMax
    ? (new Date(ms).toISOString().slice(0, 10) as LocalDate)
    : (Temporal.PlainDate.from(day).add({ days }).toString() as LocalDate);
};
const plainMsMin = Date.UTC(1000, 0);
const plainMsMax = Date.UTC(9999, 0);

/**
 * The first moment of a window of so many days that ends with the day that it is at a moment: whole days of a zone, however many hours
 * these have. With 30 days, what was sold at any time on 1 May is in it until the end of 31 May.
 */
export const startOfWindow = (at: Instant, days: number, zone: TimeZone): Instant =>
  startOfDay(addDays(dayAt(at, zone), -days), zone);

/** 31 January + 1 month is the last day of February. */
export const addMonths = (day: LocalDate, months: number): LocalDate => {
  // A level with grace asks it for each of a member's days: some twenty times as quick as below.
  const month = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months;
  if (day.length !== 10 || month < plainMonthMin || month >= plainMonthMax)
    return Temporal.PlainDate.from(day).add({ months }).toString() as LocalDate;
  const year = Math.floor(month / 12);
  const last = new Date(Date.UTC(year, (month % 12) + 1, 0)).getUTCDate();
  const of = Math.min(Number(day.slice(8)), last);
  return `${year}-${twoDigits((month % 12) + 1)}-${twoDigits(of)}` as LocalDate;
};
const [plainMonthMin, plainMonthMax] = [1_000 * 12, 9_999 * 12];
const twoDigits = (number: number): string => (number < 10 ? `0${number}` : `${number}`);

/** The first moment at which nothing has happened for so many months: the day after the day so many months later begins. */
export const inactiveFrom = (last: Instant, months: number, zone: TimeZone): Instant =>
  inactiveAfter(`${zone} ${months} ${dayAt(last, zone)}`);

const inactiveAfter = remembered(daysKept, (key): Instant => {
  const [zone = '', months = '', day = ''] = key.split(' ');
  return startOfDay(addDays(addMonths(localDate(day), Number(months)), 1), timeZone(zone));
});

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

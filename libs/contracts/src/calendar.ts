import { z } from 'zod';

/**
 * The years that a date from outside may lie in. Beyond them text no longer compares as time does (`+010000-01-01` comes before `2026`), and a
 * database takes some of them for none: an event with such a date would hold up all that comes behind it.
 */
export const years = { least: 1900, most: 9000 } as const;

/** Whether a date lies in them; of what is no date another check says so. */
export const inYears = (text: string): boolean => {
  const [, year] = /^(\d{4})-/.exec(text) ?? [];
  return year === undefined || (Number(year) >= years.least && Number(year) <= years.most);
};
export const yearsRule = `must lie between the years ${years.least} and ${years.most}`;

/** A moment, RFC 3339 with its offset. */
export const moment = z.iso.datetime({ offset: true }).refine(inYears, yearsRule);

/** A day of the calendar: `2026-12-24`. */
export const day = z.iso.date().refine(inYears, yearsRule);

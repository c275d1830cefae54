import { addDays, addMonths, localDate, remembered, type LocalDate } from '@tallystick/kernel';

/** What an account did on one of the programme's days, net of what came back: what tiers count. */
export interface DayActivity {
  /** Minor units that count for tiers. */
  readonly spendMinor: number;
  /** Points that count for tiers. */
  readonly points: number;
  /** Receipts of which something sold has not come back. */
  readonly visits: number;
}

/** By day; a day on which nothing happened is not there. */
export type History = ReadonlyMap<LocalDate, DayActivity>;

export const firstOfYear = (day: LocalDate): LocalDate => localDate(`${day.slice(0, 4)}-01-01`);
/** Asked for each receipt of a day. */
export const lastOfYearBefore: (day: LocalDate) => LocalDate = remembered(5_000, (day) =>
  addDays(localDate(`${day.slice(0, 4)}-01-01`), -1),
);
export const firstOfMonth = (day: LocalDate): LocalDate => localDate(`${day.slice(0, 7)}-01`);
export const firstOfNextYear = (day: LocalDate): LocalDate => addMonths(firstOfYear(day), 12);
export const firstOfNextMonth = (day: LocalDate): LocalDate => addMonths(firstOfMonth(day), 1);

import { addMonths, localDate, type LocalDate } from '@tallystick/kernel';

/** What an account did on one of the programme's days, net of what came back: what caps and tiers count. */
export interface DayActivity {
  /** Minor units that count for tiers. */
  spendMinor: number;
  /** Points that count for tiers. */
  points: number;
  /** Receipts with something sold. */
  visits: number;
}

/** By day; a day on which nothing happened is not there. */
export type History = ReadonlyMap<LocalDate, Readonly<DayActivity>>;

export type Measure = 'spend' | 'points' | 'visits';

const amountOf = (day: Readonly<DayActivity>, measure: Measure): number =>
  measure === 'spend' ? day.spendMinor : measure === 'points' ? day.points : day.visits;

/** The sum over the days from `first` to `last`, both included. */
export const sumBetween = (
  history: History,
  measure: Measure,
  first: LocalDate,
  last: LocalDate,
): number => {
  let sum = 0;
  for (const [day, activity] of history)
    if (day >= first && day <= last) sum += amountOf(activity, measure);
  return sum;
};

/** The days on which something happened, in order. */
export const daysOf = (history: History): LocalDate[] => [...history.keys()].sort();

export const firstOfYear = (day: LocalDate): LocalDate => localDate(`${day.slice(0, 4)}-01-01`);
export const firstOfMonth = (day: LocalDate): LocalDate => localDate(`${day.slice(0, 7)}-01`);
export const firstOfNextYear = (day: LocalDate): LocalDate => addMonths(firstOfYear(day), 12);
export const firstOfNextMonth = (day: LocalDate): LocalDate => addMonths(firstOfMonth(day), 1);

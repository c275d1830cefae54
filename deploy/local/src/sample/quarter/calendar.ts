import {
  addDays,
  dayAt,
  instantOfLocal,
  localDate,
  startOfNext,
  timeZone,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';

export const zone = timeZone('Europe/London');
/** When the shop opens, in seconds since midnight by its clock. */
export const opens = 8 * 3_600;

/** Lots of the sample are pending for 14 days: a quarter that ended longer ago can be spent in full. */
const daysAfterQuarter = 15;

/** The first day of the calendar quarter that lies `back` quarters before the one of a day. */
const quarterStart = (day: LocalDate, back: number): LocalDate => {
  const [year = 0, month = 1] = day.split('-').map(Number);
  const quarters = year * 4 + Math.floor((month - 1) / 3) - back;
  return localDate(
    `${Math.floor(quarters / 4)}-${String((quarters % 4) * 3 + 1).padStart(2, '0')}-01`,
  );
};

/** The first day of the newest whole quarter whose points have all become available by now. */
export const newestQuarter = (now: Instant): LocalDate =>
  quarterStart(addDays(dayAt(now, zone), -daysAfterQuarter), 1);

/** Every day of the quarter that begins on a day. */
export const daysOfQuarter = (first: LocalDate): readonly LocalDate[] => {
  const end = startOfNext(first, 'quarter');
  const days: LocalDate[] = [];
  for (let day = first; day < end; day = addDays(day, 1)) days.push(day);
  return days;
};

/** A moment of a day, given in seconds since midnight by the shop's clock. */
export const momentOf = (day: LocalDate, second: number): Instant => {
  const part = (value: number): string => String(value).padStart(2, '0');
  return instantOfLocal(
    `${day}T${part(Math.floor(second / 3_600))}:${part(Math.floor(second / 60) % 60)}:${part(second % 60)}`,
    zone,
  );
};

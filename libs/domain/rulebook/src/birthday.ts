import { addDays, addMonths, type LocalDate } from '@tallystick/kernel';
import { engineOf } from './engine/compile.js';
import type { BirthdayWindow, Rulebook } from './rulebook.js';

/** The name by which conditions ask it, and the attribute as which the answer is stored with an award. */
export const birthdayCondition = 'member.inBirthdayWindow';

/**
 * The days around a birthday that a rulebook's conditions ask about; null: none asks, or the version says no days, as could be before a
 * release knew birthdays. Then it is false for everybody.
 */
export const birthdayAsked = (book: Rulebook): BirthdayWindow | null => {
  const { birthday } = book;
  if (birthday === undefined) return null;
  const { asks, discountsAsk } = engineOf(book);
  const isAsked = [asks, discountsAsk].some(({ receipt }) => receipt.includes(birthdayCondition));
  return isAsked ? birthday : null;
};

/**
 * Whether a day lies in the window around a birthday, in whichever year that falls: a window may go over New Year. Who was born on
 * 29 February has the 28th for a birthday in years without that day.
 */
export const inBirthdayWindow = (
  born: LocalDate,
  day: LocalDate,
  { daysBefore, daysAfter }: BirthdayWindow,
): boolean => {
  const year = Number(day.slice(0, 4));
  return [year - 1, year, year + 1].some((one) => {
    const birthday = birthdayIn(born, one);
    return addDays(birthday, -daysBefore) <= day && day <= addDays(birthday, daysAfter);
  });
};

const birthdayIn = (born: LocalDate, year: number): LocalDate =>
  addMonths(born, 12 * (year - Number(born.slice(0, 4))));

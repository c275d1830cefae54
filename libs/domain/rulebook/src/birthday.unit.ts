import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, localDate } from '@tallystick/kernel';
import { inBirthdayWindow } from './birthday.js';

const holds = (born: string, day: string, daysBefore = 3, daysAfter = 3): boolean =>
  inBirthdayWindow(localDate(born), localDate(day), { daysBefore, daysAfter });

describe('the window around a birthday', () => {
  it.each([
    ['begins so many days before it', '1990-06-15', '2026-06-12', '2026-06-11'],
    ['ends so many days after it', '1990-06-15', '2026-06-18', '2026-06-19'],
    ['goes over New Year, before a birthday in January', '1990-01-02', '2025-12-30', '2025-12-29'],
    ['and after a birthday in December', '1990-12-30', '2027-01-02', '2027-01-03'],
    ['counts 29 February where a year has it: before', '1990-03-01', '2028-02-27', '2028-02-26'],
    ['and after', '1990-02-27', '2028-03-01', '2028-03-02'],
    ['of 29 February is around it in a leap year', '2000-02-29', '2028-03-03', '2028-03-04'],
    ['and around the 28th in another one: before', '2000-02-29', '2027-02-25', '2027-02-24'],
    ['and after', '2000-02-29', '2027-03-03', '2027-03-04'],
    ['and in a year of a hundred that is none', '2000-02-29', '2100-02-25', '2100-02-24'],
  ])('%s', (_, born, within, beyond) => {
    expect([holds(born, within), holds(born, beyond)]).toEqual([true, false]);
  });

  it('of no days is the birthday alone', () => {
    expect(holds('1996-02-29', '2026-02-28', 0, 0)).toBe(true);
    expect(holds('1996-02-29', '2026-03-01', 0, 0)).toBe(false);
    expect(holds('1996-02-29', '2028-02-28', 0, 0)).toBe(false);
  });

  it('is as long as the rulebook says, once in any year, whoever was born whenever', () => {
    const days = fc.integer({ min: 0, max: 180 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 45_000 }), days, days, (born, before, after) => {
        const birthday = addDays(localDate('1900-01-01'), born);
        const year = Array.from({ length: 365 }, (_, day) => addDays(localDate('2030-05-05'), day));
        const within = year.filter((day) =>
          inBirthdayWindow(birthday, day, { daysBefore: before, daysAfter: after }),
        );
        expect(within).toHaveLength(before + after + 1);
      }),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { localDate } from '@tallystick/kernel';
import { paidTimes } from './memberships.js';

const bought = (membership: string, day: string, months: number, level = 'plus') => ({
  ...{ membership, level, months, day: localDate(day) },
});
const times = (...all: readonly ReturnType<typeof bought>[]) =>
  paidTimes(all).map(({ level, first, last }) => `${level} ${first} ${last}`);

describe('the time that a membership is paid for', () => {
  it('begins with its fee, and ends with the last day before the same one', () => {
    expect(times(bought('m', '2026-01-31', 1))).toEqual(['plus 2026-01-31 2026-02-27']);
    expect(times(bought('m', '2026-02-10', 12))).toEqual(['plus 2026-02-10 2027-02-09']);
  });

  it('goes on without a gap where it is renewed, and begins anew where it had ended', () => {
    expect(
      times(
        bought('m', '2026-12-01', 12),
        bought('m', '2026-02-10', 12),
        bought('m', '2029-01-01', 1),
      ),
    ).toEqual([
      'plus 2026-02-10 2027-02-09',
      'plus 2027-02-10 2028-02-09',
      'plus 2029-01-01 2029-01-31',
    ]);
  });

  it('of another membership runs beside it', () => {
    expect(times(bought('m', '2026-02-10', 12), bought('gold', '2026-03-01', 1, 'gold'))).toEqual([
      'plus 2026-02-10 2027-02-09',
      'gold 2026-03-01 2026-03-31',
    ]);
  });
});

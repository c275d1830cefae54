import { describe, expect, it } from '@jest/globals';
import {
  addMonths,
  dayAt,
  instant,
  instantOfLocal,
  localDate,
  startOfDay,
  startOfNext,
  timeZone,
} from './time.js';

const london = timeZone('Europe/London');

describe('a programme day', () => {
  it('begins in its own zone over a daylight-saving change', () => {
    // The clocks went forward on 27 March 2011: that day had 23 hours.
    expect(startOfDay(localDate('2011-03-27'), london)).toBe('2011-03-27T00:00:00.000Z');
    expect(startOfDay(localDate('2011-03-28'), london)).toBe('2011-03-27T23:00:00.000Z');
    expect(dayAt(instant('2011-03-27T23:30:00Z'), london)).toBe('2011-03-28');
  });

  it('begins when the clock does, where midnight is skipped', () => {
    // Cairo skipped 00:00-01:00 on 28 April 2023.
    expect(startOfDay(localDate('2023-04-28'), timeZone('Africa/Cairo'))).toBe(
      '2023-04-27T22:00:00.000Z',
    );
  });
});

describe('months', () => {
  it('31 January + 1 month', () => {
    expect(addMonths(localDate('2027-01-31'), 1)).toBe('2027-02-28');
    expect(addMonths(localDate('2028-01-31'), 1)).toBe('2028-02-29');
    expect(addMonths(localDate('2028-02-29'), 12)).toBe('2029-02-28');
  });

  it.each([
    ['month', '2026-12-01'],
    ['quarter', '2027-01-01'],
    ['year', '2027-01-01'],
  ] as const)('the %s after 22 November 2026', (period, first) => {
    expect(startOfNext(localDate('2026-11-22'), period)).toBe(first);
  });
});

describe('a wall-clock time', () => {
  it('that happens twice is the earlier, one that is skipped moves forward', () => {
    expect(instantOfLocal('2010-10-31T01:30:00', london)).toBe('2010-10-31T00:30:00.000Z');
    expect(instantOfLocal('2011-03-27T01:30:00', london)).toBe('2011-03-27T01:30:00.000Z');
  });
});

describe('an instant', () => {
  it.each(['2026-01-31', '2026-01-31T10:00:00', 'yesterday', ''])('is not %p', (text) => {
    expect(() => instant(text)).toThrow();
  });

  it.each(['2026-02-30T10:00:00.000Z', '2026-01-31T24:30:00.000Z', '2026-13-01T00:00:00.000Z'])(
    'is not %p: there is no such moment',
    (text) => {
      expect(() => instant(text)).toThrow();
    },
  );

  it('is one text for one moment', () => {
    expect(instant('2026-01-31T10:00:00+02:00')).toBe(instant('2026-01-31T08:00:00Z'));
  });
});

import { describe, expect, it } from '@jest/globals';
import { Temporal } from '@js-temporal/polyfill';
import fc from 'fast-check';
import {
  addMonths,
  dayAt,
  instant,
  instantOfEpochMs,
  instantOfLocal,
  localDate,
  startOfDay,
  startOfNext,
  startOfWindow,
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

  it('are those of the calendar, back and forth, in any year', () => {
    const days = fc.integer({ min: -800_000, max: 3_000_000 });
    fc.assert(
      fc.property(days, fc.integer({ min: -1_300, max: 1_300 }), (day, months) => {
        const from = Temporal.PlainDate.from('1970-01-01').add({ days: day });
        const to = from.add({ months }).toString();
        expect(addMonths(localDate(from.toString()), months)).toBe(to);
      }),
      { numRuns: 2_000 },
    );
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

describe('the quick ways', () => {
  const read = (text: string): string => {
    try {
      return instant(text);
    } catch {
      return 'refused';
    }
  };
  const slowly = (text: string): string => {
    try {
      return Temporal.Instant.from(text).toString({ smallestUnit: 'millisecond' });
    } catch {
      return 'refused';
    }
  };

  it.each([
    ...['2026-05-04T10:00:00Z', '2026-05-04T10:00:00+01:00', '2026-05-04T10:00:00.1-09:30'],
    ...['2026-05-04T10:00:00.123456789Z', '2026-05-04t10:00:00z', '2026-05-04 10:00:00Z'],
    ...[
      '2026-02-30T10:00:00Z',
      '2026-05-04T24:00:00Z',
      '2026-05-04T10:00:60Z',
      '2026-05-04T10:00Z',
    ],
    ...['2026-05-04T10:00:00', '2026-05-04T10:00:00+24:00', '2026-05-04T10:00:00+01:60', 'x'],
    ...['2026-01-01T00:00:00+23:59', '2026-12-31T23:59:59.999-23:59', '0001-01-01T00:00:00Z'],
    ...['2028-02-29T23:30:00-01:00', '2027-02-29T00:00:00Z', '2026-13-01T00:00:00Z', ''],
  ])('read %j as Temporal does', (text) => {
    expect(read(text)).toBe(slowly(text));
  });

  it('tell the day as Temporal does, in every zone, at any moment', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(1980, 0, 1), max: Date.UTC(2060, 0, 1) }),
        (zone, ms) => {
          const slow = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
          expect(dayAt(instantOfEpochMs(ms), timeZone(zone))).toBe(slow.toPlainDate().toString());
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuse days that are none', () => {
    for (const day of ['2026-02-30', '2026-13-01', '2026-1-1', 'today'])
      expect(() => localDate(day)).toThrow();
    expect(localDate('2028-02-29')).toBe('2028-02-29');
  });
});

describe('a window of days', () => {
  const begins = (at: string, days: number, zone: string) =>
    startOfWindow(instant(at), days, timeZone(zone));

  it('begins with the first moment of a day, so many days before the one that it ends with', () => {
    for (const at of ['2026-05-31T00:00:00Z', '2026-05-31T18:00:00Z', '2026-05-31T23:59:59.999Z'])
      expect(begins(at, 30, 'UTC')).toBe('2026-05-01T00:00:00.000Z');
    expect(begins('2026-05-31T18:00:00Z', 0, 'UTC')).toBe('2026-05-31T00:00:00.000Z');
    expect(begins('2028-03-01T12:00:00Z', 1, 'UTC')).toBe('2028-02-29T00:00:00.000Z');
  });

  it('is of days of a zone, over daylight-saving changes', () => {
    // Midnight in winter time, though the window ends in summer time; and the other way round.
    expect(begins('2026-04-09T21:59:59Z', 30, 'Europe/Warsaw')).toBe('2026-03-09T23:00:00.000Z');
    expect(begins('2026-04-09T22:00:00Z', 30, 'Europe/Warsaw')).toBe('2026-03-10T23:00:00.000Z');
    expect(begins('2026-11-09T12:00:00Z', 30, 'Europe/Warsaw')).toBe('2026-10-09T22:00:00.000Z');
  });
});

import { describe, expect, it } from '@jest/globals';
import { localDate, type LocalDate } from '@tallystick/kernel';
import type { Tiers } from '../rulebook.js';
import type { DayActivity } from './history.js';
import { tierOn } from './tiers.js';

const levels = [
  { id: 'bronze', from: '0', multiplier: '1' },
  { id: 'silver', from: '100', multiplier: '1' },
  { id: 'gold', from: '300', multiplier: '1' },
];
const history = (days: Readonly<Record<string, number>>): Map<LocalDate, DayActivity> =>
  new Map(
    Object.entries(days).map(([day, pounds]) => [
      localDate(day),
      { spendMinor: pounds * 100, points: pounds, visits: 1 },
    ]),
  );
const on = (
  day: string,
  tiers: Partial<Tiers>,
  days: Readonly<Record<string, number>>,
  paid: readonly (readonly [string, string, string])[] = [],
) =>
  tierOn(
    { currency: 'GBP', tiers: { by: 'spend', window: 'calendar-year', levels, ...tiers } },
    {
      history: history(days),
      paid: paid.map(([level, first, last]) => ({
        level,
        first: localDate(first),
        last: localDate(last),
      })),
    },
    localDate(day),
  )?.id;

describe('a level', () => {
  const bought = { '2025-03-10': 90, '2025-06-20': 30, '2026-02-01': 10 };
  it.each<[string, string, Partial<Tiers>, string]>([
    ['is reached at once', '2025-06-20', {}, 'silver'],
    ['not before', '2025-06-19', {}, 'bronze'],
    ['ends with the calendar year', '2025-12-31', {}, 'silver'],
    ['and begins anew', '2026-01-01', {}, 'bronze'],
    ['rolls: twelve months to the day', '2026-03-09', { window: 'rolling-12-months' }, 'silver'],
    [
      'rolls: the day after, the first purchase is out',
      '2026-03-10',
      { window: 'rolling-12-months' },
      'bronze',
    ],
    ['lasts a lifetime', '2030-01-01', { window: 'lifetime' }, 'silver'],
    ['begins with the next month', '2025-06-30', { upgrade: 'next-month' }, 'bronze'],
    [
      'begins with the next month: on its first day',
      '2025-07-01',
      { upgrade: 'next-month' },
      'silver',
    ],
    ['begins with the next year', '2025-12-31', { upgrade: 'next-window' }, 'bronze'],
    ['begins with the next year, and lasts it', '2026-12-31', { upgrade: 'next-window' }, 'silver'],
    ['is kept for the months of grace', '2026-02-28', { downgrade: { graceMonths: 2 } }, 'silver'],
    ['and no longer', '2026-03-01', { downgrade: { graceMonths: 2 } }, 'bronze'],
    ['is never lost', '2030-01-01', { downgrade: 'never' }, 'silver'],
    ['counts points', '2025-06-20', { by: 'points' }, 'silver'],
    [
      'counts visits',
      '2025-12-31',
      {
        by: 'visits',
        levels: [
          { id: 'none', from: '0', multiplier: '1' },
          { id: 'twice', from: '2', multiplier: '1' },
        ],
      },
      'twice',
    ],
  ])('%s', (_, day, tiers, expected) => {
    expect(on(day, tiers, bought)).toBe(expected);
  });

  describe('that begins with the next month, lost and reached again', () => {
    const nextMonth = { upgrade: 'next-month' } as const;
    const rolling = { ...nextMonth, window: 'rolling-12-months' } as const;
    const twice = { '2025-06-10': 310, '2026-01-05': 320 };
    const late = { '2025-06-10': 310, '2026-06-20': 320 };
    const inTime = { '2025-06-10': 310, '2026-06-05': 320 };
    it.each<[string, string, Partial<Tiers>, Readonly<Record<string, number>>, string]>([
      ['by the year: holds to its end', '2025-12-31', nextMonth, twice, 'gold'],
      ['by the year: not in January', '2026-01-05', nextMonth, twice, 'bronze'],
      ['by the year: from February on', '2026-02-01', nextMonth, twice, 'gold'],
      [
        'by the year, one step at a time: not in January',
        '2026-01-31',
        { ...nextMonth, downgrade: 'one-step' },
        twice,
        'silver',
      ],
      ['rolling: not in the month of it', '2026-06-30', rolling, late, 'bronze'],
      ['rolling: from the next month on', '2026-07-01', rolling, late, 'gold'],
      ['rolling: never lost, it stays', '2026-06-12', rolling, inTime, 'gold'],
    ])('%s', (_, day, tiers, days, expected) => {
      expect(on(day, tiers, days)).toBe(expected);
    });
  });

  it('is lost one step at a time: a year after the other', () => {
    const gold = { '2024-05-05': 350 };
    const tiers = { downgrade: 'one-step' } as const;
    expect(on('2024-12-31', tiers, gold)).toBe('gold');
    expect(on('2025-01-01', tiers, gold)).toBe('silver');
    expect(on('2025-12-31', tiers, gold)).toBe('silver');
    expect(on('2026-01-01', tiers, gold)).toBe('bronze');
    // What is bought meanwhile holds it up.
    expect(on('2026-06-01', tiers, { ...gold, '2026-02-02': 100 })).toBe('silver');
  });

  it('on 29 February rolls out as a day that there is', () => {
    const leap = { '2024-02-29': 100 };
    const tiers = { window: 'rolling-12-months' } as const;
    expect(on('2025-02-27', tiers, leap)).toBe('silver');
    expect(on('2025-03-01', tiers, leap)).toBe('bronze');
  });

  it('that is paid for holds from its first day to its last', () => {
    const paid = [['gold', '2026-02-01', '2026-02-28']] as const;
    expect(on('2026-01-31', { by: 'paid' }, {}, paid)).toBe('bronze');
    expect(on('2026-02-01', { by: 'paid' }, {}, paid)).toBe('gold');
    expect(on('2026-03-01', { by: 'paid' }, {}, paid)).toBe('bronze');
  });

  it('is a function of the history, whatever order it was told in', () => {
    const days = { '2025-03-10': 90, '2025-06-20': 30, '2024-01-01': 400 };
    const reversed = Object.fromEntries(Object.entries(days).reverse());
    for (const downgrade of ['straight', 'one-step', 'never', { graceMonths: 5 }] as const)
      for (const window of ['calendar-year', 'rolling-12-months', 'lifetime'] as const)
        for (const day of ['2024-06-01', '2025-03-31', '2025-07-01', '2026-06-19', '2027-01-01'])
          expect(on(day, { downgrade, window }, reversed)).toBe(
            on(day, { downgrade, window }, days),
          );
  });
});

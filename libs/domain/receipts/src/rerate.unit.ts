import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Account } from '@tallystick/ledger';
import type { EarningRule, Rulebook } from '@tallystick/rulebook';
import { Club, refOf } from '../fixtures/club.js';

const noon = '2026-05-05T12:00:00Z';
const later = '2026-05-06T12:00:00Z';
const end = '2026-06-01T12:00:00Z';
const rule = (more: Partial<EarningRule>): EarningRule => ({
  ...{ id: 'base', kind: 'base', rounding: 'down', level: 'line', funder: 'chain' },
  ...more,
});
const base = (points: number): Partial<Rulebook> => ({
  earning: [rule({ points, per: '1.00' })],
});
const tea = { product: 'tea', amount: '10.00' };
const back = { product: 'tea', amount: '-10.00', of: { ...refOf('1'), ordinal: 1 } };

/** What an account is, but for which lots the points are in. */
const standsAs = (account: Account) => ({
  earned: account.totals.earned - account.totals.reversed,
  spend: account.spend,
  history: account.history,
  counted: account.counted,
  lines: [...account.facts.values()].map(({ lines }) =>
    lines.map(({ ordinal, points, returned, reversed, spendMinor, spendReversedMinor }) => ({
      ...{ ordinal, returned, spendMinor, spendReversedMinor },
      points: points
        .map((of, index) => `${of} - ${reversed[index] ?? 0}`)
        .filter((of) => of !== '0 - 0')
        .sort(),
    })),
  ),
});

describe('a run that rates receipts again', () => {
  it('gives what was missing, with the dates that the receipt has by the corrected version', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [tea] });
    const lots = { pendingDays: 0, expiry: { months: 1, until: 'day' } } as const;
    expect(club.rerates({ to: { ...base(3), lots }, at: later })).toEqual(['rerated']);
    expect(club.worth(later)).toMatchObject({ available: 30, arrears: 0 });
    expect(club.worth('2026-06-07T00:00:00Z')).toMatchObject({ available: 0 });
    expect(club.account().totals).toMatchObject({ earned: 30, reversed: 0 });
  });

  it('takes what was too much; what is spent is owed', () => {
    const club = new Club(base(2));
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.redeem('mug', 15, noon);
    club.rerates({ to: base(1), at: later });
    expect(club.worth(later)).toMatchObject({ available: 0, arrears: 5 });
    expect(club.account().totals).toMatchObject({ earned: 20, reversed: 10, arrearsRaised: 5 });
  });

  it.each([
    { policy: 'waived', arrears: 0 },
    { policy: 'paid-in-money', arrears: 5 },
  ] as const)('posts the difference alone where arrears are $policy', ({ policy, arrears }) => {
    const club = new Club(base(2));
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.redeem('mug', 15, noon);
    club.rerates({ to: { ...base(1), arrears: { policy } }, at: later });
    expect(club.worth(later)).toMatchObject({ available: 0, arrears });
  });

  it('leaves a rule alone that both versions give the same, with its lot', () => {
    const bonus = rule({ id: 'bonus', kind: 'bonus', points: 5 });
    const club = new Club({ earning: [rule({ points: 1, per: '1.00' }), bonus] });
    club.hears({ number: '1', at: noon, lines: [tea] });
    const [kept] = [...club.account().lots.keys()];
    const less = { ...bonus, points: 2 };
    club.rerates({ to: { earning: [rule({ points: 1, per: '1.00' }), less] }, at: later });
    expect(
      [...club.account().lots.values()].map(({ lot, remaining }) => [lot.rule, remaining]),
    ).toEqual([
      ['base', 10],
      ['bonus', 2],
    ]);
    expect([...club.account().lots.keys()][0]).toBe(kept);
    expect(club.rerates({ name: 'second', to: {}, at: later })).toEqual(['not-of-version']);
  });

  it('rates a receipt once, and does not touch what is the same by both versions', () => {
    const club = new Club(base(2));
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.hears({ number: '2', at: noon, lines: [{ product: 'sweet', amount: '0.30' }] });
    expect(club.rerates({ to: base(1), at: later })).toEqual(['rerated', 'same']);
    expect(club.rerates({ to: base(1), at: later })).toEqual(['known', 'same']);
    expect(club.worth(later)).toMatchObject({ available: 10 });
  });

  it('what comes back afterwards, comes back as it is rated by then', () => {
    const club = new Club(base(2));
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.rerates({ to: base(1), at: later });
    expect(club.hears({ number: '2', at: end, lines: [back] })).toMatchObject({ reversed: 10 });
    expect(club.worth(end)).toMatchObject({ unspent: 0, arrears: 0 });
  });

  it('keeps what lapses after inactivity as long as the account is active', () => {
    const lots = { pendingDays: 0, expiry: { inactiveMonths: 3 } } as const;
    const club = new Club({ ...base(2), lots });
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.hears({ number: '2', at: '2026-07-20T12:00:00Z', lines: [tea] });
    club.rerates({ to: { ...base(1), lots }, at: '2026-07-21T12:00:00Z' });
    expect(club.worth('2026-10-01T00:00:00Z')).toMatchObject({ available: 20, arrears: 0 });
    expect(club.worth('2026-11-01T00:00:00Z')).toMatchObject({ available: 0, arrears: 0 });
  });

  it('does not bring back what has expired', () => {
    const lots = { pendingDays: 0, expiry: { months: 1, until: 'day' } } as const;
    const club = new Club({ ...base(2), lots });
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.rerates({ to: { ...base(1), lots }, at: '2026-07-01T00:00:00Z' });
    expect(club.worth('2026-07-01T00:00:00Z')).toMatchObject({ available: 0, arrears: 0 });
  });

  const sale = fc.record({ pence: fc.integer({ min: 0, max: 9_999 }), back: fc.boolean() });
  const terms = fc.record({
    points: fc.integer({ min: 1, max: 7 }),
    rounding: fc.constantFrom('down' as const, 'half-even' as const, 'half-up' as const),
    level: fc.constantFrom('line', 'receipt'),
    bonus: fc.integer({ min: 0, max: 9 }),
    excluded: fc.boolean(),
  });
  type Terms = typeof terms extends fc.Arbitrary<infer T> ? T : never;
  const bookOf = ({ points, rounding, level, bonus, excluded }: Terms) => ({
    earning: [
      rule({ points, per: '1.00', rounding, level }),
      ...(bonus === 0 ? [] : [rule({ id: 'bonus', kind: 'bonus', points: bonus, each: 'line' })]),
    ],
    exclusions: { categories: [], products: excluded ? ['tea'] : [], brands: [] },
  });

  it('leaves an account as if the corrected version had rated it from the start', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(sale, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        terms,
        terms,
        fc.integer({ min: 0, max: 60 }),
        (receipts, wrong, right, spent) => {
          const play = (book: Partial<Rulebook>): Club => {
            const club = new Club(book);
            receipts.forEach((lines, index) => {
              const number = String(index + 1);
              const amount = (pence: number) => (pence / 100).toFixed(2);
              club.hears({
                ...{ number, at: noon },
                lines: lines.map(({ pence }, at) => ({
                  ...{ product: at === 0 ? 'tea' : `p${at}`, amount: amount(pence), quantity: '3' },
                })),
              });
              const returned = lines.flatMap(({ pence, back: comes }, at) =>
                comes && pence > 0
                  ? [
                      {
                        ...{ product: at === 0 ? 'tea' : `p${at}`, quantity: '-1' },
                        amount: `-${amount(Math.max(1, Math.floor(pence / 3)))}`,
                        of: { ...refOf(number), ordinal: at + 1 },
                      },
                    ]
                  : [],
              );
              if (returned.length > 0)
                club.hears({ number: `${number}r`, at: later, lines: returned });
            });
            return club;
          };
          const [club, from] = [play(bookOf(wrong)), play(bookOf(right))];
          const { available } = club.worth(later);
          const points = Math.min(spent, available);
          if (points > 0) club.redeem('mug', points, later);
          club.rerates({ to: bookOf(right), at: end });
          expect(standsAs(club.account())).toEqual(standsAs(from.account()));
          const { unspent, arrears } = club.worth(end);
          expect(unspent - arrears).toBe(
            from.worth(end).unspent - from.worth(end).arrears - points,
          );
          // Nothing is left to do.
          expect(club.rerates({ to: bookOf(right), at: end })).not.toContain('rerated');
        },
      ),
    );
  });
});

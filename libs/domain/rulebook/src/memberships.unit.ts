import { describe, expect, it } from '@jest/globals';
import { localDate } from '@tallystick/kernel';
import { feesIn, membershipsIn, paidTimes } from './memberships.js';

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

describe('the fee of a membership', () => {
  const memberships = [
    { id: 'year', level: 'plus', months: 12, fee: '20.00', product: 'plus-year' },
    { id: 'month', level: 'plus', months: 1, fee: '0', product: 'trial' },
  ];
  const sold = (product: string, quantity: string, amount: string) => ({
    lines: [{ ordinal: 7, product, quantity, amount, category: null, brand: null, original: null }],
  });

  it.each([
    ['plus-year', '1', '20.00', '20', 1],
    ['plus-year', '2', '40', '40', 2],
    ['plus-year', '2', '39.99', '40', 0],
    ['plus-year', '1', '0', '20', 0],
    ['plus-year', '1', '500', '20', 1],
    ['plus-year', '2.5', '50', '50', 2],
    ['plus-year', '0.5', '10', '10', 0],
    ['trial', '1', '0', '0', 1],
  ])('%s sold %s times for %s takes %s, and pays %s', (product, quantity, amount, fee, pays) => {
    const fact = sold(product, quantity, amount);
    expect(feesIn(fact, { memberships })).toMatchObject([{ ordinal: 7, fee, pays }]);
    expect(membershipsIn(fact, { memberships }).map((paid) => paid.quantity)).toEqual(
      pays === 0 ? [] : [pays],
    );
  });

  it('is paid by what is sold, and by nothing else', () => {
    expect(feesIn(sold('tea', '1', '20'), { memberships })).toEqual([]);
    expect(feesIn(sold('plus-year', '-1', '-20'), { memberships })).toEqual([]);
    expect(feesIn(sold('plus-year', '1', '20'), {})).toEqual([]);
  });
});

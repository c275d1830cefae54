import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Exact, cardToken, factId, instant, localDate, programId } from '@tallystick/kernel';
import type { ReceiptFact, ReceiptLine } from '../facts.js';
import type { DiscountRule, Rulebook } from '../rulebook.js';
import { discountsOf, reducedBy } from './discounts.js';

const program = programId('club');
const bookOf = (...discounts: readonly DiscountRule[]): Rulebook => ({
  program,
  version: 1,
  name: 'Club',
  unit: 'points',
  effectiveFrom: '2026-01-01T00:00:00Z',
  currency: 'GBP',
  timeZone: 'Europe/London',
  earning: [],
  partnerEvents: [],
  exclusions: { categories: ['tobacco'], products: [], brands: [] },
  lots: { pendingDays: 0, expiry: 'never' },
  tiers: null,
  redemption: null,
  returns: { windowDays: 365 },
  claims: { windowDays: null },
  refunds: { graceDays: 0 },
  discounts,
});

type Line = Partial<ReceiptLine> & { readonly amount: string };
const basket = (lines: readonly Line[], paidWithPoints = '0'): ReceiptFact => ({
  id: factId('receipt', '1'),
  program,
  ref: {
    ...{ chain: 'c', store: 's', till: 't', number: '1' },
    businessDate: localDate('2026-05-05'),
  },
  revision: 1,
  hash: 'h',
  occurredAt: instant('2026-05-05T12:00:00Z'),
  card: cardToken('t'),
  currency: 'GBP',
  channel: null,
  paidWithPoints,
  lines: lines.map((line, index) => ({
    ...{ ordinal: index + 1, product: `p${index}`, category: null, brand: null },
    ...{ quantity: '1', original: null },
    ...line,
  })),
});
const nobody = { history: new Map() };

describe('a discount that asks for receipt.net', () => {
  const book = bookOf({ id: 'd', percent: '10', when: 'receipt.net >= decimal("100")' });

  it('does not count what is excluded', () => {
    const milk = { amount: '20.00', category: 'milk' };
    const tobacco = { amount: '90.00', category: 'tobacco' };
    expect(discountsOf(basket([tobacco, milk]), nobody, book)).toMatchObject({
      ...{ lines: [], amountMinor: 0 },
    });
    const enough = basket([tobacco, { ...milk, amount: '100.00' }]);
    expect(discountsOf(enough, nobody, book).amountMinor).toBe(1000);
  });

  it('does not count what is paid with points', () => {
    expect(discountsOf(basket([{ amount: '100.00' }], '60'), nobody, book).amountMinor).toBe(0);
    expect(discountsOf(basket([{ amount: '160.00' }], '60'), nobody, book).amountMinor).toBe(1600);
  });
});

const reduced = (book: Rulebook, ...lines: readonly Line[]) => {
  const fact = basket(lines);
  const discounts = discountsOf(fact, nobody, book);
  return {
    off: discounts.amountMinor,
    pays: reducedBy(fact, discounts, 'GBP').lines.map(({ amount }) => amount),
  };
};

describe('a reduced line', () => {
  const gifts = bookOf({ id: 'gift', percent: '100', lines: 'line.category == "gift"' });
  const tenth = bookOf({ id: 'tenth', percent: '10' });
  const gift = (amount: string): Line => ({ amount, category: 'gift' });

  it('is never below 0: what no line can take is not given', () => {
    expect(reduced(gifts, gift('4.58607'))).toEqual({ off: 458, pays: ['0.00607'] });
    expect(reduced(gifts, gift('0.333'), gift('0.333'), gift('0.333'))).toEqual({
      ...{ off: 99, pays: ['0.003', '0.003', '0.003'] },
    });
  });

  it('hands on what it cannot take to another of the same discount', () => {
    const crumbs = Array.from({ length: 13 }, () => ({ amount: '0.008' }));
    expect(reduced(tenth, ...crumbs, { amount: '100' })).toEqual({
      ...{ off: 1001, pays: [...crumbs.map(({ amount }) => amount), '89.99'] },
    });
    const two = bookOf(
      { id: 'gift', percent: '100', lines: 'line.category == "gift"' },
      { id: 'tenth', percent: '10' },
    );
    expect(reduced(two, gift('0.999'), { amount: '5' })).toEqual({
      ...{ off: 149, pays: ['0.009', '4.5'] },
    });
  });

  it('whatever a basket holds, is not below 0, and all come to what is said, at most half a unit off', () => {
    const amount = fc
      .tuple(fc.bigInt(0n, 10_000_000n), fc.integer({ min: 0, max: 8 }))
      .map(([n, places]) => Exact.toDecimal(Exact.ratio(n, 10n ** BigInt(places))));
    const category = fc.constantFrom('gift', 'milk', null);
    const lines = fc.array(fc.record({ amount, category }), { minLength: 1, maxLength: 20 });
    const percent = fc.constantFrom('0.5', '10', '33.333', '99.9', '100');
    fc.assert(
      fc.property(lines, percent, percent, (sold, one, other) => {
        const book = bookOf(
          { id: 'gift', percent: one, lines: 'line.category == "gift"' },
          { id: 'rest', percent: other, lines: 'line.category != "gift"' },
        );
        const fact = basket(sold);
        const { lines: told, amountMinor } = discountsOf(fact, nobody, book);
        const after = reducedBy(fact, { lines: told }, 'GBP').lines;
        for (const line of after) {
          expect(Exact.isNegative(Exact.exact(line.amount))).toBe(false);
          expect(Exact.isDecimal(line.amount)).toBe(true);
        }
        const sum = (of: readonly { readonly amount: string }[]) =>
          Exact.sum(of.map((line) => Exact.exact(line.amount)));
        const off = Exact.multiply(Exact.subtract(sum(sold), sum(after)), Exact.exact(100));
        expect(off).toEqual(Exact.exact(amountMinor));
        expect(amountMinor).toBe(told.reduce((all, line) => all + line.amountMinor, 0));
        const due = Exact.sum(
          sold.map((line) =>
            Exact.multiply(
              Exact.exact(line.amount),
              Exact.exact(line.category === 'gift' ? one : other),
            ),
          ),
        );
        expect(Exact.compare(Exact.subtract(off, due), Exact.ratio(1n, 2n))).toBeLessThanOrEqual(0);
      }),
    );
  });
});

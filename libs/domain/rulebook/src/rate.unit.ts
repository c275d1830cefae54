import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cardToken, factId, instant, localDate, programId } from '@tallystick/kernel';
import { lotDates } from './lot-dates.js';
import { inForceAt } from './in-force.js';
import { rateAgain, rateReceipt, rulesLeftOut, type RatingInputs } from './rate.js';
import { ratePartnerEvent } from './rate-partner.js';
import type { PartnerFact, ReceiptFact, ReceiptLine } from './facts.js';
import type { Rulebook } from './rulebook.js';

const program = programId('club');
const rulebook: Rulebook = {
  program,
  version: 1,
  name: 'Club',
  unit: 'points',
  effectiveFrom: '2026-01-01T00:00:00Z',
  currency: 'GBP',
  timeZone: 'Europe/London',
  earning: [
    {
      id: 'base',
      kind: 'base',
      points: 1,
      per: '1.00',
      rounding: 'down',
      level: 'receipt',
      funder: 'chain',
    },
  ],
  partnerEvents: [],
  exclusions: { categories: ['tobacco'], products: ['gift-card'], brands: ['acme'] },
  lots: { pendingDays: 0, expiry: 'never' },
  tiers: null,
  redemption: null,
  returns: { windowDays: 365 },
  claims: { windowDays: null },
  refunds: { graceDays: 0 },
};
const perLine: Rulebook = {
  ...rulebook,
  earning: rulebook.earning.map((rule) => ({ ...rule, level: 'line' as const })),
};
const ladder: Rulebook = {
  ...rulebook,
  tiers: {
    by: 'spend',
    window: 'calendar-year',
    levels: [
      { id: 'bronze', from: '0', multiplier: '1' },
      { id: 'silver', from: '100.00', multiplier: '1.5' },
    ],
  },
};

type Line = Partial<ReceiptLine> & { readonly amount: string };
const receipt = (lines: readonly Line[], rest: Partial<ReceiptFact> = {}): ReceiptFact => {
  const ref = {
    chain: 'c',
    store: 's',
    till: 't',
    number: '1',
    businessDate: localDate('2026-05-05'),
  };
  return {
    id: factId('receipt', '1'),
    program,
    ref,
    revision: 1,
    hash: 'h',
    occurredAt: instant('2026-05-05T12:00:00Z'),
    card: cardToken('t'),
    currency: 'GBP',
    channel: null,
    paidWithPoints: '0',
    ...rest,
    lines: lines.map((line, index) => ({
      ordinal: index + 1,
      product: `p${index + 1}`,
      category: null,
      brand: null,
      quantity: '1',
      original: null,
      ...line,
    })),
  };
};
const rate = (
  lines: readonly Line[],
  book = rulebook,
  rest: Partial<ReceiptFact> = {},
  history: RatingInputs['history'] = new Map(),
) => rateReceipt(receipt(lines, rest), { history }, book);
const pointsOf = (rating: ReturnType<typeof rate>) =>
  rating.lots.reduce((sum, lot) => sum + lot.points, 0);

describe('points per amount', () => {
  it('are rounded where the rulebook says: once on the receipt, or on each line', () => {
    const lines = [{ amount: '0.60' }, { amount: '0.60' }, { amount: '0.90' }];
    expect(pointsOf(rate(lines))).toBe(2);
    expect(rate(lines, perLine).reason).toBe('below-one-point');
  });

  it('are split over the lines by largest remainder, and nothing is lost', () => {
    const rating = rate([{ amount: '1.00' }, { amount: '1.00' }, { amount: '1.99' }]);
    expect(rating.lines.map((line) => line.points)).toEqual([[1], [1], [1]]);
    const amounts = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, (pence) => {
        const rated = rate(
          pence.map((amount) => ({
            amount: `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`,
          })),
        );
        const total = pence.reduce((sum, amount) => sum + amount, 0);
        expect(pointsOf(rated)).toBe(Math.floor(total / 100));
        const split = rated.lines.reduce((sum, line) => sum + (line.points[0] ?? 0), 0);
        expect(split).toBe(Math.floor(total / 100));
        expect(rated.lines.reduce((sum, line) => sum + line.spendMinor, 0)).toBe(total);
      }),
    );
  });

  it('count a price finer than a penny exactly, and round it once', () => {
    expect(pointsOf(rate(Array.from({ length: 1000 }, () => ({ amount: '0.001' }))))).toBe(1);
  });

  it('leave out what is excluded or free, and say why', () => {
    const rating = rate([
      { amount: '10', category: 'tobacco' },
      { amount: '10', product: 'gift-card' },
      { amount: '10', brand: 'acme' },
      { amount: '0' },
      { amount: '5' },
    ]);
    expect(pointsOf(rating)).toBe(5);
    expect(rating.lines.map((line) => line.excluded)).toEqual([
      'excluded-category:tobacco',
      'excluded-product',
      'excluded-brand',
      'free',
      null,
    ]);
    expect(rate([{ amount: '10', category: 'tobacco' }]).reason).toBe(
      'only-excluded-or-free-lines',
    );
  });

  it('points earned on the part that was paid with points: none', () => {
    const lines = [{ amount: '30' }, { amount: '10', category: 'tobacco' }];
    // A quarter of the receipt was paid with points: a quarter of the 30 does not count.
    expect(pointsOf(rate(lines, rulebook, { paidWithPoints: '10' }))).toBe(22);
    expect(pointsOf(rate(lines, rulebook, { paidWithPoints: '99' }))).toBe(0);
  });

  it('say which version gave them, and what they may cost where it names their value', () => {
    expect(rate([{ amount: '5' }]).lots).toMatchObject([{ rulebook: 1 }]);
    expect(rate([{ amount: '5' }]).lots[0]).not.toHaveProperty('cost');
    const worth = { ...rulebook, version: 3, redemption: { points: 200, value: '1.50' } };
    expect(rate([{ amount: '5' }], worth).lots).toMatchObject([
      { rulebook: 3, cost: { points: 200, value: '1.50', currency: 'GBP' } },
    ]);
  });

  it('leave returned lines to the ledger', () => {
    const rating = rate([{ amount: '-10', quantity: '-1' }, { amount: '3' }]);
    expect(rating.lines).toHaveLength(1);
    expect(pointsOf(rating)).toBe(3);
  });
});

describe('the ladder', () => {
  it('multiplies by the level that was reached before this receipt, in the year that it happened', () => {
    const lines = [{ amount: '9.99' }];
    expect(rate(lines, ladder)).toMatchObject({ tier: 'bronze', lots: [{ points: 9 }] });
    const history = new Map([
      [localDate('2026-01-01'), { spendMinor: 10_000, points: 0, visits: 1 }],
    ]);
    expect(rate(lines, ladder, {}, history)).toMatchObject({
      tier: 'silver',
      lots: [{ points: 14 }],
    });
    const late = { occurredAt: instant('2025-12-31T23:59:59Z') };
    expect(rate(lines, ladder, late, history)).toMatchObject({ tier: 'bronze', spendYear: '2025' });
  });
});

describe('the life of a lot', () => {
  const dates = (lots: Rulebook['lots'], at: string) =>
    lotDates({ lots, timeZone: 'Europe/London' }, instant(at));

  it('is counted in the programme’s days over a daylight-saving change', () => {
    expect(dates({ pendingDays: 14, expiry: 'never' }, '2026-03-20T22:30:00Z')).toEqual({
      availableAt: '2026-04-02T23:00:00.000Z',
      expiresAt: null,
    });
  });

  it.each([
    ['day', '2028-02-29T00:00:00.000Z'],
    ['end-of-month', '2028-03-01T00:00:00.000Z'],
    ['end-of-quarter', '2028-03-31T23:00:00.000Z'],
    ['end-of-year', '2029-01-01T00:00:00.000Z'],
  ] as const)('ends after the last day: %s', (until, expiresAt) => {
    const lots = { pendingDays: 0, expiry: { months: 12, until } };
    expect(dates(lots, '2027-02-28T12:00:00Z').expiresAt).toBe(expiresAt);
  });
});

describe('partner events', () => {
  const book: Rulebook = {
    ...rulebook,
    partnerEvents: [
      { id: 'fuel', partner: 'oil', type: 'fuelled', points: 2, per: '1.00', rounding: 'down' },
      { id: 'app', partner: 'oil', type: 'installed', points: 50, per: null, rounding: 'down' },
    ],
  };
  const event = (type: string, amount: string | null): PartnerFact => ({
    id: factId('partnerevent', 'oil', '1'),
    program,
    partner: 'oil',
    type,
    hash: 'h',
    occurredAt: instant('2026-05-05T12:00:00Z'),
    card: cardToken('t'),
    amount,
    currency: amount === null ? null : 'GBP',
  });

  it('earn by their type, paid for by the partner', () => {
    expect(ratePartnerEvent(event('fuelled', '10.75'), book).lots).toMatchObject([
      { points: 21, funder: 'partner:oil', rule: 'fuel' },
    ]);
    expect(ratePartnerEvent(event('installed', null), book).lots).toMatchObject([{ points: 50 }]);
    expect(ratePartnerEvent(event('danced', null), book).reason).toBe('no-rule-for-event');
  });
});

describe('the version in force', () => {
  const versions = [
    { version: 1, effectiveFrom: '2026-01-01T00:00:00Z' },
    { version: 2, effectiveFrom: '2026-06-01T00:00:00+01:00' },
    { version: 3, effectiveFrom: '2026-03-01T00:00:00Z' },
  ];
  it.each([
    ['2025-12-31T23:59:59Z', null],
    ['2026-01-01T00:00:00Z', 1],
    ['2026-05-31T22:59:59Z', 3],
    ['2026-05-31T23:00:00Z', 2],
  ])('at %s is %p', (at, version) => {
    expect(inForceAt(versions, instant(at))?.version ?? null).toBe(version);
  });
});

describe('the rules that rating leaves out', () => {
  it('are told with what their conditions saw, and the explanation is the same without them', () => {
    const [base] = rulebook.earning;
    if (base === undefined) throw new Error('there is a rule');
    const bonus = { ...base, kind: 'bonus' as const };
    const book: Rulebook = {
      ...rulebook,
      earning: [
        base,
        { ...bonus, id: 'app', when: 'receipt.channel == "app"' },
        { ...bonus, id: 'tea', lines: 'line.product == "tea"' },
        { ...bonus, id: 'shop', when: 'receipt.channel == "shop"' },
      ],
    };
    const fact = receipt([{ amount: '3.00' }], { channel: 'shop' });
    const stored = { tier: null };
    expect(rateAgain(fact, stored, book).explanation.rules.map(({ rule }) => rule)).toEqual([
      'base',
      'shop',
    ]);
    expect(rulesLeftOut(fact, stored, book)).toMatchObject([
      {
        rule: 'app',
        outcome: 'not-met',
        when: { held: false, saw: { 'receipt.channel': 'shop' } },
      },
      { rule: 'tea', outcome: 'no-line', points: 0 },
    ]);
  });
});

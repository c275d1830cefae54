import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cardToken, factId, instant, localDate, programId } from '@tallystick/kernel';
import type { ReceiptFact } from '../facts.js';
import { rateReceipt, type RatingInputs } from '../rate.js';
import type { Budget, EarningRule, Rulebook } from '../rulebook.js';

const rule = (id: string, rest: Partial<EarningRule>): EarningRule => ({
  id,
  kind: 'bonus',
  rounding: 'down',
  level: 'receipt',
  funder: 'chain',
  ...rest,
});
const base = rule('base', { kind: 'base', points: 1, per: '1.00' });

const book = (earning: readonly EarningRule[], rest: Partial<Rulebook> = {}): Rulebook => ({
  program: 'club',
  version: 1,
  name: 'Club',
  unit: 'points',
  effectiveFrom: '2026-01-01T00:00:00Z',
  currency: 'GBP',
  timeZone: 'Europe/London',
  earning,
  partnerEvents: [],
  exclusions: { categories: ['tobacco'], products: [], brands: [] },
  lots: { pendingDays: 0, expiry: 'never' },
  tiers: null,
  redemption: null,
  returns: { windowDays: 365 },
  claims: { windowDays: null },
  refunds: { graceDays: 0 },
  ...rest,
});

/** Tuesday, 24 November 2026, 17:30 in London. */
const receipt = (
  lines: readonly (readonly [category: string, amount: string, quantity?: string])[],
  rest: Partial<ReceiptFact> = {},
): ReceiptFact => ({
  id: factId('receipt', 'club', '1'),
  program: programId('club'),
  ref: { chain: 'c', store: 's1', till: 't', number: '1', businessDate: localDate('2026-11-24') },
  revision: 1,
  hash: 'h',
  occurredAt: instant('2026-11-24T17:30:00Z'),
  card: cardToken('card'),
  currency: 'GBP',
  channel: 'app',
  lines: lines.map(([category, amount, quantity = '1'], index) => ({
    ordinal: index + 1,
    product: `p${index + 1}`,
    category,
    brand: null,
    quantity,
    amount,
    original: null,
  })),
  paidWithPoints: '0',
  ...rest,
});

const gave = (rulebook: Rulebook, fact: ReceiptFact, engine: Partial<RatingInputs> = {}) =>
  Object.fromEntries(
    rateReceipt(fact, { history: new Map(), ...engine }, rulebook).lots.map((lot) => [
      lot.rule,
      lot.points,
    ]),
  );
const why = (rulebook: Rulebook, fact: ReceiptFact, engine: Partial<RatingInputs> = {}) =>
  rateReceipt(fact, { history: new Map(), ...engine }, rulebook).explanation;

const basket = receipt([
  ['tea', '12.40', '2'],
  ['bread', '3.30'],
  ['tobacco', '15.00'],
]);

describe('a rule', () => {
  it.each<[string, Partial<EarningRule>, number | undefined]>([
    [
      'gives points for each amount of money, of the lines that count',
      { points: 1, per: '1.00' },
      15,
    ],
    ['gives points once', { points: 50 }, 50],
    ['gives points for each line', { points: 5, each: 'line' }, 10],
    ['gives points for each unit', { points: 5, each: 'unit' }, 15],
    [
      'gives what the highest step gives',
      {
        steps: [
          { from: '10', points: 20 },
          { from: '15', points: 30 },
          { from: '20', points: 99 },
        ],
      },
      30,
    ],
    ['gives nothing below its first step', { steps: [{ from: '16', points: 20 }] }, undefined],
    [
      'is about the lines that it names',
      { points: 1, per: '1.00', lines: 'line.category == "tea"' },
      12,
    ],
    [
      'gives nothing when no line is meant',
      { points: 50, lines: 'line.category == "books"' },
      undefined,
    ],
    [
      'never gives for what is excluded',
      { points: 50, lines: 'line.category == "tobacco"' },
      undefined,
    ],
    [
      'applies when its condition holds',
      { points: 9, when: 'receipt.weekday == 2 && receipt.hour == 17 && receipt.channel == "app"' },
      9,
    ],
    [
      'applies on its days',
      {
        points: 9,
        when: 'receipt.day in_range'.replace(
          ' in_range',
          ' >= date("2026-11-24") && receipt.day <= date("2026-11-24")',
        ),
      },
      9,
    ],
    ['does not apply otherwise', { points: 9, when: 'receipt.weekday == 3' }, undefined],
    [
      'sees what the receipt comes to',
      { points: 9, when: 'receipt.net == decimal("15.70") && receipt.total == decimal("30.70")' },
      9,
    ],
  ])('%s', (_, rest, points) => {
    expect(gave(book([rule('r', rest)]), basket)['r']).toBe(points);
  });

  it('gives an extra on top of what others gave, line by line', () => {
    const double = rule('double-tea', {
      extra: '1',
      of: ['base'],
      lines: 'line.category == "tea"',
    });
    // base: 15 over 12.40 and 3.30 is 12 and 3; tea again is 12.
    expect(gave(book([base, double]), basket)).toEqual({ base: 15, 'double-tea': 12 });
  });

  it('sees the member: tier, first purchase, segments, attributes', () => {
    const tiers = {
      by: 'spend',
      window: 'lifetime',
      levels: [{ id: 'gold', from: '0', multiplier: '2' }],
    } as const;
    const rules = [
      base,
      rule('welcome', { points: 100, when: 'member.firstPurchase' }),
      rule('gold', { points: 7, when: 'member.tier == "gold"' }),
      rule('north', { points: 3, when: '"north" in member.segments' }),
      rule('student', { points: 2, when: 'member.student' }),
    ];
    const club = book(rules, { tiers, attributes: { student: 'bool' } });
    expect(gave(club, basket)).toEqual({ base: 31, gold: 7 });
    expect(
      gave(club, basket, {
        firstPurchase: true,
        attributes: { segments: ['north'], student: true },
      }),
    ).toEqual({ base: 31, welcome: 100, gold: 7, north: 3, student: 2 });
  });
});

describe('a name that every object has', () => {
  it.each([
    ['constructor', 'string', 'member.constructor == ""'],
    ['toString', 'int', 'member.toString == 0'],
    ['valueOf', 'bool', '!member.valueOf'],
    ['isPrototypeOf', 'strings', 'size(member.isPrototypeOf) == 0'],
  ] as const)('is an attribute like others, empty until it is told: %s', (name, type, when) => {
    const club = book([base, rule('told', { points: 5, when })], { attributes: { [name]: type } });
    expect(gave(club, basket)).toEqual({ base: 15, told: 5 });
  });
});

describe('many rules', () => {
  it('are found by what they pin down, and come to what trying each one comes to', () => {
    const names = ['tea', 'bread', 'milk', 'tobacco', ''];
    const rules = Array.from({ length: 60 }, (_, n) =>
      rule(`r${n}`, {
        points: n + 1,
        ...(n % 3 === 0 ? {} : { lines: `line.category == "${names[n % 5] ?? ''}"` }),
        ...(n % 4 === 0 ? { when: `receipt.store == "s${n % 3}"` } : {}),
      }),
    );
    const hidden = rules.map((one) => ({
      ...one,
      // The same meaning, from which nothing can be pinned down.
      ...(one.lines === undefined ? {} : { lines: `(${one.lines}) || (1 == 2)` }),
      ...(one.when === undefined ? {} : { when: `(${one.when}) || (1 == 2)` }),
    }));
    const bare = receipt([
      ['tea', '3'],
      ['', '2'],
    ]);
    for (const fact of [basket, bare]) {
      expect(gave(book(rules), fact)).toEqual(gave(book(hidden), fact));
      const tried = why(book(rules), fact).rules.length;
      expect(tried).toBeLessThan(why(book(hidden), fact).rules.length);
    }
  });
});

describe('a group', () => {
  const offers = [
    rule('ten', { points: 10, group: 'offer', priority: 2 }),
    rule('thirty', { points: 30, group: 'offer', priority: 1 }),
    rule('never', { points: 90, group: 'offer', priority: 9, when: 'receipt.hour == 3' }),
  ];
  it('takes the first that gives something', () => {
    expect(gave(book(offers, { groups: [{ id: 'offer', take: 'first' }] }), basket)).toEqual({
      ten: 10,
    });
  });
  it('takes the best, and says which', () => {
    const club = book(offers, { groups: [{ id: 'offer', take: 'best' }] });
    expect(gave(club, basket)).toEqual({ thirty: 30 });
    expect(why(club, basket).rules[0]).toMatchObject({
      outcome: 'other-of-group',
      taken: 'thirty',
    });
  });
});

describe('a cap', () => {
  const capped = book(
    [{ ...base, caps: [{ points: 10, per: 'day' }] }, rule('more', { points: 30 })],
    { caps: [{ points: 35, per: 'month' }] },
  );
  it('cuts a rule, then the programme, in the order of the document', () => {
    expect(gave(capped, basket)).toEqual({ base: 10, more: 25 });
    expect(why(capped, basket).rules.map(({ cuts }) => cuts)).toEqual([
      [{ by: 'cap', of: 'rule', per: 'day', room: 10, cut: 5 }],
      [{ by: 'cap', of: 'programme', per: 'month', room: 25, cut: 5 }],
    ]);
  });
  it('counts what was given before', () => {
    const counted = new Map([
      ['base/day/2026-11-24', 8],
      ['*/month/2026-11', 20],
    ]);
    expect(gave(capped, basket, { counted })).toEqual({ base: 2, more: 13 });
  });
  it('says on the lot what it counts in', () => {
    const { lots } = rateReceipt(basket, { history: new Map() }, capped);
    expect(lots.map(({ counters }) => counters)).toEqual([
      ['base/day/2026-11-24', '*/month/2026-11'],
      ['*/month/2026-11'],
    ]);
  });

  it('is never exceeded, whatever comes and in whatever order', () => {
    const periods = ['receipt', 'day', 'week', 'month', 'year', 'lifetime'] as const;
    const caps = fc.array(
      fc.record({ points: fc.integer({ min: 0, max: 60 }), per: fc.constantFrom(...periods) }),
      { maxLength: 3 },
    );
    const days = fc.integer({ min: 0, max: 800 });
    const purchases = fc.array(fc.tuple(days, fc.integer({ min: 1, max: 9_000 })), {
      maxLength: 25,
    });
    fc.assert(
      fc.property(caps, caps, purchases, (own, all, bought) => {
        const club = book([{ ...base, caps: own }, rule('five', { points: 5 })], { caps: all });
        const counted = new Map<string, number>();
        for (const [day, pence] of bought) {
          const at = new Date(Date.UTC(2026, 0, 1 + day, 12)).toISOString();
          const fact = receipt([['tea', (pence / 100).toFixed(2)]], { occurredAt: instant(at) });
          const { lots } = rateReceipt(fact, { history: new Map(), counted }, club);
          const here = lots.reduce((sum, lot) => sum + lot.points, 0);
          for (const cap of all)
            if (cap.per === 'receipt') expect(here).toBeLessThanOrEqual(cap.points);
          for (const lot of lots)
            for (const counter of lot.counters ?? [])
              counted.set(counter, (counted.get(counter) ?? 0) + lot.points);
        }
        const most = new Map(
          [
            ...own.map((cap) => ['base', cap] as const),
            ...all.map((cap) => ['*', cap] as const),
          ].map(([owner, { per }]) => {
            const list = owner === '*' ? all : own;
            return [
              `${owner}/${per}`,
              Math.min(...list.filter((c) => c.per === per).map((c) => c.points)),
            ];
          }),
        );
        for (const [counter, points] of counted) {
          const [owner = '', per = ''] = counter.split('/');
          expect(points).toBeLessThanOrEqual(most.get(`${owner}/${per}`) ?? Infinity);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a budget', () => {
  it('stops hard', () => {
    const club = book([rule('campaign', { points: 30, budget: 'spring' })], {
      budgets: [{ id: 'spring', points: 100 }],
    });
    expect(gave(club, basket, { budgets: new Map([['spring', 12]]) })).toEqual({ campaign: 12 });
    expect(gave(club, basket, { budgets: new Map([['spring', 0]]) })).toEqual({});
    expect(gave(club, basket)).toEqual({ campaign: 30 });
  });

  it('of a period is looked at under the day of the receipt', () => {
    const of = (per: Budget['per']) =>
      rateReceipt(
        basket,
        { history: new Map() },
        book([rule('campaign', { points: 30, budget: 'spring' })], {
          budgets: [{ id: 'spring', points: 20, ...(per === undefined ? {} : { per }) }],
        }),
      );
    const names = (['day', 'week', 'month', 'quarter', 'year'] as const).map(
      (per) => of(per).budgets,
    );
    expect(names).toEqual([
      { 'spring/2026-11-24': 20 },
      { 'spring/2026-W48': 20 },
      { 'spring/2026-11': 20 },
      { 'spring/2026-Q4': 20 },
      { 'spring/2026': 20 },
    ]);
    expect(of('month').lots).toMatchObject([{ points: 20, budget: 'spring/2026-11' }]);
  });

  it('pays for two rules of a receipt together', () => {
    const two = ['a', 'b'].map((id) => rule(id, { points: 30, budget: 'spring' }));
    const club = book(two, { budgets: [{ id: 'spring', points: 40 }] });
    expect(gave(club, basket)).toEqual({ a: 30, b: 10 });
  });
});

describe('the explanation', () => {
  it('sums to the award, line by line and rule by rule', () => {
    const club = book([
      { ...base, level: 'line', caps: [{ points: 14, per: 'receipt' }] },
      rule('double', { extra: '0.5', of: ['base'], when: 'receipt.total > decimal("20.00")' }),
      rule('other', { points: 4, when: 'receipt.lines > 5' }),
    ]);
    const rating = rateReceipt(basket, { history: new Map() }, club);
    const points = rating.lots.reduce((sum, lot) => sum + lot.points, 0);
    const { explanation } = rating;
    expect(explanation.points).toBe(points);
    expect(explanation.lines.reduce((sum, line) => sum + line.points, 0)).toBe(points);
    expect(explanation.rules.reduce((sum, one) => sum + one.points, 0)).toBe(points);
    expect(explanation.rules[2]).toMatchObject({
      outcome: 'not-met',
      when: { text: 'receipt.lines > 5', held: false, saw: { 'receipt.lines': '3' } },
    });
    expect(explanation.lines[2]).toMatchObject({
      excluded: 'excluded-category:tobacco',
      points: 0,
    });
  });
});

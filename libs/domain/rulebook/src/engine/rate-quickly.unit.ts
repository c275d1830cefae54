import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addMs,
  cardToken,
  factId,
  instant,
  localDate,
  programId,
  type Rounding,
} from '@tallystick/kernel';
import type { ReceiptFact } from '../facts.js';
import { dayOf } from '../rating.js';
import type { Cap, EarningRule, Rulebook } from '../rulebook.js';
import { engineOf } from './compile.js';
import { rateExactly, type EngineInputs } from './rate-exactly.js';
import { rateQuickly } from './rate-quickly.js';
import type { RatedRules } from './rated-rules.js';

/** Rare things stand last: fast-check takes each as often, so common ones are written more than once. */
const amounts = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 6_000 }).map((n) => (n / 100).toFixed(2)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '0',
      '-1.00',
      '0.3333',
      '1.23456789',
      '99999999999999.99',
      `0.${'0'.repeat(28)}1`,
      '00012.5',
    ),
  },
);
const quantities = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('1', '2', '3') },
  { weight: 1, arbitrary: fc.constantFrom('0.375', '-0', '-1', '1.12345678', '9'.repeat(30)) },
);
const decimals = fc.constantFrom('1', '0.5', '1.00', '0.30', '7', '0.000001', '2.333', '25.00');
const caps = fc.array(
  fc.record({
    points: fc.constantFrom(0, 1, 7, 40, 1_000),
    per: fc.constantFrom<Cap['per']>('receipt', 'day', 'week', 'month', 'year', 'lifetime'),
  }),
  { minLength: 1, maxLength: 2 },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const whens = [
  'receipt.hour < 18',
  'receipt.total >= decimal("20")',
  'receipt.net > decimal("10.5") && receipt.lines > 2',
  'member.tier == "gold" || member.kids >= 2',
  '"tea" in receipt.categories && receipt.weekday in [1, 2, 6]',
  'receipt.total + receipt.total + receipt.net - decimal("1") > receipt.net + decimal("999999999999")',
  'receipt.day < date("2026-11-25") && member.town != "\\""',
];
const choices = [
  'line.category == "tea"',
  'line.brand in ["acme", ""]',
  'line.quantity + line.quantity + line.quantity > line.amount',
  'line.amount > decimal("9.99") && receipt.channel == "app"',
  'line.product == "p1" && line.quantity >= decimal("1.5")',
];
const rules = fc.array(
  fc.record({
    how: fc.constantFrom('per', 'line', 'unit', 'once', 'steps', 'extra'),
    points: fc.integer({ min: 0, max: 60 }),
    decimal: decimals,
    rounding: fc.constantFrom<Rounding>('down', 'half-even', 'half-up'),
    level: fc.constantFrom<EarningRule['level']>('line', 'receipt'),
    kind: fc.constantFrom<EarningRule['kind']>('base', 'bonus'),
    when: maybe(fc.constantFrom(...whens)),
    lines: maybe(fc.constantFrom(...choices)),
    caps: maybe(caps),
    group: maybe(fc.constantFrom('first', 'best')),
    priority: maybe(fc.nat(3)),
    budget: maybe(fc.constantFrom('b1', 'b2')),
  }),
  { minLength: 1, maxLength: 8 },
);

type Drawn = typeof rules extends fc.Arbitrary<readonly (infer Of)[]> ? Of : never;

const ruleOf = ({ how, points, decimal, ...rest }: Drawn, index: number): EarningRule => ({
  ...{ id: `r${index}`, funder: 'chain' },
  ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  ...{ kind: rest.kind, rounding: rest.rounding, level: rest.level },
  ...(how === 'extra' && index > 0
    ? { extra: decimal, of: [`r${index - 1}`, 'r0'] }
    : how === 'steps'
      ? {
          steps: [
            { from: '5', points },
            { from: decimal, points: points + 3 },
          ],
        }
      : {
          points,
          ...(how === 'per' ? { per: decimal } : {}),
          ...(how === 'line' || how === 'unit' ? { each: how } : {}),
        }),
});

const bookOf = (
  drawn: readonly Drawn[],
  multiplier: string,
  whole: readonly Cap[] | undefined,
): Rulebook => ({
  ...{ program: 'club', version: 3, name: 'Club', unit: 'points', currency: 'GBP' },
  ...{ effectiveFrom: '2026-01-01T00:00:00Z', timeZone: 'Europe/London' },
  earning: drawn.map(ruleOf),
  ...{ partnerEvents: [], lots: { pendingDays: 0, expiry: 'never' } },
  exclusions: { categories: ['tobacco'], products: ['p3'], brands: [] },
  ...{ redemption: null, returns: { windowDays: 365 }, claims: { windowDays: null } },
  refunds: { graceDays: 0 },
  attributes: { kids: 'int', town: 'string' },
  tiers: {
    ...{ by: 'spend', window: 'lifetime' },
    levels: [{ id: 'gold', from: '0', multiplier }],
  },
  groups: [
    { id: 'first', take: 'first' },
    { id: 'best', take: 'best' },
  ],
  budgets: [
    { id: 'b1', points: 30 },
    { id: 'b2', points: 100, per: 'month' },
  ],
  ...(whole === undefined ? {} : { caps: whole }),
});

const receipts = fc
  .record({
    hours: fc.nat(2_000),
    channel: fc.constantFrom('app', null),
    paidWithPoints: fc.oneof(fc.constant('0'), fc.constantFrom('1.00', '0.333', '100', '5.5')),
    lines: fc.array(
      fc.record({
        product: fc.constantFrom('p1', 'p2', 'p3', 'p"4'),
        category: fc.constantFrom('tea', 'milk', 'tobacco', null),
        brand: fc.constantFrom('acme', '', null),
        quantity: quantities,
        amount: amounts,
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ hours, lines, ...rest }): ReceiptFact => ({
    ...{ id: factId('receipt', 'club', '1'), program: programId('club'), revision: 1, hash: 'h' },
    ref: { chain: 'c', store: 's', till: 't', number: '1', businessDate: localDate('2026-11-24') },
    occurredAt: addMs(instant('2026-11-24T10:00:00Z'), hours * 3_600_000),
    ...{ card: cardToken('card'), currency: 'GBP', ...rest },
    lines: lines.map((line, index) => ({ ordinal: index + 1, original: null, ...line })),
  }));

const inputs = (tier: EngineInputs['tier']): fc.Arbitrary<EngineInputs> =>
  fc.record({
    tier: fc.constant(tier),
    firstPurchase: fc.boolean(),
    attributes: fc.constantFrom({}, { kids: 2n, town: '"' }),
    counted: fc.constantFrom(
      new Map(),
      new Map([
        ['r0/lifetime', 5],
        ['*/lifetime', 7],
        ['r1/month/2026-11', 30],
      ]),
    ),
    budgets: fc.constantFrom(new Map(), new Map([['b1', 25]]), new Map([['b1', 1_000]])),
  });

/** What both say, in one form. */
const told = ({ awards, text, ...rest }: RatedRules): unknown => ({
  ...rest,
  awards: awards.map(({ points, perLine, ...award }) => ({
    ...{ ...award, points: Number(points), perLine: perLine.map(Number) },
  })),
  text: text(),
});

describe('the quick engine', () => {
  it('says what the exact one says, to the byte, or nothing', () => {
    const said = { quickly: 0, all: 0, gave: 0 };
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom('1', '1.5', '0.333'),
        maybe(caps),
        receipts,
        inputs(null),
        (drawn, multiplier, whole, fact, of) => {
          const book = bookOf(drawn, multiplier, whole);
          const engine = engineOf(book);
          const full = { ...of, tier: book.tiers?.levels[0] ?? null };
          const quickly = rateQuickly(engine, fact, dayOf(fact, book), full);
          said.all += 1;
          if (quickly === null) return;
          said.quickly += 1;
          if (quickly.awards.length > 0) said.gave += 1;
          const { explanation, ...exactly } = rateExactly(engine, fact, full);
          expect(told(quickly)).toEqual(told(exactly));
          expect(quickly.text()).toBe(JSON.stringify(explanation));
        },
      ),
      { numRuns: 600 },
    );
    expect(said.quickly / said.all).toBeGreaterThan(0.5);
    expect(said.gave / said.all).toBeGreaterThan(0.25);
  });

  const plain = (amount: string): ReceiptFact => ({
    ...{ id: factId('receipt', 'club', '1'), program: programId('club'), revision: 1, hash: 'h' },
    ref: { chain: 'c', store: 's', till: 't', number: '1', businessDate: localDate('2026-11-24') },
    occurredAt: instant('2026-11-24T10:00:00Z'),
    ...{ card: null, currency: 'GBP', channel: null, paidWithPoints: '0' },
    lines: [
      {
        ...{ ordinal: 1, product: 'p', category: null, brand: null, quantity: '1' },
        ...{ amount, original: null },
      },
    ],
  });
  const perPound: Drawn = {
    ...{ how: 'per', points: 1, decimal: '1', rounding: 'down', level: 'receipt', kind: 'base' },
    ...{ when: undefined, lines: undefined, caps: undefined, group: undefined },
    ...{ priority: undefined, budget: undefined },
  };
  const nobody: EngineInputs = {
    ...{ tier: null, firstPurchase: false, attributes: {} },
    ...{ counted: new Map(), budgets: new Map() },
  };

  it.each([
    ['12.50', true],
    ['0.123456', true],
    ['0.1234567', false],
    ['90071992547409.91', false],
  ])('rates a line of %s: %p', (amount, quickly) => {
    const book = bookOf([perPound], '1', undefined);
    const fact = plain(amount);
    const rated = rateQuickly(engineOf(book), fact, dayOf(fact, book), nobody);
    expect(rated !== null).toBe(quickly);
  });
});

import { rulebookV1, toRulebook } from '@tallystick/contracts';
import { addMs, cardToken, factId, localDate, type Instant } from '@tallystick/kernel';
import type { ReceiptFact, Rulebook } from '@tallystick/rulebook';
import { firstSale, program } from './earn.js';

const products = 1_000;
const categories = [
  'tea',
  'coffee',
  'milk',
  'bread',
  'fruit',
  'meat',
  'fish',
  'sweets',
  'books',
  'tobacco',
];
const brands = ['acme', 'best', 'corner', 'dairy', ''];
const productOf = (number: number): string => `p${String(number % products).padStart(4, '0')}`;

/** Twenty rules such as a supermarket has: on amounts, categories, products, days, hours, channels, levels; with caps and a group. */
const twenty: readonly object[] = [
  { id: 'base', points: 1, per: '1.00' },
  { id: 'double-tuesday', kind: 'bonus', extra: '1', of: ['base'], when: 'receipt.weekday == 2' },
  { id: 'evening', kind: 'bonus', points: 5, when: 'receipt.hour >= 18 && receipt.hour < 22' },
  {
    id: 'app',
    kind: 'bonus',
    points: 10,
    when: 'receipt.channel == "app"',
    caps: [{ points: 50, per: 'month' }],
  },
  {
    id: 'large',
    kind: 'bonus',
    steps: [
      { from: '20', points: 10 },
      { from: '50', points: 40 },
    ],
  },
  { id: 'tea', kind: 'bonus', points: 2, per: '1.00', lines: 'line.category == "tea"' },
  {
    id: 'fresh',
    kind: 'bonus',
    points: 1,
    per: '2.00',
    lines: 'line.category in ["fruit", "meat", "fish"]',
  },
  {
    id: 'acme',
    kind: 'bonus',
    points: 3,
    each: 'unit',
    lines: 'line.brand == "acme"',
    funder: 'supplier:acme',
  },
  { id: 'gold', kind: 'bonus', extra: '0.5', of: ['base'], when: 'member.tier == "gold"' },
  { id: 'welcome', kind: 'bonus', points: 100, when: 'member.firstPurchase' },
  { id: 'store-7', kind: 'bonus', points: 7, when: 'receipt.store == "s7"' },
  {
    id: 'easter',
    kind: 'bonus',
    points: 20,
    when: 'receipt.day >= date("2026-04-03") && receipt.day <= date("2026-04-06")',
  },
  {
    id: 'basket',
    kind: 'bonus',
    points: 15,
    when: 'receipt.lines >= 6 && receipt.total >= decimal("25.00")',
  },
  {
    id: 'sweets',
    kind: 'bonus',
    points: 4,
    each: 'line',
    lines: 'line.category == "sweets" && line.amount >= decimal("2.00")',
  },
  {
    id: 'offer-a',
    kind: 'bonus',
    points: 12,
    group: 'offer',
    priority: 2,
    when: 'receipt.monthday <= 10',
  },
  { id: 'offer-b', kind: 'bonus', points: 9, group: 'offer', priority: 1 },
  { id: 'p-7', kind: 'bonus', points: 30, lines: 'line.product == "p0007"' },
  { id: 'p-77', kind: 'bonus', points: 30, lines: 'line.product == "p0077"' },
  {
    id: 'dairy',
    kind: 'bonus',
    points: 1,
    per: '1.00',
    lines: 'line.brand == "dairy" && line.category == "milk"',
    caps: [{ points: 20, per: 'receipt' }],
  },
  { id: 'north', kind: 'bonus', points: 3, when: '"north" in member.segments' },
];

/** The twenty, and as many more as make `rules`, each for one product. */
export const rulebookOf = (rules: number): Rulebook =>
  toRulebook(
    rulebookV1.parse({
      ...{ rulebook: 1, program, version: 1, name: 'Bench', effectiveFrom: '2020-01-01T00:00:00Z' },
      ...{ currency: 'GBP', timeZone: 'Europe/London' },
      earning: [
        ...twenty,
        ...Array.from({ length: rules - twenty.length }, (_, index) => ({
          ...{ id: `more-${index}`, kind: 'bonus', points: 5 },
          lines: `line.product == "x${String(index).padStart(4, '0')}"`,
        })),
      ],
      groups: [{ id: 'offer', take: 'first' }],
      exclusions: { categories: ['tobacco'] },
      tiers: {
        ...{ by: 'spend', window: 'calendar-year' },
        levels: [
          { id: 'card', from: '0' },
          { id: 'gold', from: '500', multiplier: '1.5' },
        ],
      },
      redemption: { points: 100, value: '1.00' },
      lots: { expiry: { months: 12, until: 'end-of-month' } },
    }),
  );

/** A receipt of one to fifteen lines, eight on average. */
export const basketOf = (number: number): ReceiptFact => {
  const occurredAt: Instant = addMs(firstSale, number * 97_000);
  const ref = {
    ...{ chain: 'acme', store: `s${number % 40}`, till: `t${number % 5}`, number: String(number) },
    businessDate: localDate(occurredAt.slice(0, 10)),
  };
  return {
    id: factId('receipt', program, ref.chain, ref.store, ref.till, ref.number, ref.businessDate),
    ...{ program, ref, revision: 1, hash: `h${number}`, occurredAt },
    card: cardToken(`ct${number % 5_000}`),
    ...{ currency: 'GBP', channel: number % 4 === 0 ? 'app' : null, paidWithPoints: '0' },
    lines: Array.from({ length: 1 + (number % 15) }, (_, index) => {
      const of = number * 31 + index * 17;
      return {
        ...{ ordinal: index + 1, product: productOf(of) },
        category: categories[of % categories.length] ?? null,
        brand: brands[of % brands.length] ?? null,
        quantity: String(1 + (of % 3)),
        amount: `${1 + (of % 9)}.${String(of % 100).padStart(2, '0')}`,
        original: null,
      };
    }),
  };
};

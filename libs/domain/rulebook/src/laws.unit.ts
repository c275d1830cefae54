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
import type { ReceiptFact, ReceiptLine } from './facts.js';
import { rateReceipt } from './rate.js';
import type { EarningRule, Rulebook } from './rulebook.js';

/** What holds of every rulebook and every receipt. */

const roundings = fc.constantFrom<Rounding>('down', 'half-even', 'half-up');
const levels = fc.constantFrom<EarningRule['level']>('line', 'receipt');
const decimals = fc
  .integer({ min: 1, max: 500 })
  .map((hundredths) => (hundredths / 100).toFixed(2));
const lines = fc
  .array(
    fc.record({
      category: fc.constantFrom('tea', 'milk', 'tobacco'),
      pence: fc.integer({ min: 0, max: 5_000 }),
      quantity: fc.constantFrom('1', '2', '0.375'),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((all) =>
    all.map(({ category, pence, quantity }, index): ReceiptLine => ({
      ...{ ordinal: index + 1, product: `p${index}`, category, brand: null, quantity },
      ...{ amount: (pence / 100).toFixed(2), original: null },
    })),
  );

const book = (earning: readonly EarningRule[], rest: Partial<Rulebook> = {}): Rulebook => ({
  ...{ program: 'club', version: 1, name: 'Club', unit: 'points', currency: 'GBP' },
  ...{ effectiveFrom: '2026-01-01T00:00:00Z', timeZone: 'Europe/London', earning },
  ...{ partnerEvents: [], lots: { pendingDays: 0, expiry: 'never' }, tiers: null },
  exclusions: { categories: ['tobacco'], products: [], brands: [] },
  ...{ redemption: null, returns: { windowDays: 365 }, claims: { windowDays: null } },
  refunds: { graceDays: 0 },
  ...rest,
});
const receipt = (sold: readonly ReceiptLine[], hours = 0): ReceiptFact => ({
  ...{ id: factId('receipt', 'club', '1'), program: programId('club'), revision: 1, hash: 'h' },
  ref: { chain: 'c', store: 's', till: 't', number: '1', businessDate: localDate('2026-11-24') },
  occurredAt: addMs(instant('2026-11-24T10:00:00Z'), hours * 3_600_000),
  ...{ card: cardToken('card'), currency: 'GBP', channel: 'app', lines: sold, paidWithPoints: '0' },
});
const rate = (fact: ReceiptFact, of: Rulebook) => rateReceipt(fact, { history: new Map() }, of);
const sum = (numbers: Iterable<number>): number => {
  let all = 0;
  for (const one of numbers) all += one;
  return all;
};

describe('a basket that is split', () => {
  const perAmount = fc.record({
    points: fc.integer({ min: 1, max: 20 }),
    per: decimals,
    rounding: roundings,
    level: levels,
    lines: fc.constantFrom(undefined, 'line.category == "tea"'),
  });

  it('earns no more than roundings allow: nothing where all round down, half a point for each rounding else', () => {
    fc.assert(
      fc.property(
        fc.array(perAmount, { minLength: 1, maxLength: 3 }),
        fc.option(fc.record({ extra: decimals, rounding: roundings, level: levels })),
        decimals,
        lines,
        fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
        (amounts, extra, multiplier, sold, split) => {
          const rules = amounts.map(({ lines: condition, ...one }, index): EarningRule => ({
            ...{ id: `r${index}`, kind: 'base', funder: 'chain', ...one },
            ...(condition === undefined ? {} : { lines: condition }),
          }));
          const more: EarningRule[] =
            extra === null
              ? []
              : [{ id: 'extra', kind: 'bonus', funder: 'chain', of: ['r0'], ...extra }];
          const club = book([...rules, ...more], {
            tiers: {
              ...{ by: 'spend', window: 'lifetime' },
              levels: [{ id: 'one', from: '0', multiplier }],
            },
          });
          const parts = [0, 1, 2, 3]
            .map((part) => sold.filter((_, index) => split[index] === part))
            .filter((part) => part.length > 0);
          const byRule = (baskets: readonly (readonly ReceiptLine[])[], id: string): number =>
            sum(
              baskets.flatMap((basket) =>
                rate(receipt(basket), club)
                  .lots.filter((lot) => lot.rule === id)
                  .map((lot) => lot.points),
              ),
            );
          // Lines stay whole, so that rounding on lines is the same in every part.
          const slack = ({ rounding, level }: Pick<EarningRule, 'rounding' | 'level'>): number =>
            rounding === 'down' || level === 'line' ? 0 : (parts.length + 1) / 2;
          for (const one of rules)
            expect(byRule(parts, one.id)).toBeLessThanOrEqual(byRule([sold], one.id) + slack(one));
          const [first] = rules;
          if (extra === null || first === undefined) return;
          // An extra is rounded from what was rounded before: where a part's lines share other points, each line may differ by one.
          const before = first.level === 'line' ? 0 : slack(first);
          const within =
            extra.level === 'line' && first.level === 'receipt'
              ? sold.length * (Number(extra.extra) + 1)
              : before * Number(extra.extra) + slack(extra);
          expect(byRule(parts, 'extra')).toBeLessThanOrEqual(byRule([sold], 'extra') + within);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('an explanation', () => {
  const anyRule = fc.record(
    {
      points: fc.integer({ min: 1, max: 50 }),
      how: fc.constantFrom('per', 'line', 'unit', 'once'),
      per: decimals,
      rounding: roundings,
      level: levels,
      lines: fc.constantFrom(undefined, 'line.category == "tea"', 'line.amount > decimal("9.99")'),
      when: fc.constantFrom(undefined, 'receipt.hour < 18', 'receipt.total >= decimal("20")'),
      cap: fc.option(fc.integer({ min: 0, max: 60 })),
      grouped: fc.boolean(),
      budget: fc.boolean(),
    },
    { requiredKeys: ['points', 'how', 'per', 'rounding', 'level', 'cap', 'grouped', 'budget'] },
  );

  it('sums to the award, by rule, by line and in all, and is the same however often it is made', () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { minLength: 1, maxLength: 6 }),
        fc.constantFrom<'first' | 'best'>('first', 'best'),
        fc.integer({ min: 0, max: 80 }),
        lines,
        fc.nat(23),
        (all, take, most, sold, hours) => {
          const club = book(
            all.map(
              (
                { how, per, cap, grouped, budget, lines: which, when, ...one },
                index,
              ): EarningRule => ({
                ...{
                  id: `r${index}`,
                  kind: index === 0 ? 'base' : 'bonus',
                  funder: 'chain',
                  ...one,
                },
                ...(how === 'per'
                  ? { per }
                  : how === 'once'
                    ? {}
                    : { each: how === 'line' ? 'line' : 'unit' }),
                ...(which === undefined ? {} : { lines: which }),
                ...(when === undefined ? {} : { when }),
                ...(cap === null ? {} : { caps: [{ points: cap, per: 'receipt' }] }),
                ...(grouped ? { group: 'g' } : {}),
                ...(budget ? { budget: 'b' } : {}),
              }),
            ),
            {
              groups: [{ id: 'g', take }],
              caps: [{ points: most, per: 'day' }],
              budgets: [{ id: 'b', points: 30 }],
            },
          );
          const fact = receipt(sold, hours);
          const rating = rate(fact, club);
          const { explanation, lots } = rating;
          const total = sum(lots.map(({ points }) => points));
          expect(total).toBeLessThanOrEqual(most);
          expect(
            sum(lots.flatMap(({ budget, points }) => (budget === 'b' ? [points] : []))),
          ).toBeLessThanOrEqual(30);
          expect(explanation.points).toBe(total);
          expect(sum(explanation.lines.map(({ points }) => points))).toBe(total);
          const given = explanation.rules.filter(({ points }) => points > 0);
          expect(given.map(({ rule, points }) => [rule, points])).toEqual(
            lots.map(({ rule, points }) => [rule, points]),
          );
          for (const [index, line] of rating.lines.entries()) {
            expect(sum(line.points)).toBe(explanation.lines[index]?.points);
            if (line.excluded !== null) expect(sum(line.points)).toBe(0);
          }
          for (const { rounded, points, cuts, outcome } of explanation.rules)
            if (outcome === 'gave' || outcome === 'cut')
              expect(rounded - sum(cuts.map(({ cut }) => cut))).toBe(points);
          const again = rate(fact, structuredClone(club));
          expect(JSON.stringify(again)).toBe(JSON.stringify(rating));
          expect(again.explanationText()).toBe(rating.explanationText());
        },
      ),
      { numRuns: 400 },
    );
  });
});

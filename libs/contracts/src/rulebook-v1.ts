import { z } from 'zod';
import { Exact, timeZone } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { moment } from './calendar.js';
import { currencyCode } from './currency.js';
import { known } from './known.js';
import { printable, printableRule } from './printable.js';

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, at most 63');
const decimal = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,12})?$/, {
    message: 'must be a decimal in quotes, such as "1.50"',
    // What is no decimal cannot be asked whether it is above zero.
    abort: true,
  })
  .describe('An exact decimal, in quotes');
const positive = decimal.refine(
  (value) => Exact.isPositive(Exact.exact(value)),
  'must be above zero',
);
const rounding = z.enum(['down', 'half-even', 'half-up']);
const text = (charsMax: number) => z.string().min(1).max(charsMax).regex(printable, printableRule);
const names = z.array(text(100)).max(10_000).default([]);
const wholePoints = z.int().min(1).max(1_000_000_000);

const earningRule = z.strictObject({
  id,
  kind: z.enum(['base', 'bonus']).default('base'),
  points: wholePoints.describe('Points for each `per` of money'),
  per: positive.describe('Major units of the currency'),
  rounding,
  level: z.enum(['line', 'receipt']).describe('Where fractions of a point are rounded'),
  funder: text(100).default('chain'),
});

const partnerRule = z.strictObject({
  id,
  partner: id,
  type: text(100),
  points: wholePoints,
  per: positive.nullable().default(null).describe('null: a fixed number of points for each event'),
  rounding: rounding.default('down'),
});

const tiers = z.strictObject({
  by: z.literal('spend'),
  window: z.enum(['calendar-year', 'lifetime']),
  levels: z
    .array(z.strictObject({ id, from: decimal, multiplier: positive }))
    .min(1)
    .max(50),
});

/** A rulebook document, format 1: one version of a programme. Its JSON Schema is made from this. */
export const rulebookV1 = z
  .strictObject({
    rulebook: z.literal(1).describe('The format of this document'),
    program: id,
    version: z.int().min(1).max(1_000_000),
    name: text(200),
    unit: text(30).default('points'),
    effectiveFrom: moment,
    currency: currencyCode,
    timeZone: z.string().refine(known(timeZone), 'must be an IANA time zone such as Europe/London'),
    earning: z.array(earningRule).min(1).max(500),
    partnerEvents: z.array(partnerRule).max(500).default([]),
    exclusions: z
      .strictObject({ categories: names, products: names, brands: names })
      .default({ categories: [], products: [], brands: [] }),
    lots: z
      .strictObject({
        pendingDays: z.int().min(0).max(366).default(0),
        expiry: z
          .union([
            z.literal('never'),
            z.strictObject({
              months: z.int().min(1).max(1_200),
              until: z
                .enum(['day', 'end-of-month', 'end-of-quarter', 'end-of-year'])
                .default('day'),
            }),
          ])
          .default('never'),
      })
      .default({ pendingDays: 0, expiry: 'never' }),
    tiers: tiers.nullable().default(null),
    redemption: z
      .strictObject({ points: wholePoints, value: positive })
      .nullable()
      .default(null)
      .describe('What points are worth when they are spent as money'),
    returns: z
      .strictObject({ windowDays: z.int().min(1).max(36_500).default(365) })
      .default({ windowDays: 365 }),
    claims: z
      .strictObject({ windowDays: z.int().min(0).max(36_500).nullable().default(null) })
      .default({ windowDays: null })
      .describe('How far back a newly linked card claims receipts that waited for it; null: all'),
    refunds: z
      .strictObject({ graceDays: z.int().min(0).max(3_650).default(0) })
      .default({ graceDays: 0 }),
    // No default: a document that was published before this could be named keeps its hash.
    arrears: z
      .strictObject({ policy: z.enum(['next-awards', 'waived', 'paid-in-money']) })
      .exactOptional()
      .describe(
        'How points that an account owes are settled: the next awards pay them, which is so when this is left out; they are waived as they arise; or they stay until they are paid in money',
      ),
  })
  .superRefine((book, context) => {
    const problem = (path: (string | number)[], message: string) => {
      context.addIssue({ code: 'custom', path, message });
    };
    const seen = new Set<string>();
    for (const [list, rules] of [
      ['earning', book.earning],
      ['partnerEvents', book.partnerEvents],
    ] as const) {
      rules.forEach((rule, index) => {
        if (seen.has(rule.id))
          problem([list, index, 'id'], `a rule named ${rule.id} is there already`);
        seen.add(rule.id);
      });
    }
    const levels = book.tiers?.levels ?? [];
    levels.forEach((level, index) => {
      const before = levels[index - 1];
      const from = Exact.exact(level.from);
      if (before === undefined) {
        if (!Exact.isZero(from))
          problem(['tiers', 'levels', index, 'from'], 'the first level must begin at "0"');
      } else if (Exact.compare(from, Exact.exact(before.from)) <= 0) {
        problem(['tiers', 'levels', index, 'from'], `must be above ${before.from}: levels ascend`);
      }
      if (levels.findIndex((other) => other.id === level.id) !== index)
        problem(['tiers', 'levels', index, 'id'], `a level named ${level.id} is there already`);
    });
    const { expiry, pendingDays } = book.lots;
    if (expiry !== 'never' && pendingDays >= expiry.months * 28)
      problem(['lots', 'pendingDays'], 'lots would lapse before they become available');
  });

/** The meaning of a checked document; the format number is the document's alone. */
export const toRulebook = (document: z.output<typeof rulebookV1>): Rulebook => {
  const { rulebook: _format, ...rulebook } = document;
  return rulebook;
};

/** The JSON Schema (2020-12) of the document, for editors; what it cannot say is in the messages of the check. */
export const rulebookJsonSchema = (): object =>
  z.toJSONSchema(rulebookV1, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' });

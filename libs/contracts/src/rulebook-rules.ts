import { z } from 'zod';
import { day } from './calendar.js';
import { decimal, id, names, positive, rounding, text, wholePoints } from './rulebook-words.js';

const condition = (about: string) =>
  z
    .string()
    .min(1)
    .max(2_000)
    .describe(`A condition in CEL about ${about}, such as receipt.total >= decimal("10.00")`);
export const when = condition('the receipt and the member');
export const lines = condition('a line, the receipt and the member');

export const lotLife = z.strictObject({
  pendingDays: z.int().min(0).max(366).default(0),
  pendingUntil: day.exactOptional().describe('A day until which lots are pending at least'),
  expiry: z
    .union([
      z.literal('never'),
      z.strictObject({
        months: z.int().min(1).max(1_200),
        until: z.enum(['day', 'end-of-month', 'end-of-quarter', 'end-of-year']).default('day'),
      }),
      z.strictObject({ on: day.describe('The last day of every lot') }),
      z.strictObject({
        inactiveMonths: z
          .int()
          .min(1)
          .max(1_200)
          .describe('Months after the account last earned or spent'),
      }),
    ])
    .default('never'),
});

export const cap = z.strictObject({
  points: z.int().min(0).max(1_000_000_000_000),
  per: z.enum(['receipt', 'day', 'week', 'month', 'year', 'lifetime']),
});
export const caps = z.array(cap).min(1).max(10);
export const group = z.strictObject({ id, take: z.enum(['first', 'best']) });
export const budget = z.strictObject({
  id,
  points: z
    .int()
    .min(1)
    .max(1_000_000_000_000)
    .exactOptional()
    .describe('How many points it gives, over all members: then it stops'),
  money: positive
    .exactOptional()
    .describe('Instead of points: what they may cost by the value of points, in major units'),
  per: z
    .enum(['day', 'week', 'month', 'quarter', 'year'])
    .exactOptional()
    .describe('So much in each; in all, when this is left out'),
  each: z
    .enum(['sender'])
    .exactOptional()
    .describe("So much for each sender of a partner's events, such as each manager"),
  returns: z
    .enum(['keep', 'give-back'])
    .exactOptional()
    .describe('Whether what a return takes back may be given again: it may not, when left out'),
});

const windowDaysMax = 180;
const windowDays = z.int().min(0).max(windowDaysMax).default(0);
export const birthday = z
  .strictObject({ daysBefore: windowDays, daysAfter: windowDays })
  .describe(
    'When member.inBirthdayWindow holds: on the birthday, so many days before it and so many after it',
  );

export const earningRule = z.strictObject({
  id,
  kind: z.enum(['base', 'bonus']).default('base'),
  points: wholePoints
    .exactOptional()
    .describe('For each `per` of money, for `each` line or unit, or once'),
  per: positive.exactOptional().describe('Major units of the currency'),
  each: z.enum(['line', 'unit']).exactOptional(),
  steps: z
    .array(z.strictObject({ from: decimal, points: wholePoints }))
    .min(1)
    .max(100)
    .exactOptional()
    .describe('By what the lines come to: the highest step that is reached gives its points'),
  extra: positive.exactOptional().describe('Times what the rules `of` gave: "1" doubles it'),
  of: z.array(id).min(1).max(100).exactOptional(),
  when: when.exactOptional(),
  lines: lines.exactOptional(),
  rounding: rounding.default('down'),
  level: z
    .enum(['line', 'receipt'])
    .default('receipt')
    .describe('Where fractions of a point are rounded'),
  funder: text(100).default('chain'),
  caps: caps.exactOptional(),
  group: id.exactOptional(),
  priority: z.int().min(0).max(1_000_000).exactOptional(),
  tiered: z
    .boolean()
    .exactOptional()
    .describe('Whether the tier multiplies it: base rules are, when this is left out'),
  qualifies: z.boolean().exactOptional().describe('Whether it counts for a tier by points'),
  budget: id.exactOptional(),
  lots: lotLife.exactOptional(),
});

export const partnerRule = z.strictObject({
  id,
  partner: id,
  type: text(100),
  points: wholePoints,
  per: positive.nullable().default(null).describe('null: a fixed number of points for each event'),
  rounding: rounding.default('down'),
  budget: id.exactOptional().describe('The budget that pays for it'),
});

export const exclusions = z
  .strictObject({ categories: names, products: names, brands: names })
  .default({ categories: [], products: [], brands: [] });

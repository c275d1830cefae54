import { z } from 'zod';
import { lines, when } from './rulebook-rules.js';
import { decimal, id, positive, text, wholePoints } from './rulebook-words.js';

const percent = positive.describe('Percent, above 0 and at most 100');

export const tiers = z.strictObject({
  by: z.enum(['spend', 'points', 'visits', 'paid']),
  window: z.enum(['calendar-year', 'rolling-12-months', 'lifetime']),
  upgrade: z.enum(['at-once', 'next-month', 'next-window']).exactOptional(),
  downgrade: z
    .union([
      z.enum(['straight', 'one-step', 'never']),
      z.strictObject({ graceMonths: z.int().min(1).max(120) }),
    ])
    .exactOptional(),
  levels: z
    .array(
      z.strictObject({
        id,
        from: decimal.describe('Spend in major units, points, or visits'),
        multiplier: positive.default('1'),
        discount: percent.exactOptional(),
        entitlements: z.array(text(200)).max(50).exactOptional(),
      }),
    )
    .min(1)
    .max(50),
});

export const membership = z.strictObject({
  id,
  level: id,
  months: z.int().min(1).max(120),
  fee: decimal,
  product: text(100).describe(
    'What it is sold as: a line of this product that comes to the fee starts or prolongs it, its return ends it',
  ),
});

export const discount = z.strictObject({
  id,
  percent: percent.exactOptional(),
  bySpend: z
    .strictObject({
      period: z.enum(['month', 'quarter']),
      steps: z
        .array(z.strictObject({ from: decimal, percent }))
        .min(1)
        .max(50),
    })
    .exactOptional()
    .describe('Percent by what was spent in the period before this one'),
  when: when.exactOptional(),
  lines: lines.exactOptional(),
});

export const certificate = z.strictObject({
  id,
  by: z.enum(['spend', 'points']),
  period: z.enum(['month', 'quarter', 'year']),
  steps: z
    .array(z.strictObject({ from: decimal, value: positive }))
    .min(1)
    .max(50),
  validDays: z.int().min(1).max(3_650),
});

export const reward = z.strictObject({
  id,
  name: text(200),
  points: wholePoints,
  tier: id.exactOptional(),
});

import { z } from 'zod';
import { membershipFee } from './membership-fee.js';

const looked = z
  .strictObject({
    text: z.string(),
    held: z.boolean(),
    saw: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string()).readonly()])),
  })
  .describe('A condition, and what it saw');

const cut = z.union([
  z.strictObject({
    by: z.literal('cap'),
    of: z.enum(['rule', 'programme']),
    per: z.enum(['receipt', 'day', 'week', 'month', 'year', 'lifetime']),
    room: z.int().describe('What was left of the cap'),
    cut: z.int(),
  }),
  z.strictObject({ by: z.literal('budget'), budget: z.string(), left: z.int(), cut: z.int() }),
]);

const rule = z.strictObject({
  rule: z.string(),
  outcome: z.enum(['gave', 'not-met', 'no-line', 'nothing', 'other-of-group', 'cut']),
  when: looked.nullable(),
  lines: z.array(z.int()).readonly().describe('The lines that it is about'),
  exact: z.string().describe('Points before rounding, as a fraction'),
  rounded: z.int(),
  cuts: z.array(cut).readonly(),
  points: z.int(),
  taken: z.string().nullable().describe('Which rule of its group was taken instead'),
});

const line = z.strictObject({
  ordinal: z.int(),
  product: z.string(),
  amount: z.string(),
  counted: z.string().describe('What counted of it, as a fraction'),
  excluded: z.string().nullable(),
  points: z.int(),
});

export const explanation = z.strictObject({
  engine: z.int(),
  program: z.string(),
  version: z.int(),
  day: z.string(),
  tier: z.strictObject({ level: z.string(), multiplier: z.string() }).nullable(),
  lines: z.array(line).readonly(),
  rules: z
    .array(rule)
    .readonly()
    .describe('Those that could apply; another pins down what this receipt does not have'),
  points: z.int(),
});
export type ExplanationV1 = z.output<typeof explanation>;

const explained = {
  outcome: z.string(),
  reason: z.string().nullable(),
  awards: z.array(
    z.strictObject({
      points: z.int(),
      rulebook: z.strictObject({ version: z.int(), hash: z.string() }),
      explanation: explanation.nullable().describe('null: an older release rated it'),
      proven: z
        .boolean()
        .describe('Whether it is the very explanation that was made with the award: its hash says'),
      leftOut: z
        .array(rule)
        .readonly()
        .default([])
        .describe(
          'What came of the other rules, which were not tried: each pins down what this receipt does not have',
        ),
      givenBack: z
        .array(z.strictObject({ receipt: z.string(), points: z.int() }))
        .readonly()
        .default([])
        .describe(
          'Points among these that no line of this receipt earned: what an earlier revision of it had wrongly taken back of those sales',
        ),
      memberships: z
        .array(membershipFee)
        .readonly()
        .default([])
        .describe('Of its lines those that are sold as fees of paid memberships'),
      rerating: z
        .strictObject({
          rerating: z.string(),
          from: z.strictObject({ version: z.int(), hash: z.string() }),
          reason: z.string(),
        })
        .nullable()
        .default(null)
        .describe(
          'A run rated it again: `points` is what that added, or took where it is negative; the explanation is of the award as it is since',
        ),
    }),
  ),
};

/** Why a receipt earned what it earned, and why it did not earn more. */
export const receiptExplanation = z.strictObject({ receipt: z.string(), ...explained });
export type ReceiptExplanation = z.output<typeof receiptExplanation>;

/** The same of what a partner said a member did. */
export const partnerExplanation = z.strictObject({ event: z.string(), ...explained });
export type PartnerExplanation = z.output<typeof partnerExplanation>;

import { z } from 'zod';
import { Exact } from '@tallystick/kernel';
import { day, moment } from './calendar.js';
import { printable, printableRule } from './printable.js';

export const receiptLinesMax = 10_000;
export const receiptBatchMax = 1_000;

const code = z.string().min(1).max(100).regex(printable, printableRule);
const decimal = z
  .string()
  .refine(Exact.isDecimal, 'must be a decimal such as "12.50" or "-3", at most 30 digits');

const receiptRef = z.strictObject({
  chain: code,
  store: code,
  till: code,
  number: code,
  businessDate: day,
});

const line = z.strictObject({
  ordinal: z.int().min(1).max(receiptLinesMax).describe('The line identity within its receipt'),
  product: code.describe('SKU, GTIN or the like'),
  description: z.string().max(500).optional().describe('Not kept'),
  category: code.optional(),
  brand: code.optional(),
  quantity: decimal.describe('Negative: goods that come back'),
  unitPrice: decimal
    .optional()
    .describe('Major units of the currency, as exact as the till has it'),
  discounts: z
    .array(z.strictObject({ amount: decimal, reason: z.string().max(200).optional() }))
    .max(100)
    .optional()
    .describe('Reductions of this line, as positive amounts'),
  amount: decimal
    .optional()
    .describe(
      'What the line comes to after discounts; without it: quantity x unitPrice - discounts',
    ),
  vatRate: decimal.optional().describe('Percent'),
  original: receiptRef
    .extend({ ordinal: z.int().min(1).max(receiptLinesMax).optional() })
    .optional()
    .describe('The sale that this line returns'),
});

/** The v1 form of a receipt, as a till sends it, over HTTP, over the bus and from an import. */
export const receiptV1 = receiptRef.extend({
  program: code,
  revision: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe('A corrected document is the next revision'),
  occurredAt: moment,
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
  channel: code.optional(),
  card: code.nullish().describe('The card number as the till read it; none: null'),
  lines: z.array(line).min(1).max(receiptLinesMax),
  tenders: z
    .array(z.strictObject({ kind: code.describe('cash, card, points, …'), amount: decimal }))
    .max(100)
    .optional(),
});
export type ReceiptV1 = z.output<typeof receiptV1>;
export type ReceiptV1Input = z.input<typeof receiptV1>;

export const lineOutcomeKinds = [
  'earned', // a sold line that counted, even if rounding gave it no point
  'nothing', // excluded, free, or without a card: the reason says which
  'reversed', // a returned line, matched in full or in part
  'unmatched', // a returned line whose sale is not known: nothing is taken back
  'waiting', // the card is not known yet
  'refused',
] as const;
export const lineOutcome = z.strictObject({
  ordinal: z.int(),
  outcome: z.enum(lineOutcomeKinds),
  points: z.int().describe('Earned, or (negative) taken back'),
  reason: z.string().optional(),
});
export type LineOutcome = z.output<typeof lineOutcome>;

export const receiptOutcomeKinds = ['awarded', 'nothing', 'waiting', 'refused'] as const;
export type ReceiptOutcomeKind = (typeof receiptOutcomeKinds)[number];

/** What became of one receipt. The same receipt again gets the same answer, with `known: true`. */
export const receiptOutcome = z.strictObject({
  receipt: z.string().describe('The id made of chain, store, till, number and business date'),
  outcome: z.enum(receiptOutcomeKinds),
  reason: z.string().nullable(),
  known: z.boolean().describe('Whether this very receipt had been taken before'),
  account: z.string().nullable(),
  earned: z
    .int()
    .min(0)
    .describe('Also what a correction gives back that an earlier revision had wrongly taken'),
  reversed: z.int().min(0),
  arrearsRaised: z.int().min(0),
  lines: z.array(lineOutcome),
});
export type ReceiptOutcome = z.output<typeof receiptOutcome>;

/** A batch answers per item, in order: an outcome, or the problem with that item. */
export const receiptBatchAnswer = z.strictObject({
  items: z.array(
    z.union([
      z.strictObject({ status: z.literal(200), outcome: receiptOutcome }),
      z.strictObject({
        status: z.int().min(400),
        problem: z.looseObject({
          type: z.string(),
          title: z.string(),
          detail: z.string().optional(),
        }),
      }),
    ]),
  ),
});
export type ReceiptBatchAnswer = z.output<typeof receiptBatchAnswer>;

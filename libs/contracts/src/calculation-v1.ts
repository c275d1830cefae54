import { z } from 'zod';
import { membershipFee } from './membership-fee.js';
import { receiptOutcomeKinds } from './receipt-v1.js';

const money = z.string().describe('Major units, an exact decimal');

/** What a basket would come to: the answer to a till that asks before it sells. */
export const calculationV1 = z.strictObject({
  program: z.string(),
  account: z.string().nullable().describe('null: the card is nobody’s, or none was read'),
  version: z
    .int()
    .nullable()
    .describe('The version of the rulebook that is in force; null: none was then'),
  tier: z.string().nullable(),
  lines: z.array(
    z.strictObject({
      ordinal: z.int(),
      amount: money.describe('Before discounts'),
      discount: z
        .strictObject({
          percent: z.string(),
          by: z.string().describe('The discount rule, or tier:<level>'),
          amount: money,
        })
        .nullable(),
      pays: money.describe('The amount to send with the receipt'),
      points: z.int().min(0),
      excluded: z.string().nullable().describe('Why the line does not count; null when it does'),
    }),
  ),
  discount: money.describe('The sum over the lines'),
  pays: money,
  outcome: z.enum(receiptOutcomeKinds).describe('What the receipt will be answered'),
  earns: z.int().min(0),
  reversed: z.int().min(0).describe('The points that goods which come back take with them'),
  awards: z.array(
    z.strictObject({ rule: z.string(), kind: z.enum(['base', 'bonus']), points: z.int().min(1) }),
  ),
  reason: z
    .string()
    .nullable()
    .describe('Why nothing becomes of it, in the words of the receipt’s own answer; else null'),
  payable: z
    .strictObject({ points: z.int().min(0), amount: money })
    .nullable()
    .describe('How much of it the available points could pay; null: they are worth no money'),
  rewards: z
    .array(z.strictObject({ id: z.string(), name: z.string(), points: z.int() }))
    .describe('What else the available points are enough for'),
  certificates: z
    .array(
      z.strictObject({
        certificate: z.string().describe('Under this name it is used'),
        rule: z.string(),
        value: money,
        pays: money.describe('What of the basket it would pay: no change is given'),
        validUntil: z.string().describe('From this instant on it is worth nothing; RFC 3339, UTC'),
      }),
    )
    .describe('Gift certificates that can be used now, the soonest over first'),
  memberships: z
    .array(membershipFee)
    .describe('Of its lines those that are sold as fees of paid memberships'),
});
export type CalculationV1 = z.output<typeof calculationV1>;

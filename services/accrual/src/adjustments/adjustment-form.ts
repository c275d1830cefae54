import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { currencyCode, moment, printable, printableRule } from '@tallystick/contracts';
import { Exact, Points, instant, minorUnitDigits } from '@tallystick/kernel';
import { funder } from '../corrections/funder.js';
import { adjustmentStatuses, type Adjustment, type AskedChange } from './adjustment.js';

const text = (charsMax: number) =>
  z.string().trim().min(1).max(charsMax).regex(printable, printableRule);
const wholePoints = z.int().min(1).max(1_000_000_000_000);
const payment = z.strictObject({
  amount: z
    .string()
    .refine((value) => Exact.isDecimal(value) && Exact.isPositive(Exact.exact(value)), {
      error: 'must be a decimal above zero, such as "12.50"',
    })
    .describe('Major units of the currency'),
  currency: currencyCode,
  reference: text(200).describe('Where the payment is booked'),
});

const change = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('up').describe('Points are added, and are there at once'),
    points: wholePoints,
    expiresAt: moment.nullish().describe('Without it: never'),
    funder,
  }),
  z.strictObject({ kind: z.literal('down'), points: wholePoints }),
  z.strictObject({ kind: z.literal('waive-arrears'), points: wholePoints }),
  z.strictObject({ kind: z.literal('arrears-paid-in-money'), points: wholePoints, payment }),
]);

export class AdjustmentRequestBody extends createZodDto(
  z
    .strictObject({
      program: text(100),
      account: text(100),
      change,
      reason: text(500).describe('Kept for ever: why, and nothing personal'),
    })
    .superRefine(({ change: asked }, context) => {
      if (asked.kind === 'arrears-paid-in-money' && minorOf(asked.payment) === null) {
        context.addIssue({
          code: 'custom',
          path: ['change', 'payment', 'amount'],
          message: 'has more decimals than the currency',
        });
      }
    }),
) {}

export class AdjustmentBody extends createZodDto(
  z.strictObject({
    adjustment: z.string(),
    program: z.string(),
    account: z.string(),
    status: z
      .enum(adjustmentStatuses)
      .describe('requested: open; approved: for a moment, on its way; applied, rejected: over'),
    change: z.looseObject({ kind: z.string(), points: z.int() }),
    reason: z.string(),
    requestedBy: z.string().describe("A token's subject"),
    requestedAt: z.string(),
    approvedBy: z.string().nullable(),
    applied: z
      .strictObject({
        points: z.int(),
        arrearsPaid: z.int().describe('What of it paid what the account owed'),
      })
      .nullable(),
    rejected: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
    position: z.string().optional(),
  }),
) {}

export class AdjustmentList extends createZodDto(
  z.strictObject({ adjustments: z.array(AdjustmentBody.schema), next: z.string().nullable() }),
) {}

/** An amount in whole minor units; null where it is finer than these. */
const minorOf = ({ amount, currency }: z.output<typeof payment>): number | null => {
  const scaled = Exact.multiply(
    Exact.exact(amount),
    Exact.exact(10n ** BigInt(minorUnitDigits(currency))),
  );
  const minor = Number(scaled.n);
  return scaled.d === 1n && Number.isSafeInteger(minor) ? minor : null;
};

export const changeOf = (asked: AdjustmentRequestBody['change']): AskedChange => {
  const points = Points.points(asked.points);
  switch (asked.kind) {
    case 'up': {
      const { kind, funder, expiresAt } = asked;
      return { kind, points, funder, expiresAt: expiresAt ? instant(expiresAt) : null };
    }
    case 'arrears-paid-in-money': {
      const { currency, reference } = asked.payment;
      const minor = minorOf(asked.payment);
      if (minor === null) throw new Error('an amount was not checked');
      return { kind: asked.kind, points, payment: { minor, currency, reference } };
    }
    case 'down':
    case 'waive-arrears':
      return { kind: asked.kind, points };
  }
};

export const bodyOf = (adjustment: Adjustment): Omit<AdjustmentBody, 'position'> => {
  const { asked, status, requestedAt, approvedBy, applied, rejected } = adjustment;
  return {
    adjustment: asked.adjustment,
    program: asked.program,
    account: asked.account,
    status,
    change: { ...asked.change },
    reason: asked.reason,
    requestedBy: asked.requestedBy,
    requestedAt,
    approvedBy,
    applied: applied === null ? null : { points: applied.points, arrearsPaid: applied.arrearsPaid },
    rejected,
  };
};

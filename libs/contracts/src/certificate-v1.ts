import { z } from 'zod';

const money = z.string().describe('Major units, an exact decimal');
const time = z.string().describe('RFC 3339, UTC');
const amount = z.string().describe('Major units of spend, or points: see `by`');

/** A gift certificate, and why it is what it is. */
export const certificateV1 = z.strictObject({
  certificate: z.string().describe('Its name, for ever: under it, it is used'),
  status: z
    .enum(['open', 'used', 'expired', 'withdrawn'])
    .describe('withdrawn: late returns of its period left nothing of it'),
  value: money,
  currency: z.string(),
  validUntil: time.describe('From this instant on it is worth nothing'),
  funder: z.string(),
  rule: z.string(),
  period: z.strictObject({
    kind: z.enum(['month', 'quarter', 'year']),
    first: z.string(),
    last: z.string(),
  }),
  rulebook: z
    .strictObject({ version: z.int(), hash: z.string() })
    .describe('The version that was in force when the period ended'),
  by: z.enum(['spend', 'points']),
  reached: amount.describe('What the period came to when the certificate got its value'),
  threshold: amount.nullable().describe('The step that this reached; null: none'),
  steps: z.array(z.strictObject({ from: amount, value: money })),
  corrections: z.int().describe('How often late receipts and returns gave it another value'),
  now: z
    .strictObject({ reached: amount, value: money })
    .describe(
      'What the period comes to by now. What was used, or is over, stays as it was: then this tells the difference',
    ),
  days: z
    .array(z.strictObject({ day: z.string(), amount }))
    .describe('What makes it up, by day, net of what came back'),
  receipts: z
    .array(z.strictObject({ fact: z.string(), day: z.string(), amount }))
    .describe('And by receipt or event, as far as the account remembers them'),
  uses: z.array(
    z.strictObject({
      use: z.string(),
      at: time,
      reference: z.string(),
      givenBack: z.boolean(),
    }),
  ),
});
export type CertificateV1 = z.output<typeof certificateV1>;

/** All that an account has. */
export const certificateList = z.strictObject({
  program: z.string(),
  account: z.string(),
  asOf: time,
  certificates: z.array(certificateV1).describe('The newest period first'),
});
export type CertificateList = z.output<typeof certificateList>;

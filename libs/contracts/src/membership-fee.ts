import { z } from 'zod';

/** A sold line of the product that is a membership's fee, and what it starts. */
export const membershipFee = z
  .strictObject({
    ordinal: z.int().describe('The line'),
    membership: z.string(),
    level: z.string(),
    months: z.int().min(1).describe('Of each that is paid'),
    fee: z.string().describe('What all of the line takes: major units, an exact decimal'),
    amount: z.string().describe('What the line came to'),
    pays: z
      .int()
      .min(0)
      .describe(
        'How many it starts or prolongs; 0: none, as the amount does not reach the fee or less than a whole one was sold',
      ),
  })
  .describe('A line that is sold as the fee of a paid membership');
export type MembershipFee = z.output<typeof membershipFee>;

import { accountId, instant, programId } from '@tallystick/kernel';
import { z } from 'zod';

/** The parts that reporting's requests and answers are made of. */

const id = (what: string) => z.string().min(1).max(200).describe(what);

export const program = id('Id of the programme').transform(programId);
export const account = id('Id of the account').transform(accountId);

export const moment = z.iso
  .datetime({ offset: true, message: 'must be an RFC 3339 time with an offset' })
  .transform((value, context) => {
    try {
      return instant(value);
    } catch {
      context.addIssue('must be an RFC 3339 time with an offset');
      return z.NEVER;
    }
  });

export const points = z.int().describe('Whole points');

/** What many accounts hold together: only one of them is bounded by 2^53 - 1. */
export const sumOfPoints = z
  .union([z.int(), z.string().regex(/^-?\d+$/)])
  .describe('Whole points; as digits in a string where they are more than 2^53 - 1');
/** What many certificates come to. */
export const sumOfMinor = z
  .union([z.int(), z.string().regex(/^-?\d+$/)])
  .describe('Minor units; as digits in a string where they are more than 2^53 - 1');
export type ExactSum = z.output<typeof sumOfPoints>;
export const exactSum = (sum: bigint): ExactSum => {
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : sum.toString();
};

export const time = z.string().describe('RFC 3339, UTC');
export const position = z
  .string()
  .describe('Place in the event store that these figures have come to, a whole number');

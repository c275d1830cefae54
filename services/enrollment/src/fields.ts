import { printable, printableRule } from '@tallystick/contracts';
import { accountId, cardToken, instant, memberId, programId } from '@tallystick/kernel';
import { z } from 'zod';

/** The parts that enrollment's requests and answers are made of. */

const text = (what: string) =>
  z.string().trim().min(1).max(100).regex(printable, printableRule).describe(what);

export const program = text('Id of the programme').transform(programId);
export const member = text('Id of the member, as enrolling gave it').transform(memberId);
export const account = text('Id of the account').transform(accountId);
export const token = text('Token of the card, as reading the member gives it').transform(cardToken);
export const cardNumber = text(
  'Card number as the till reads it, 1 to 100 printable characters; only a token of it is kept',
);

export const cardsMax = 20;
export const cardNumbers = z
  .array(cardNumber)
  .max(cardsMax)
  .refine((cards) => new Set(cards).size === cards.length, 'names a card twice')
  .default([]);

export const since = z.iso
  .datetime({ offset: true, message: 'must be an RFC 3339 time with an offset' })
  .transform((value, context) => {
    try {
      return instant(value);
    } catch {
      context.addIssue('must be an RFC 3339 time with an offset');
      return z.NEVER;
    }
  })
  .optional()
  .describe(
    'Since when they are a member and their cards are theirs; RFC 3339, not in the future; default: now',
  );

/** In answers. */
export const memberAnswer = z.string().describe('Id of the member, a pseudonym');
export const accountAnswer = z.string().describe('Id of the account that collects');
export const successorAnswer = z
  .string()
  .nullable()
  .describe('The account that has its points now, if it became part of another one; else null');
export const cardAnswer = z.object({
  token: z.string().describe('Stands for the card number everywhere else'),
  from: z.string().describe('RFC 3339, UTC: since when the card leads to the account'),
});
export const position = z
  .string()
  .describe(
    'Place in the event store, a whole number; hand it on as `Tallystick-After` to read what this wrote',
  );

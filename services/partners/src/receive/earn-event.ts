import { inYears, printable, printableRule, yearsRule } from '@tallystick/contracts';
import { contentHash } from '@tallystick/event-store';
import { Exact, instant, type CardToken, type Instant } from '@tallystick/kernel';
import { z } from 'zod';

import { text } from '../fields.js';
import type { PartnerEventRef } from '../partner/ids.js';

const notNegative = (text: string): boolean =>
  Exact.isDecimal(text) && !Exact.isNegative(Exact.exact(text));

/** The signed body: something that a member did at the partner. */
export const earnEvent = z
  .strictObject({
    type: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'must be 1 to 100 of A-Z a-z 0-9 . _ : -')
      .describe('What happened, in words that the rulebook knows: `purchase`, `visit`'),
    occurredAt: z.iso
      .datetime({ offset: true, message: 'must be an RFC 3339 time with an offset' })
      .refine(inYears, yearsRule)
      .describe('When it happened; RFC 3339, not in the future'),
    card: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(printable, printableRule)
      .describe('Card number; it is kept sealed, and passed on as a token only'),
    amount: z
      .string()
      .refine(notNegative, 'must be a decimal such as "12.50", at most 30 digits, not negative')
      .optional()
      .describe('What was spent, in major units of the currency, a decimal'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
      .optional(),
    sender: text(
      "Who of the partner's people gives it, such as a manager who awards a colleague: the partner's own id of that person, never a name",
    ).optional(),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(printable, printableRule)
      .optional()
      .describe('Why, in the words of the sender; it is kept for ever: nothing personal'),
  })
  .refine(({ amount, currency }) => (amount === undefined) === (currency === undefined), {
    message: 'amount and currency come together',
    path: ['currency'],
  });
export type EarnEvent = z.output<typeof earnEvent>;

/** An earn event without its card number. Two bodies that say the same give the same content. */
export interface EarnContent {
  readonly type: string;
  readonly occurredAt: Instant;
  readonly card: CardToken;
  /** The shortest decimal: 12.5 for "12.50". */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly sender?: string;
  readonly reason?: string;
}

/** Undefined: the time is none that a calendar has. */
export const contentOf = (
  event: EarnEvent,
  tokenOf: (card: string) => CardToken,
): EarnContent | undefined => {
  let occurredAt: Instant;
  try {
    occurredAt = instant(event.occurredAt);
  } catch {
    return undefined;
  }
  return {
    type: event.type,
    occurredAt,
    card: tokenOf(event.card),
    amount: event.amount === undefined ? null : Exact.toDecimal(Exact.exact(event.amount)),
    currency: event.currency ?? null,
    // Left out where there are none: an event that was hashed before they could be named keeps its hash.
    ...(event.sender === undefined ? {} : { sender: event.sender }),
    ...(event.reason === undefined ? {} : { reason: event.reason }),
  };
};

/** What makes two deliveries of one event id the same fact or another. */
export const hashOf = (
  { program, partner, event }: PartnerEventRef,
  content: EarnContent,
): string => contentHash({ program, partner, event, ...content });

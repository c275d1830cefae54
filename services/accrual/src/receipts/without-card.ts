import { z } from 'zod';
import { programId } from '@tallystick/kernel';
import type { KeptAs } from '@tallystick/message-bus';
import type { CardTokens } from '@tallystick/service-host';

const carded = z.looseObject({ program: z.string(), card: z.string().min(1) });
/** A run of digits that could be a card number, in a text of which nothing else is known. */
const longNumber = /\d{6,}/g;
const shortNumber = 6;

/**
 * A message as the dead letters may keep it: the card's token in place of its number, so that it can still be told whose it was
 * and be sent again. In a text that is no receipt every long number is made unreadable.
 */
export const withoutCard = (
  message: { readonly key: string; readonly value: string },
  receipt: unknown,
  tokens: CardTokens,
): KeptAs => {
  const checked = carded.safeParse(receipt);
  if (!checked.success) return { key: masked(message.key), value: masked(message.value) };
  const { card, ...rest } = checked.data;
  const cardToken = tokens.tokenOf(programId(rest.program), card);
  const number = card.trim();
  const text = JSON.stringify({ cardToken, ...rest });
  // A short number may stand in any other field by chance: then only a whole field counts as it.
  const value =
    number.length < shortNumber
      ? text.replaceAll(JSON.stringify(card), '"#"')
      : text.replaceAll(number, '#');
  return { key: message.key.includes(number) ? cardToken : message.key, value };
};

const masked = (text: string): string =>
  text.replace(longNumber, (digits) => '#'.repeat(digits.length));

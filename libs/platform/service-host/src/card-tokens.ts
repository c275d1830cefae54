import { createHmac, createSecretKey } from 'node:crypto';
import { cardToken } from '@tallystick/kernel';
import type { CardTokens } from './tokens.js';

const tokenHexDigits = 32;

/** `CardTokens` under a key. The same key everywhere and for ever, or cards are not recognised. */
export const createCardTokens = (key: Uint8Array): CardTokens => {
  const secret = createSecretKey(key);
  return {
    tokenOf: (program, cardNumber) =>
      cardToken(
        createHmac('sha256', secret)
          .update(`${program}\0${cardNumber.trim()}`)
          .digest('hex')
          .slice(0, tokenHexDigits),
      ),
  };
};

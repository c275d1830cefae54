import { createHmac } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { createCardTokens } from './card-tokens.js';

const key = Buffer.alloc(32, 7);

it('a card token is the HMAC of programme and number, the first 32 hex digits', () => {
  const expected = createHmac('sha256', key).update('p\u00009821').digest('hex').slice(0, 32);
  const tokens = createCardTokens(key);
  expect(tokens.tokenOf(programId('p'), ' 9821 ')).toBe(expected);
  expect(tokens.tokenOf(programId('q'), '9821')).not.toBe(expected);
});

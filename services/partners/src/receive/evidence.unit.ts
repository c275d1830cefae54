import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { masterKeys } from '@tallystick/sealing';
import { keepBody, showBody } from './evidence.js';

const keys = masterKeys(randomBytes(32));
const of = { program: programId('p'), partner: 'fly', event: 'e1' };
const body = Buffer.from('{"card":"9821"}');

it('a kept body can be shown to whoever holds the hash', () => {
  const { bodyHash, sealed } = keepBody(keys, of, body);
  const { salt, body: shown } = showBody(keys, of, sealed);
  expect(shown).toEqual(body);
  expect(createHash('sha256').update(salt).update(shown).digest('hex')).toBe(bodyHash);
});

it('the hash of a body does not tell which body it is, however few there can be', () => {
  const { bodyHash } = keepBody(keys, of, body);
  expect(bodyHash).not.toBe(createHash('sha256').update(body).digest('hex'));
  expect(keepBody(keys, of, body).bodyHash).not.toBe(bodyHash);
});

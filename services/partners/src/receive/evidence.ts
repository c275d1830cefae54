import { createHash, randomBytes } from 'node:crypto';
import { open, seal, type MasterKeys, type Sealed } from '@tallystick/sealing';
import type { PartnerEventRef } from '../partner/ids.js';

const saltBytes = 32;

/**
 * The raw body as it is kept, and the hash by which an event in the store commits to it. A card number has few digits
 * and the rest of a body is easily guessed: a plain hash would give the number away to whoever tries them all. So the
 * body is hashed behind 32 random bytes that are sealed with it: who is shown both can check it, nobody else can guess.
 */
export interface Evidence {
  /** SHA-256 of the 32 random bytes and the raw body, in hex. */
  readonly bodyHash: string;
  readonly sealed: Sealed;
}

const contextOf = ({ program, partner, event }: PartnerEventRef): string =>
  JSON.stringify(['partners', 'body', program, partner, event]);

export const keepBody = (keys: MasterKeys, of: PartnerEventRef, body: Buffer): Evidence => {
  const salted = Buffer.concat([randomBytes(saltBytes), body]);
  return {
    bodyHash: createHash('sha256').update(salted).digest('hex'),
    sealed: seal(keys, contextOf(of), salted),
  };
};

/** The raw body again, and the bytes that its hash begins with. */
export const showBody = (
  keys: MasterKeys,
  of: PartnerEventRef,
  sealed: Sealed,
): { readonly salt: Buffer; readonly body: Buffer } => {
  const salted = open(keys, contextOf(of), sealed);
  return { salt: salted.subarray(0, saltBytes), body: salted.subarray(saltBytes) };
};

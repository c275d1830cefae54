import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, keyBytes } from './cipher.js';
import type { MasterKeys } from './master-keys.js';

/**
 * A text sealed under a random key of its own, and that key wrapped by a master key. Whoever forgets `wrappedKey` has
 * erased the text, in every copy of `box`; a new master key needs only `wrappedKey` to be wrapped again.
 */
export interface Sealed {
  /** The id of the master key that wraps. */
  readonly masterKeyId: string;
  readonly wrappedKey: Buffer;
  readonly box: Buffer;
}

/** What was sealed under a master key that this process was not given. */
export class MasterKeyUnknown extends Error {
  constructor(id: string) {
    super(
      `master key ${id} is needed to open this, and it is neither the current nor a retired one`,
    );
    this.name = 'MasterKeyUnknown';
  }
}

const wrapping = (context: string): string => `key\0${context}`;

const dataKey = (keys: MasterKeys, context: string, sealed: Sealed): Buffer => {
  const master = keys.byId.get(sealed.masterKeyId);
  if (master === undefined) throw new MasterKeyUnknown(sealed.masterKeyId);
  return decrypt(master.bytes, wrapping(context), sealed.wrappedKey);
};

/** Seals under a fresh key. `context` names the row that it belongs to, and is needed to open it. */
export const seal = (keys: MasterKeys, context: string, plain: Uint8Array): Sealed => {
  const key = randomBytes(keyBytes);
  return {
    masterKeyId: keys.current.id,
    wrappedKey: encrypt(keys.current.bytes, wrapping(context), key),
    box: encrypt(key, context, plain),
  };
};

/** Throws `MasterKeyUnknown`, or on anything that is not as it was sealed. */
export const open = (keys: MasterKeys, context: string, sealed: Sealed): Buffer =>
  decrypt(dataKey(keys, context, sealed), context, sealed.box);

/** The same box with its key wrapped by the current master key: what a rotation does to each row. */
export const rewrap = (keys: MasterKeys, context: string, sealed: Sealed): Sealed => ({
  masterKeyId: keys.current.id,
  wrappedKey: encrypt(keys.current.bytes, wrapping(context), dataKey(keys, context, sealed)),
  box: sealed.box,
});

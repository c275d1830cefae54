import { createHash } from 'node:crypto';
import { keyBytes } from './cipher.js';

interface MasterKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The key that seals now, and those that still open what was sealed under them before a rotation. */
export interface MasterKeys {
  readonly current: MasterKey;
  readonly byId: ReadonlyMap<string, MasterKey>;
}

/** A key's own id, `mk_` and 16 hex digits of a hash: to tell keys apart in a table, of no use to find the key. */
const masterKey = (bytes: Uint8Array): MasterKey => {
  if (bytes.length !== keyBytes) throw new Error(`a master key has ${keyBytes} bytes`);
  const hash = createHash('sha256').update('tallystick master key id\0').update(bytes);
  return { id: `mk_${hash.digest('hex').slice(0, 16)}`, bytes };
};

/** Takes master keys of 32 bytes each. Throws on another length. */
export const masterKeys = (
  current: Uint8Array,
  retired: readonly Uint8Array[] = [],
): MasterKeys => {
  const key = masterKey(current);
  const all = [key, ...retired.map(masterKey)];
  return { current: key, byId: new Map(all.map((each) => [each.id, each])) };
};

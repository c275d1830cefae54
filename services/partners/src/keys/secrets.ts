import { randomBytes } from 'node:crypto';
import { open, seal, type MasterKeys, type Sealed } from '@tallystick/sealing';
import type { PartnerRef } from '../partner/ids.js';

const secretBytes = 32;
const secretPrefix = 'whsec_';

/** A key's own id, and its secret as Standard Webhooks writes it: `whsec_` and base64 of 32 random bytes. */
export const makeKey = (): { readonly keyId: string; readonly secret: string } => ({
  keyId: `key_${randomBytes(8).toString('hex')}`,
  secret: `${secretPrefix}${randomBytes(secretBytes).toString('base64')}`,
});

const contextOf = ({ program, partner }: PartnerRef, keyId: string): string =>
  JSON.stringify(['partners', 'secret', program, partner, keyId]);

export const sealSecret = (
  keys: MasterKeys,
  of: PartnerRef,
  keyId: string,
  secret: string,
): Sealed => seal(keys, contextOf(of, keyId), Buffer.from(secret));

export const openSecret = (
  keys: MasterKeys,
  of: PartnerRef,
  keyId: string,
  sealed: Sealed,
): string => open(keys, contextOf(of, keyId), sealed).toString();

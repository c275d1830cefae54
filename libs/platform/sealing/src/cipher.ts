import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: `format(1) | nonce(12) | tag(16) | ciphertext`.
 * One key seals few texts here (a data key one, a master key one small key per row), far below the 2^32 of the standard.
 */
export const keyBytes = 32;
const format = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** `context` is authenticated, not stored: a box that was moved to another row does not open there. */
export const encrypt = (key: Uint8Array, context: string, plain: Uint8Array): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), body]);
};

/** Throws when a byte of the box, the key or the context is another than it was sealed with. */
export const decrypt = (key: Uint8Array, context: string, box: Uint8Array): Buffer => {
  const head = 1 + nonceBytes + tagBytes;
  if (box.length < head || box[0] !== format) throw new Error('not a sealed box of this format');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(1, 1 + nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(box.subarray(1 + nonceBytes, head));
  return Buffer.concat([decipher.update(box.subarray(head)), decipher.final()]);
};

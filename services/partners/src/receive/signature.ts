import { timingSafeEqual } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { Webhook } from 'standardwebhooks';
import { epochMs, type Instant } from '@tallystick/kernel';

/** Standard Webhooks: how far webhook-timestamp may be from our clock, either way. */
export const toleranceSeconds = 300;
/** A header has one signature for each key that the sender has in use. */
const signaturesMax = 16;

/** The headers of Standard Webhooks as they came. */
export interface SignatureHeaders {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Of version 1 (HMAC-SHA256), in base64. Others are passed over, as the standard has it. */
  readonly signatures: readonly string[];
}

export type HeaderAnswer =
  | { readonly kind: 'signed'; readonly headers: SignatureHeaders }
  | { readonly kind: 'missing' }
  | { readonly kind: 'outside-window' };

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const headerOf = (headers: Headers, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/** Takes the three headers and judges the time. The clock is an argument: the package has its own in `verify`. */
export const readHeaders = (headers: Headers, now: Instant): HeaderAnswer => {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signature = headerOf(headers, 'webhook-signature');
  if (id === '' || timestamp === '' || signature === '') return { kind: 'missing' };
  if (!/^\d{1,12}$/.test(timestamp)) return { kind: 'outside-window' };
  const seconds = Number(timestamp);
  if (Math.abs(epochMs(now) / 1000 - seconds) > toleranceSeconds) return { kind: 'outside-window' };
  const signatures = signature
    .split(' ', signaturesMax)
    .filter((each) => each.startsWith('v1,'))
    .map((each) => each.slice('v1,'.length));
  return { kind: 'signed', headers: { id, timestamp: seconds, signatures } };
};

export interface SigningKey {
  readonly keyId: string;
  /** `whsec_…` */
  readonly secret: string;
}

const equal = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/**
 * Finds the key that made one of the signatures over the body as it came; undefined: none did.
 * Source: Standard Webhooks, "Verifying signatures". A body that is not UTF-8 is never genuine: the package signs text,
 * in which all malformed bytes look the same.
 */
export const signedBy = (
  keys: readonly SigningKey[],
  { id, timestamp, signatures }: SignatureHeaders,
  body: Buffer,
): { readonly keyId: string; readonly signature: string } | undefined => {
  if (!isUtf8(body)) return undefined;
  const text = body.toString('utf8');
  for (const { keyId, secret } of keys) {
    const expected = new Webhook(secret).sign(id, new Date(timestamp * 1000), text);
    const signature = signatures.find((given) => equal(`v1,${given}`, expected));
    if (signature !== undefined) return { keyId, signature: `v1,${signature}` };
  }
  return undefined;
};

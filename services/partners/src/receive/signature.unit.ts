import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { addMs, instant, instantOfEpochMs } from '@tallystick/kernel';
import { makeKey } from '../keys/secrets.js';
import { readHeaders, signedBy, toleranceSeconds, type SignatureHeaders } from './signature.js';

const now = instant('2026-01-31T09:30:00Z');
const seconds = Date.parse(now) / 1000;
const body = Buffer.from('{"type":"visit"}');

/** Written apart from the package: what Standard Webhooks says a signature is. */
const sign = (secret: string, id: string, timestamp: number, content: Uint8Array): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(content).digest('base64')}`;
};

const headers = (signature: string, timestamp: number | string = seconds, id = 'evt-1') => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signature,
});

const taken = (given: Record<string, string>): SignatureHeaders => {
  const read = readHeaders(given, now);
  if (read.kind !== 'signed') throw new Error(read.kind);
  return read.headers;
};

const key = makeKey();
const other = makeKey();
const genuine = sign(key.secret, 'evt-1', seconds, body);

describe('headers of a signed event', () => {
  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('need %s', (name) => {
    expect(readHeaders({ ...headers(genuine), [name]: undefined }, now).kind).toBe('missing');
    expect(readHeaders({ ...headers(genuine), [name]: '' }, now).kind).toBe('missing');
  });

  it.each([
    [0, 'signed'],
    [toleranceSeconds, 'signed'],
    [-toleranceSeconds, 'signed'],
    [toleranceSeconds + 1, 'outside-window'],
    [-toleranceSeconds - 1, 'outside-window'],
  ])('signed %d s from now are %s', (offset, kind) => {
    expect(readHeaders(headers(genuine, seconds + offset), now).kind).toBe(kind);
  });

  it('are judged by the clock that is handed in, to the millisecond', () => {
    const late = addMs(instantOfEpochMs(seconds * 1000), toleranceSeconds * 1000 + 1);
    expect(readHeaders(headers(genuine), late).kind).toBe('outside-window');
  });

  it.each([
    'now',
    '1e9',
    `${seconds}.5`,
    `${seconds}abc`,
    ` ${seconds}`,
    '-1',
    'NaN',
    '9'.repeat(40),
  ])('refuse the timestamp %j', (timestamp) => {
    expect(readHeaders(headers(genuine, timestamp), now).kind).toBe('outside-window');
  });
});

describe('a signature', () => {
  it('names the key that made it', () => {
    expect(signedBy([other, key], taken(headers(genuine)), body)).toEqual({
      keyId: key.keyId,
      signature: genuine,
    });
  });

  it('may be one of several: of other keys, and of other versions', () => {
    const foreign = sign(makeKey().secret, 'evt-1', seconds, body);
    const several = `v1a,${randomBytes(64).toString('base64')} ${foreign} ${genuine}`;
    expect(signedBy([key], taken(headers(several)), body)?.keyId).toBe(key.keyId);
  });

  it('is none without a key of the partner', () => {
    expect(signedBy([], taken(headers(genuine)), body)).toBeUndefined();
    expect(signedBy([other], taken(headers(genuine)), body)).toBeUndefined();
  });

  it('fits one id, one time and each byte of one body', () => {
    expect(signedBy([key], taken(headers(genuine, seconds, 'evt-2')), body)).toBeUndefined();
    expect(signedBy([key], taken(headers(genuine, seconds + 1)), body)).toBeUndefined();
    for (let at = 0; at < body.length; at += 1) {
      const altered = Buffer.from(body);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(signedBy([key], taken(headers(genuine)), altered)).toBeUndefined();
    }
  });

  it('fits no body that is not UTF-8, in which altered bytes would look alike', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const text = Buffer.from(bytes.toString('utf8'));
    for (const signature of [
      sign(key.secret, 'evt-1', seconds, bytes),
      sign(key.secret, 'evt-1', seconds, text),
    ])
      expect(signedBy([key], taken(headers(signature)), bytes)).toBeUndefined();
  });

  it.each(['', 'v1', 'v1,', 'v2,abc', genuine.slice(0, -1), genuine.toLowerCase(), `x${genuine}`])(
    'is not %j',
    (signature) => {
      const read = readHeaders(headers(signature), now);
      if (read.kind === 'signed') expect(signedBy([key], read.headers, body)).toBeUndefined();
      else expect(read.kind).toBe('missing');
    },
  );

  it('in a header of thousands is not looked for', () => {
    const flood = `${'v1,AAAA '.repeat(5000)}${genuine}`;
    expect(taken(headers(flood)).signatures.length).toBeLessThanOrEqual(16);
  });
});

it('a key is 32 random bytes, written as Standard Webhooks has it', () => {
  expect(key.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(key.secret).not.toBe(other.secret);
  expect(key.keyId).toMatch(/^key_[0-9a-f]{16}$/);
});

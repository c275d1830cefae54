import { exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from '@jest/globals';
import { durationSeconds } from '../commands/token.js';
import { signToken, tokenSource } from './token.js';

const newKeys = async () => {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kty: 'OKP', kid: 'key-1' };
  const verify = async (token: string) =>
    jwtVerify(token, await importJWK(await exportJWK(publicKey), 'EdDSA'), {
      issuer: 'https://issuer.invalid',
      audience: 'tallystick',
    });
  return { keys: { issuer: 'https://issuer.invalid', audience: 'tallystick', signingKey }, verify };
};
const claims = {
  subject: 'ann',
  roles: ['member'],
  programs: ['shop'],
  chains: [],
  stores: [],
  member: 'm-1',
  account: 'a-1',
} as const;

describe('a token of the local system', () => {
  it('says who its bearer is, what it may do and until when', async () => {
    const { keys, verify } = await newKeys();
    const { payload, protectedHeader } = await verify(await signToken(keys, claims, 90));
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', kid: 'key-1' });
    expect(payload).toMatchObject({
      sub: 'ann',
      roles: ['member'],
      programs: ['shop'],
      chains: [],
      member: 'm-1',
      account: 'a-1',
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(90);
  });

  it('is signed once for many requests', async () => {
    const { keys } = await newKeys();
    const token = tokenSource(keys, claims);
    expect(await token()).toBe(await token());
  });
});

describe('how long a token is good for', () => {
  it('is said with a unit', () => {
    expect(['90s', '30m', '1h', '7d'].map(durationSeconds)).toEqual([90, 1_800, 3_600, 604_800]);
  });
  it('and in no other way', () => {
    expect(['', '90', '0h', '-1h', '1.5h', '1w', 'h'].map(durationSeconds)).toEqual(
      Array.from({ length: 7 }, () => null),
    );
  });
});

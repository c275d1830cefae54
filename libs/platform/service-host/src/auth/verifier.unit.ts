import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { ProblemException } from '../problem.js';
import {
  localAudience,
  localIssuer,
  localIssuerName,
  makeSigningKey,
  type LocalIssuer,
} from './local-issuer.js';
import { createVerifier, type Verifier } from './verifier.js';

const refusal = async (verify: () => unknown): Promise<string> => {
  try {
    await verify();
  } catch (error) {
    if (error instanceof ProblemException)
      return `${error.problem.status} ${error.problem.type.split(':').at(-1)}`;
    throw error;
  }
  return 'accepted';
};

const rules = { issuer: localIssuerName, audience: localAudience };
const claims = { sub: 'till-1', roles: ['store'] as const, programs: ['p'], chains: ['*'] };

describe('the bearer token', () => {
  let issuer: LocalIssuer;
  let verifier: Verifier;
  beforeAll(async () => {
    issuer = await localIssuer(await makeSigningKey());
    verifier = await createVerifier({ ...rules, jwks: { kind: 'inline', json: issuer.jwks } });
  });
  const presented = (token: string) => refusal(() => verifier.verify(`Bearer ${token}`));

  it('says who calls; a scope that it does not name is empty', async () => {
    expect(await verifier.verify(`Bearer ${await issuer.token(claims)}`)).toEqual({
      subject: 'till-1',
      roles: ['store'],
      programs: ['p'],
      chains: '*',
      stores: [],
    });
  });

  it('is answered at once when it was checked a moment ago', async () => {
    const header = `Bearer ${await issuer.token(claims)}`;
    const first = await verifier.verify(header);
    expect(verifier.verify(header)).toBe(first);
  });

  it('is not believed beyond its end, however often it was checked', async () => {
    const header = `Bearer ${await issuer.token(claims, { lifetimeSeconds: 1 })}`;
    await verifier.verify(header);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    // Within the clock tolerance it is checked afresh, not taken from memory.
    expect(verifier.verify(header)).toBeInstanceOf(Promise);
  });

  it('is refused when missing, of another kind, or not a token', async () => {
    expect(await refusal(() => verifier.verify(undefined))).toBe('401 token-missing');
    expect(await refusal(() => verifier.verify('Basic dTpw'))).toBe('401 token-invalid');
    expect(await presented('a.b.c')).toBe('401 token-invalid');
    expect(await presented('x'.repeat(9_000))).toBe('401 token-invalid');
  });

  it('is refused when expired, of another issuer, or for another audience', async () => {
    expect(await presented(await issuer.token(claims, { lifetimeSeconds: -60 }))).toBe(
      '401 token-expired',
    );
    expect(await presented(await issuer.token(claims, { issuer: 'https://else.where' }))).toBe(
      '401 token-invalid',
    );
    expect(await presented(await issuer.token(claims, { audience: 'else' }))).toBe(
      '401 token-invalid',
    );
  });

  it('is refused without a signature, or with one of a secret that is the public key', async () => {
    const none = new UnsecuredJWT(claims)
      .setIssuer(rules.issuer)
      .setAudience(rules.audience)
      .setExpirationTime('1h');
    expect(await presented(none.encode())).toBe('401 token-invalid');
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(rules.issuer)
      .setAudience(rules.audience)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(issuer.jwks));
    expect(await presented(confused)).toBe('401 token-invalid');
  });

  it('is refused when signed by a key that we do not know', async () => {
    const other = await localIssuer(await makeSigningKey());
    expect(await presented(await other.token(claims))).toBe('401 token-invalid');
  });

  it('needs an end, a subject and roles; roles that we do not know do not count', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
    const two = await createVerifier({ ...rules, jwks: { kind: 'inline', json: jwks } });
    const signed = (payload: Record<string, unknown>) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(rules.issuer)
        .setAudience(rules.audience)
        .sign(privateKey);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const present = async (payload: Record<string, unknown>) => {
      const token = await signed(payload);
      return refusal(() => two.verify(`Bearer ${token}`));
    };
    expect(await present({ sub: 'a', roles: ['store'] })).toBe('401 token-invalid');
    expect(await present({ exp, roles: ['store'] })).toBe('401 token-invalid');
    expect(await present({ sub: 'a', exp })).toBe('401 token-claims-malformed');
    expect(await present({ sub: 'a', exp, roles: 'store' })).toBe('401 token-claims-malformed');
    const caller = await two.verify(
      `Bearer ${await signed({ sub: 'a', exp, roles: ['king', 'ops'] })}`,
    );
    expect(caller.roles).toEqual(['ops']);
  });
});

describe('where keys come from', () => {
  it('a file is read at the start, and must be a key set', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tallystick-jwks-'));
    const file = path.join(folder, 'jwks.json');
    try {
      await expect(
        createVerifier({ ...rules, jwks: { kind: 'file', path: file } }),
      ).rejects.toThrow('ENOENT');
      const issuer = await localIssuer(await makeSigningKey());
      await writeFile(file, issuer.jwks);
      const verifier = await createVerifier({ ...rules, jwks: { kind: 'file', path: file } });
      expect(await verifier.verify(`Bearer ${await issuer.token(claims)}`)).toMatchObject({
        subject: 'till-1',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('an address that does not answer is 503, not 401: the token may be good', async () => {
    const issuer = await localIssuer(await makeSigningKey());
    const verifier = await createVerifier({
      ...rules,
      jwks: { kind: 'url', url: 'http://127.0.0.1:9/jwks' },
    });
    const token = await issuer.token(claims);
    expect(await refusal(() => verifier.verify(`Bearer ${token}`))).toBe('503 keys-unavailable');
  });
});

import { importJWK, SignJWT } from 'jose';
import type { LocalKeys } from './data-folder.js';

export const roles = ['member', 'store', 'partner', 'manager', 'auditor', 'ops'] as const;
export type Role = (typeof roles)[number];

/** Who a token says its bearer is, and what it may do. `*` in a list: all of them. */
export interface TokenClaims {
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly programs: readonly string[];
  readonly chains: readonly string[];
  readonly stores: readonly string[];
  readonly member?: string;
  readonly account?: string;
  readonly partner?: string;
}

/** The kind of the embedded system's keys. */
const alg = 'EdDSA';

/** Signs a token with the embedded system's own key. A system with an identity provider of its own refuses it. */
export const signToken = async (
  keys: LocalKeys,
  { subject, ...claims }: TokenClaims,
  lifetimeSeconds: number,
): Promise<string> => {
  const key = await importJWK(keys.signingKey, alg);
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg, typ: 'JWT', kid: keys.signingKey.kid })
    .setSubject(subject)
    .setIssuer(keys.issuer)
    .setAudience(keys.audience)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds} seconds`)
    .sign(key);
};

const lifetimeSeconds = 3_600;
const renewedBeforeMs = 300_000;

/** Gives a token for each request, signed again before it expires: an import may take longer than a token lives. */
export const tokenSource = (keys: LocalKeys, claims: TokenClaims): (() => Promise<string>) => {
  let token: Promise<string> | undefined;
  let renewAtMs = 0;
  return () => {
    if (token === undefined || performance.now() >= renewAtMs) {
      token = signToken(keys, claims, lifetimeSeconds);
      renewAtMs = performance.now() + lifetimeSeconds * 1_000 - renewedBeforeMs;
    }
    return token;
  };
};

import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWK,
} from 'jose';
import type { Role } from './caller.js';

/** What a token of ours says besides issuer, audience and times. Names are those of the token. */
export interface TokenClaims {
  readonly sub: string;
  readonly roles: readonly Role[];
  /** `['*']`: all. Without one of these the token covers none. */
  readonly programs?: readonly string[];
  readonly chains?: readonly string[];
  readonly stores?: readonly string[];
  readonly partner?: string;
  readonly member?: string;
  readonly account?: string;
}

export interface TokenOptions {
  /** Default 3600. Negative: a token that has expired. */
  readonly lifetimeSeconds?: number;
  /** Default: the deployment's own. */
  readonly issuer?: string;
  readonly audience?: string;
}

/** Signs bearer tokens for the embedded default, the command line and tests; at scale an OIDC provider does. */
export interface LocalIssuer {
  /** JSON of the public key set: the value of TALLYSTICK_AUTH_JWKS. */
  readonly jwks: string;
  /** A signed bearer token. */
  token(claims: TokenClaims, options?: TokenOptions): Promise<string>;
}

export const localIssuerName = 'https://tallystick.invalid/local';
export const localAudience = 'tallystick';

/** A new private key (Ed25519) as a JWK: keep it secret, and the same between runs. */
export const makeSigningKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg: 'EdDSA', use: 'sig', kid: await calculateJwkThumbprint(jwk) };
};

/** An issuer over a key that `makeSigningKey` made. */
export const localIssuer = async (
  signingKey: JWK,
  { issuer = localIssuerName, audience = localAudience } = {},
): Promise<LocalIssuer> => {
  const key = await importJWK(signingKey, 'EdDSA');
  const { kty, crv, x, kid } = signingKey;
  const jwks = JSON.stringify({ keys: [{ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }] });
  return {
    jwks,
    token: ({ sub, ...claims }, options = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const lifetime = options.lifetimeSeconds ?? 3600;
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
        .setSubject(sub)
        .setIssuer(options.issuer ?? issuer)
        .setAudience(options.audience ?? audience)
        .setIssuedAt(lifetime < 0 ? now + lifetime - 1 : now)
        .setExpirationTime(now + lifetime)
        .sign(key);
    },
  };
};

import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { z } from 'zod';
import type { JwksSource } from '../config.js';
import { problem, type ProblemException } from '../problem.js';
import { roles, type Caller, type Role, type Scope } from './caller.js';

/** `none` and the HMAC family are left out on purpose: with those, whoever can verify can sign. */
const algorithms = ['EdDSA', 'ES256', 'RS256'];
const clockToleranceSeconds = 5;
/** A checked token is believed again without its signature for this long at most, so that a removed key soon counts. */
const believedForMs = 60_000;
const cachedTokensMax = 5_000;
const tokenLengthMax = 8_192;
const keyFileReadEveryMs = 30_000;

export interface TokenRules {
  readonly jwks: JwksSource;
  readonly issuer: string;
  readonly audience: string;
}

export interface Verifier {
  /** The caller, at once if this very token was checked a moment ago. Throws problem 401, or 503 without keys. */
  verify(authorization: string | undefined): Caller | Promise<Caller>;
}

const scopeClaim = z.array(z.string()).default([]);
const claimsSchema = z.object({
  sub: z.string().min(1),
  exp: z.number(),
  roles: z.array(z.string()),
  programs: scopeClaim,
  chains: scopeClaim,
  stores: scopeClaim,
  partner: z.string().optional(),
  member: z.string().optional(),
  account: z.string().optional(),
});
type Claims = z.output<typeof claimsSchema>;

const isRole = (role: string): role is Role => roles.some((known) => known === role);
const scope = (claim: readonly string[]): Scope => (claim.includes('*') ? '*' : claim);

const callerOf = ({ sub, partner, member, account, ...claims }: Claims): Caller => ({
  subject: sub,
  roles: claims.roles.filter(isRole),
  programs: scope(claims.programs),
  chains: scope(claims.chains),
  stores: scope(claims.stores),
  ...(partner === undefined ? {} : { partner }),
  ...(member === undefined ? {} : { member }),
  ...(account === undefined ? {} : { account }),
});

const unauthorized = (type: string, detail: string): ProblemException =>
  problem({ status: 401, type, title: 'A valid bearer token is needed', detail });

const explain = (error: unknown): ProblemException => {
  if (error instanceof errors.JWTExpired)
    return unauthorized('token-expired', 'The token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthorized(
      'token-invalid',
      `The token's claim ${error.claim} is not as it should be.`,
    );
  }
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return problem({
      status: 503,
      type: 'keys-unavailable',
      title: 'Tokens cannot be checked now',
      retryAfterSeconds: 5,
    });
  }
  return unauthorized('token-invalid', 'The token is malformed or not signed by a known key.');
};

/** Checks bearer tokens. Rejects at once when keys given inline or by file cannot be read. */
export const createVerifier = async (rules: TokenRules): Promise<Verifier> => {
  const keys = await keySet(rules.jwks);
  const checked = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();

  const check = async (token: string): Promise<Caller> => {
    let payload: unknown;
    try {
      const verified = await jwtVerify(token, keys, {
        algorithms,
        issuer: rules.issuer,
        audience: rules.audience,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'exp'],
      });
      payload = verified.payload;
    } catch (error) {
      throw explain(error);
    }
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) {
      const names = [...new Set(claims.error.issues.map((issue) => String(issue.path[0])))];
      throw unauthorized(
        'token-claims-malformed',
        `The token's claims are malformed: ${names.join(', ')}.`,
      );
    }
    const caller = callerOf(claims.data);
    const untilMs = Math.min(claims.data.exp * 1000, Date.now() + believedForMs);
    if (checked.size >= cachedTokensMax) checked.delete(checked.keys().next().value ?? '');
    checked.set(token, { caller, untilMs });
    return caller;
  };

  return {
    verify: (authorization) => {
      const token = bearer(authorization);
      const known = checked.get(token);
      if (known !== undefined) {
        if (known.untilMs > Date.now()) return known.caller;
        checked.delete(token);
      }
      return check(token);
    },
  };
};

const bearer = (authorization: string | undefined): string => {
  if (authorization === undefined) {
    throw unauthorized('token-missing', 'Send the header Authorization: Bearer <token>.');
  }
  const token = /^Bearer +([\w~+/.-]+=*)$/i.exec(authorization)?.[1];
  if (token === undefined || token.length > tokenLengthMax) {
    throw unauthorized('token-invalid', 'The header Authorization is not a bearer token.');
  }
  return token;
};

const keySet = async (source: JwksSource): Promise<JWTVerifyGetKey> => {
  switch (source.kind) {
    case 'inline':
      return createLocalJWKSet(parseKeySet(source.json));
    case 'url':
      return createRemoteJWKSet(new URL(source.url), {
        timeoutDuration: 3_000,
        cacheMaxAge: 600_000,
      });
    case 'file':
      return keySetOfFile(source.path);
  }
};

/** Keys of a file that may be replaced while we run: read again when a key is not in it, but not more often than twice a minute. */
const keySetOfFile = async (path: string): Promise<JWTVerifyGetKey> => {
  const read = async () => createLocalJWKSet(parseKeySet(await readFile(path, 'utf8')));
  let keys = await read();
  let readAtMs = Date.now();
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (
        !(error instanceof errors.JWKSNoMatchingKey) ||
        Date.now() - readAtMs < keyFileReadEveryMs
      )
        throw error;
      readAtMs = Date.now();
      keys = await read();
      return keys(header, token);
    }
  };
};

const jwk = z.looseObject({ kty: z.string() });
const parseKeySet = (json: string): JSONWebKeySet =>
  z.object({ keys: z.array(jwk) }).parse(JSON.parse(json));

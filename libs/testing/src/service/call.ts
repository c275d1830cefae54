import { problemType, type LocalIssuer, type TokenClaims } from '@tallystick/service-host';
import { z } from 'zod';

export interface Response {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** The problem's type without its `urn:…:problem:`; undefined: no problem. */
  readonly problem: string | undefined;
  /** The fields at fault, if any. */
  readonly fields: readonly string[];
}

export interface Call {
  /** A value is sent as JSON; bytes and text as they are. */
  readonly body?: unknown;
  /** Who calls: by default the manager; null: nobody that is known. */
  readonly as?: TokenClaims | null;
  /** The Idempotency-Key. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Caller = (method: string, path: string, call?: Call) => Promise<Response>;

export const manager: TokenClaims = { sub: 'maria', roles: ['manager'], programs: ['*'] };

const problemBody = z.looseObject({
  type: z.string().startsWith(problemType('')),
  title: z.string(),
  status: z.int(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).default([]),
});

const responseOf = async (response: globalThis.Response): Promise<Response> => {
  const { status, headers } = response;
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const problem = status >= 400 ? problemBody.parse(body) : undefined;
  return {
    status,
    headers,
    body,
    problem: problem?.type.slice(problemType('').length),
    fields: problem?.errors.map(({ field }) => field) ?? [],
  };
};

/** Calls the service at `url`, with tokens of `issuer`. */
export const callerOf =
  (url: string, issuer: LocalIssuer): Caller =>
  async (method, path, { body, as = manager, key, headers } = {}) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${await issuer.token(as)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    });
    return responseOf(response);
  };

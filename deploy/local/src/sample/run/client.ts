import pRetry from 'p-retry';
import { z } from 'zod';
import type { ServiceName } from '@tallystick/contracts';
import type { TokenClaims } from '@tallystick/service-host';
import type { LocalSystem } from '../../system/local-system.js';

/** Every request of the sample is safe to repeat: facts have ids of their own, commands an Idempotency-Key. */
const retriesMax = 8;
const firstRetryMs = 100;
const longestRetryMs = 3_000;
const answerWithinMs = 120_000;
const tokenRenewedAfterMs = 30 * 60_000;

export interface Call<T> {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON text, as it is to be sent (and signed). */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answer only when the service has heard of everything up to this position of the store. */
  readonly after?: bigint;
  /** What a success must look like. */
  readonly answer: z.ZodType<T>;
}

export type Reply<T> =
  | {
      readonly ok: true;
      readonly status: number;
      readonly value: T;
      /** Where in the store's order this write ended; null for what wrote nothing. */
      readonly position: bigint | null;
    }
  | {
      readonly ok: false;
      readonly status: number;
      readonly type: string;
      readonly message: string;
    };

/** Talks to the services as a shop, its head office and its partner do: over HTTP, with a bearer token. */
export interface Client {
  /** The service's answer or refusal; waits and tries again while a service is away. */
  call<T>(call: Call<T>): Promise<Reply<T>>;
  /** The same where a refusal would be a fault: throws it. */
  expect<T>(call: Call<T>): Promise<Extract<Reply<T>, { ok: true }>>;
}

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  detail: z.string().optional(),
});

/** The service is away, or not caught up, and may be back. */
class Away extends Error {}

export const createClient = (
  system: Pick<LocalSystem, 'urls' | 'tokenFor'>,
  claims: TokenClaims,
  signal: AbortSignal,
): Client => {
  let token: { readonly text: string; readonly madeAt: number } | undefined;
  const bearer = async (): Promise<string> => {
    if (token === undefined || performance.now() - token.madeAt > tokenRenewedAfterMs) {
      token = { text: await system.tokenFor(claims), madeAt: performance.now() };
    }
    return token.text;
  };

  const once = async <T>(call: Call<T>): Promise<Reply<T>> => {
    const { service, method, path, body, after } = call;
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, system.urls[service]), {
        method,
        headers: {
          authorization: `Bearer ${await bearer()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(after === undefined ? {} : { 'tallystick-after': String(after) }),
          ...call.headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
      });
      text = await response.text();
    } catch (cause) {
      signal.throwIfAborted();
      throw new Away(`${service} does not answer`, { cause });
    }
    const { status } = response;
    const value = jsonOf(text);
    if (status >= 200 && status < 300) {
      const position = response.headers.get('tallystick-position');
      return {
        ok: true,
        status,
        value: call.answer.parse(value),
        position: position === null ? null : BigInt(position),
      };
    }
    const { type, title, detail } = problem
      .catch({ type: 'none', title: `status ${status}` })
      .parse(value);
    const message = `${service} answers ${method} ${path}: ${title}${detail === undefined ? '' : `. ${detail}`}`;
    if (status === 503 || status === 429) throw new Away(message);
    return { ok: false, status, type: type.slice(type.lastIndexOf(':') + 1), message };
  };

  const call = async <T>(request: Call<T>): Promise<Reply<T>> =>
    await pRetry(() => once(request), {
      retries: retriesMax,
      minTimeout: firstRetryMs,
      maxTimeout: longestRetryMs,
      signal,
      shouldRetry: ({ error }) => error instanceof Away,
    });
  return {
    call,
    expect: async (request) => {
      const reply = await call(request);
      if (!reply.ok) throw new Error(reply.message);
      return reply;
    },
  };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

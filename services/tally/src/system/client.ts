import pRetry, { type RetryContext } from 'p-retry';
import type { z } from 'zod';
import type { ServiceName } from '@tallystick/contracts';
import { err, ok, type Result } from '@tallystick/kernel';
import { exitCodes, Failure } from '../exit-codes.js';
import { causesOf, codeOf, messageOf } from '../thrown.js';
import { problemOf, type Problem } from './problem.js';

/** Every request is safe to repeat: a fact has an id of its own, a command its Idempotency-Key, and PUT and DELETE change nothing the second time. */
const retriesMax = 10;
const firstRetryMs = 250;
const longestRetryMs = 10_000;
/** A batch on a busy machine takes seconds; one that takes this long is not being worked on. */
const answerWithinMs = 300_000;

export interface Request<T> {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a success must look like. */
  readonly answer: z.ZodType<T>;
  /** Whether an answer says to try again, though not by its status. */
  readonly isForLater?: (answer: Result<T, Problem>) => boolean;
}

export interface Answered<T> {
  readonly status: number;
  readonly value: T;
}

export interface Client {
  /** An answer or the service's refusal. Throws `Failure` when the service stays away. */
  call<T>(request: Request<T>): Promise<Result<Answered<T>, Problem>>;
}

export interface ClientOptions {
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly token: () => Promise<string>;
  readonly signal: AbortSignal;
  /** Told each time before the client waits and tries again. */
  readonly onRetry: (message: string) => void;
  /** W3C trace context that every request names. */
  readonly traceparent?: string;
  /** Waiting between tries, times this; tests set it to 0. */
  readonly patience?: number;
}

/** Someone who is away now and may be back: another try is worth it. */
class Away extends Error {}

export const createClient = (options: ClientOptions): Client => {
  const { urls, token, signal, onRetry, traceparent, patience = 1 } = options;

  const once = async <T>(request: Request<T>): Promise<Result<Answered<T>, Problem>> => {
    const { service, method, path, body } = request;
    const authorization = `Bearer ${await token()}`;
    let status: number;
    let text: string;
    try {
      const response = await fetch(new URL(path, urls[service]), {
        method,
        headers: {
          authorization,
          accept: 'application/json, application/problem+json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(traceparent === undefined ? {} : { traceparent }),
          ...request.headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      throw new Away(reasonOf(error));
    }
    const value = parseJson(text);
    if (status === 429 || status === 502 || status === 503 || status === 504) {
      const problem = problemOf(status, value);
      // The views do not come back by waiting: the answer says what to do.
      if (problem.type === 'views-missing') return err(problem);
      throw new Away(problem.message);
    }
    const result =
      status < 200 || status > 299 ? err(problemOf(status, value)) : ok(decode(request, value));
    if (request.isForLater?.(result) === true)
      throw new Away(result.ok ? 'part of the batch was not taken' : result.error.message);
    return result.ok ? ok({ status, value: result.value }) : result;
  };

  return {
    call: async (request) => {
      try {
        return await pRetry(() => once(request), {
          retries: retriesMax,
          minTimeout: firstRetryMs * patience,
          maxTimeout: longestRetryMs * patience,
          factor: 2,
          signal,
          shouldRetry: ({ error }: RetryContext) => error instanceof Away,
          onFailedAttempt: ({ error, attemptNumber, retriesLeft }: RetryContext) => {
            if (!(error instanceof Away) || retriesLeft === 0) return;
            onRetry(
              `${request.service} does not answer (${error.message}); try ${attemptNumber + 1} of ${retriesMax + 1}`,
            );
          },
        });
      } catch (error) {
        if (!(error instanceof Away)) throw error;
        throw new Failure(
          exitCodes.unreachable,
          `${request.service} at ${urls[request.service]} does not answer: ${error.message}`,
        );
      }
    },
  };
};

/** A success's body. One that is not as we know it means that the service is of another release. */
const decode = <T>({ service, method, path, answer }: Request<T>, body: unknown): T => {
  const parsed = answer.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(
    exitCodes.failed,
    `${service} answers ${method} ${path.split('?')[0] ?? ''} in a form that this tally does not know: ` +
      `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'host not found now',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
};

/** fetch says only "fetch failed"; what happened is in the cause. */
const reasonOf = (error: unknown): string => {
  for (const cause of causesOf(error)) {
    const reason = reasons[codeOf(cause) ?? ''];
    if (reason !== undefined) return reason;
    if (cause instanceof DOMException && cause.name === 'TimeoutError') return 'no answer in time';
  }
  return messageOf(error);
};

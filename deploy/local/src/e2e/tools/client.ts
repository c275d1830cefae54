import type { ServiceName } from '@tallystick/contracts';
import type { TokenClaims } from '@tallystick/service-host';

/** What a test needs to know of a system that it talks to. */
export interface Reachable {
  readonly urls: Readonly<Record<ServiceName, string>>;
  tokenFor(claims: TokenClaims): Promise<string>;
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answer only when everything up to this position of the store has been heard. */
  readonly after?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  /** `Tallystick-Position`. */
  readonly position: string | undefined;
}

/** Asks the services as one caller. Takes every answer as it comes, and tries nothing again but what is not caught up. */
export type Client = (service: ServiceName, path: string, ask?: Ask) => Promise<Answer>;

const answerWithinMs = 180_000;

export const everywhere = { programs: ['*'], chains: ['*'], stores: ['*'] } as const;

/** A client with a token of these claims; null: without one. */
export const clientOf = async (system: Reachable, claims: TokenClaims | null): Promise<Client> => {
  const token = claims === null ? null : await system.tokenFor(claims);
  return async (service, path, ask = {}) => {
    const { method = ask.body === undefined ? 'GET' : 'POST', body, headers, after } = ask;
    const response = await fetch(new URL(path, system.urls[service]), {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(after === undefined ? {} : { 'tallystick-after': after }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
      position: response.headers.get('tallystick-position') ?? undefined,
    };
  };
};

/** What lies at a path in an answer; undefined when there is nothing. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined,
    value,
  );

export const textAt = (value: unknown, ...path: readonly (string | number)[]): string => {
  const found = at(value, ...path);
  if (typeof found === 'string') return found;
  throw new Error(`no text at ${path.join('.')} of ${shown(value)}`);
};

export const numberAt = (value: unknown, ...path: readonly (string | number)[]): number => {
  const found = at(value, ...path);
  if (typeof found === 'number') return found;
  throw new Error(`no number at ${path.join('.')} of ${shown(value)}`);
};

export const listAt = (value: unknown, ...path: readonly (string | number)[]): unknown[] => {
  const found = at(value, ...path);
  if (Array.isArray(found)) return found;
  throw new Error(`no list at ${path.join('.')} of ${shown(value)}`);
};

const shown = (value: unknown): string => JSON.stringify({ value }).slice(0, 500);

/** The end of a problem's type: `insufficient-points`; undefined when the answer is no problem. */
export const problemOf = (answer: Answer): string | undefined => {
  const type = at(answer.body, 'type');
  return answer.status >= 400 && typeof type === 'string'
    ? type.slice(type.lastIndexOf(':') + 1)
    : undefined;
};

/** The answer, if it has this status; throws with all that it says otherwise. */
export const expected = (answer: Answer, ...statuses: readonly number[]): Answer => {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`status ${answer.status}, not ${statuses.join(' or ')}: ${shown(answer.body)}`);
};

/** Two managers take a version all the way: one writes and proposes it, the other approves it. The answer to the approval. */
export const publishVersion = async (system: Reachable, document: string): Promise<Answer> => {
  const as = (sub: string) => clientOf(system, { sub, roles: ['manager'], ...everywhere });
  const [first, second] = [await as('head-office'), await as('branch-office')];
  const { body } = expected(
    await first('accrual', '/v1/programs', { body: { document } }),
    ...[200, 201],
  );
  const asked = { body: { hash: textAt(body, 'hash') } };
  const steps = `/v1/programs/${textAt(body, 'program')}/versions/${numberAt(body, 'version')}`;
  expected(await first('accrual', `${steps}/proposals`, asked), 200, 201);
  return expected(await second('accrual', `${steps}/approvals`, asked), 200, 201);
};

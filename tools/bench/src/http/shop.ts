import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ServiceName } from '@tallystick/contracts';
import { localIssuer, makeSigningKey } from '@tallystick/service-host';
import { startChild, type Child } from '../harness/child.js';
import type { BenchDatabase } from '../harness/server.js';
import type { Load, Loaded, ToServices } from './messages.js';
import { cardOf, receiptBody, rulebookOf } from './requests.js';

const batchMax = 1_000;
const caughtUpWithinMs = 60_000;
export const program = 'bench';
export const budgeted = 'bench-budgeted';
const funds = '1000000.00';

const loaded = z.object({
  seconds: z.number(),
  points: z.number(),
  latencyMs: z.object({ p50: z.number(), p99: z.number() }),
});
const started = z.object({ urls: z.record(z.string(), z.string()) });

/** A service as it is measured: in a process of its own, with members that it knows, and callers in another process. */
export interface Shop {
  load(
    path: string,
    work: Pick<Load, 'first' | 'count' | 'status' | 'body'> & Partial<Pick<Load, 'program'>>,
  ): Promise<Loaded>;
  /** The services' process. */
  readonly pid: number;
  close(): Promise<void>;
}

interface Prepared {
  readonly urls: Readonly<Record<string, string>>;
  readonly token: string;
  /** Of somebody else: two people sign a rulebook. */
  readonly secondToken: string;
}

export interface ShopOptions {
  readonly cards: number;
  readonly callers: number;
  /** The budget that pays for the points of a second programme, which has the same cards: `budgeted`. */
  readonly budget?: string;
  /** More of the services' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How accrual is started again once its members are there; default: it goes on as it is. */
  readonly accrual?: Start['accrual'];
}
type Start = Extract<ToServices, { kind: 'start' }>;

/** Publishes a programme and enrols `cards` members, through the front doors; with `funded`, each gets a million points and more. */
export const openShop = async (
  { url }: BenchDatabase,
  measured: 'accrual' | 'redemption',
  { cards, callers, budget, env = {}, accrual }: ShopOptions,
): Promise<Shop> => {
  const issuer = await localIssuer(await makeSigningKey());
  const everywhere = { programs: ['*'], chains: ['*'], stores: ['*'] };
  const token = await issuer.token({ sub: 'till-1', roles: ['manager', 'store'], ...everywhere });
  const secondToken = await issuer.token({ sub: 'office', roles: ['manager'], ...everywhere });
  const own = (service: ServiceName): Record<string, string> => {
    const role = new URL(url);
    role.username = `tallystick_${service}`;
    // The same as in the tests of services: beside them on one server, a role has one password.
    role.password = 'a-password-for-tests';
    return {
      TALLYSTICK_DATABASE_URL: role.href,
      TALLYSTICK_ADMIN_DATABASE_URL: url,
      TALLYSTICK_AUTH_JWKS: issuer.jwks,
      TALLYSTICK_CARD_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
      TALLYSTICK_MASTER_KEY: Buffer.alloc(32, 2).toString('base64'),
      TALLYSTICK_HTTP_PORT: '0',
      TALLYSTICK_LOG_LEVEL: 'warn',
      ...env,
    };
  };
  const process = startChild<ToServices, unknown>(
    new URL('./services-process.js', import.meta.url),
    (message) => message,
  );
  const callersProcess: Child<Load, Loaded> = startChild(
    new URL('./load-process.js', import.meta.url),
    (message) => loaded.parse(message),
  );
  const close = async (): Promise<void> => {
    await Promise.all([process.end(), callersProcess.end()]);
  };
  try {
    const services: ServiceName[] =
      measured === 'accrual' ? ['accrual', 'enrollment'] : ['accrual', 'enrollment', 'redemption'];
    const { urls } = started.parse(
      await process.ask({
        kind: 'start',
        services,
        env: Object.fromEntries(services.map((service) => [service, own(service)])),
      }),
    );
    const prepared = { urls, token, secondToken };
    await prepare(prepared, measured, cards, { program });
    if (budget !== undefined)
      await prepare(prepared, measured, cards, { program: budgeted, budget });
    for (const service of services) {
      if (service !== measured) await process.ask({ kind: 'stop', service });
    }
    if (accrual !== undefined) {
      await process.ask({ kind: 'stop', service: 'accrual' });
      await process.ask({
        ...{ kind: 'start', services: ['accrual'], accrual },
        env: { accrual: own('accrual') },
      });
    }
    return {
      pid: process.pid,
      load: (path, work) =>
        callersProcess.ask({
          ...{ url: urls[measured] ?? '', path, token, program, cards, callers },
          ...work,
        }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const drafted = z.looseObject({ hash: z.string() });
const position = z.looseObject({ position: z.string().nullable() });

const prepare = async (
  prepared: Prepared,
  measured: 'accrual' | 'redemption',
  cards: number,
  { program, budget }: { readonly program: string; readonly budget?: string },
): Promise<void> => {
  const document = rulebookOf(program, budget);
  const { hash } = drafted.parse(await post(prepared, 'accrual', '/v1/programs', { document }));
  const steps = `/v1/programs/${program}/versions/1`;
  await post(prepared, 'accrual', `${steps}/proposals`, { hash });
  const second = { ...prepared, token: prepared.secondToken };
  const published = await post(second, 'accrual', `${steps}/approvals`, { hash });
  let after = position.parse(published).position ?? '0';
  for (let from = 0; from < cards; from += batchMax) {
    const numbers = Array.from({ length: Math.min(batchMax, cards - from) }, (_, i) => from + i);
    const enrolled = await post(
      prepared,
      'enrollment',
      '/v1/members/batch',
      {
        program,
        items: numbers.map((number) => ({
          key: `member-${number}`,
          cards: [cardOf(number)],
          from: '2025-01-01T00:00:00Z',
        })),
      },
      after,
    );
    after = position.parse(enrolled).position ?? after;
  }
  if (measured === 'redemption') {
    for (let from = 0; from < cards; from += batchMax) {
      const numbers = Array.from({ length: Math.min(batchMax, cards - from) }, (_, i) => from + i);
      const receipts = numbers.map((number) => receiptBody(program, cardOf(number), number, funds));
      await post(prepared, 'accrual', '/v1/receipts/batch', { receipts }, after);
    }
  }
  // Whoever answers this has heard of every member.
  const last = cardOf(cards - 1);
  if (measured === 'accrual') {
    await post(prepared, measured, '/v1/receipts', receiptBody(program, last, cards), after);
  } else {
    await post(prepared, measured, '/v1/redemptions/quote', { program, card: last }, after);
  }
};

/** Sends until it is answered: a service may not have caught up yet. */
const post = async (
  { urls, token }: Pick<Prepared, 'urls' | 'token'>,
  service: ServiceName,
  path: string,
  body: unknown,
  after?: string,
): Promise<unknown> => {
  const deadline = Date.now() + caughtUpWithinMs;
  for (;;) {
    const response = await fetch(`${urls[service]}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(after === undefined ? {} : { 'tallystick-after': after }),
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    if (response.status !== 503 || Date.now() > deadline)
      throw new Error(`${service} answers ${path}: ${response.status} ${text}`);
    await sleep(200);
  }
};

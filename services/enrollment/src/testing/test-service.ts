import { pino } from 'pino';
import { z } from 'zod';
import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import { createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import { createPool, type Database } from '@tallystick/postgres';
import {
  localIssuer,
  makeSigningKey,
  problemType,
  startService,
  type LocalIssuer,
  type RunningService,
  type ServiceDefinition,
  type TokenClaims,
} from '@tallystick/service-host';

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

export interface Call {
  /** A value is sent as JSON; bytes and text as they are. */
  readonly body?: unknown;
  readonly as?: TokenClaims | null;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A service under test: its own process's worth of application, and the test's own eyes on database, store and bus. */
export interface TestService {
  readonly url: string;
  readonly db: Database;
  readonly store: EventStore;
  readonly bus: MessageBus;
  /** Everything that it has logged, at level trace. */
  readonly logs: () => string;
  readonly call: (method: string, path: string, call?: Call) => Promise<Response>;
  /** Waits until the relay has published what the store holds, and the service has heard what is for it. */
  readonly caughtUp: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const manager: TokenClaims = { sub: 'maria', roles: ['manager'], programs: ['*'] };

/** What the services of one deployment have in common. Made once for a test file. */
export interface Deployment {
  readonly issuer: LocalIssuer;
  readonly env: Readonly<Record<string, string>>;
  readonly adminUrl: string;
}

export const testDeployment = async (adminUrl: string): Promise<Deployment> => {
  const issuer = await localIssuer(await makeSigningKey());
  return {
    issuer,
    adminUrl,
    env: {
      TALLYSTICK_ADMIN_DATABASE_URL: adminUrl,
      TALLYSTICK_AUTH_JWKS: issuer.jwks,
      TALLYSTICK_CARD_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
      TALLYSTICK_MASTER_KEY: Buffer.alloc(32, 2).toString('base64'),
      TALLYSTICK_HTTP_PORT: '0',
      TALLYSTICK_LOG_LEVEL: 'trace',
    },
  };
};

const ownUrl = (adminUrl: string, service: string): string => {
  const url = new URL(adminUrl);
  url.username = `tallystick_${service}`;
  url.password = 'a-password-for-tests';
  return url.href;
};

export const startTestService = async (
  definition: ServiceDefinition,
  deployment: Deployment,
  options: {
    readonly clock?: Clock;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestService> => {
  const { adminUrl, issuer } = deployment;
  const lines: string[] = [];
  const service: RunningService = await startService(
    // It runs the relay too; of several that do, one publishes and the others stand by.
    { ...definition, relay: true },
    {
      ...deployment.env,
      TALLYSTICK_DATABASE_URL: ownUrl(adminUrl, definition.name),
      ...options.env,
    },
    {
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    },
  );
  const { url } = service;
  if (url === undefined) throw new Error('the service does not listen');
  const db = createPool(adminUrl, { max: 4, searchPath: definition.name });
  const store = createPostgresEventStore({ db: adminUrl });
  const bus = createPostgresMessageBus({ url: adminUrl });

  const call: TestService['call'] = async (
    method,
    path,
    { body, as = manager, key, headers } = {},
  ) => {
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

  return {
    url,
    db,
    store,
    bus,
    logs: () => lines.join(''),
    call,
    caughtUp: async () => {
      const after = (await store.head()).toString();
      const { status } = await call('GET', '/v1/members/none/none', {
        headers: { 'tallystick-after': after },
      });
      if (status !== 404) throw new Error(`waiting for the relay was answered ${status}`);
    },
    close: async () => {
      await service.close();
      await db.end();
      await store.close();
      await bus.close();
    },
  };
};

/** Every row of every table of the database, as text; bytes in hex. To look for what must be nowhere. */
export const everyRow = async (db: Database): Promise<string> => {
  const tables = await db.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const rows: string[] = [];
  for (const { name } of z.array(z.object({ name: z.string() })).parse(tables.rows)) {
    const found = await db.query(`select t::text as row from ${name} t`);
    for (const { row } of z.array(z.object({ row: z.string() })).parse(found.rows))
      rows.push(`${name} ${row}`);
  }
  return rows.join('\n');
};

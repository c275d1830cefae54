import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createPostgresEventStore } from '@tallystick/event-store';
import { createPool } from '@tallystick/postgres';
import {
  localIssuer,
  makeSigningKey,
  startService,
  type RunningService,
  type TokenClaims,
} from '@tallystick/service-host';
import { replayReport } from '../replay/report.js';
import { reporting } from '../service.js';
import { Shop } from './shop.js';

/** An empty database, as its server's superuser. */
export interface GivenDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export interface Asked {
  readonly token?: string;
  /** Sent as JSON, by POST. */
  readonly body?: unknown;
  /** The header Tallystick-After; default: the store's head. */
  readonly after?: bigint | null;
}

const opsClaims: TokenClaims = {
  sub: 'o',
  roles: ['ops', 'auditor', 'manager'],
  programs: ['*'],
};

const replayJob = z.object({
  status: z.string(),
  events: z.int(),
  problem: z.string().nullable(),
  caughtUp: z.boolean().nullable(),
  equal: z.boolean().nullable(),
  rebuilt: z.boolean().nullable(),
  views: replayReport.shape.views,
});
export type ReplayJob = z.output<typeof replayJob>;

/** A reporting service with a relay, under a role of its own on a database of its own, and a shop beside it. */
export const startReporting = async (database: GivenDatabase) => {
  const role = `reporting_${randomBytes(6).toString('hex')}`;
  const serviceUrl = new URL(database.url);
  serviceUrl.username = role;
  serviceUrl.password = randomBytes(12).toString('hex');
  const issuer = await localIssuer(await makeSigningKey());
  const env = {
    TALLYSTICK_DATABASE_URL: serviceUrl.href,
    TALLYSTICK_ADMIN_DATABASE_URL: database.url,
    TALLYSTICK_HTTP_PORT: '0',
    TALLYSTICK_LOG_LEVEL: 'silent',
    TALLYSTICK_AUTH_JWKS: issuer.jwks,
  };
  const start = (): Promise<RunningService> => startService({ ...reporting, relay: true }, env);
  let service: RunningService | undefined = await start();
  const store = createPostgresEventStore({ db: database.url });
  const admin = createPool(database.url, { max: 2, searchPath: 'reporting' });
  const ops = await issuer.token(opsClaims);

  const ask = async (path: string, { token = ops, body, after }: Asked = {}) => {
    const position = after === undefined ? await store.head() : after;
    const response = await fetch(`${service?.url ?? 'stopped:'}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(position === null ? {} : { 'tallystick-after': position.toString() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    return { status: response.status, body: z.record(z.string(), z.unknown()).parse(answer) };
  };

  /** How a replay is, without waiting for it. */
  const job = async (replay: string): Promise<ReplayJob> =>
    replayJob.parse((await ask(`/v1/replays/${replay}`, { after: null })).body);
  const begin = async (body: { readonly rebuild?: boolean } = {}): Promise<string> => {
    const { status, body: answer } = await ask('/v1/replays', { body, after: null });
    if (status !== 202) throw new Error(`the replay was refused: ${JSON.stringify(answer)}`);
    return z.uuid().parse(answer['replay']);
  };

  return {
    env,
    issuer,
    store,
    admin,
    shop: new Shop(store),
    ask,
    begin,
    job,
    /** Runs a replay to its end. */
    replay: async (body: { readonly rebuild?: boolean } = {}): Promise<ReplayJob> => {
      const replay = await begin(body);
      for (;;) {
        const found = await job(replay);
        if (found.status !== 'running') return found;
        await sleep(50);
      }
    },
    stop: async () => {
      await service?.close();
      service = undefined;
    },
    startAgain: async () => {
      service = await start();
    },
    end: async () => {
      await service?.close();
      await store.close();
      await admin.end();
      await database.drop();
      const server = createPool(database.url.replace(/\/[^/]*$/, '/postgres'), { max: 1 });
      await server.query(`drop role if exists ${role}`);
      await server.end();
    },
  };
};
export type Reporting = Awaited<ReturnType<typeof startReporting>>;

import { randomBytes } from 'node:crypto';
import { createPool } from '@tallystick/postgres';
import {
  localIssuer,
  makeSigningKey,
  startService,
  type LocalIssuer,
  type RunningService,
} from '../index.js';
import { createLog, type Log } from '../log.js';
import { till } from './till.js';
import type { ServiceDefinition, StartOptions } from '../service.js';

export interface Till {
  readonly service: RunningService;
  readonly url: string;
  readonly adminUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly issuer: LocalIssuer;
  /** Every log line so far. */
  readonly lines: string[];
  readonly log: Log;
  end(): Promise<void>;
}

/** An empty database, as its server's superuser. */
export interface GivenDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A till service on a database and under a role of its own; the database goes with it. */
export const startTill = async (
  database: GivenDatabase,
  definition: ServiceDefinition = till,
  options: StartOptions = {},
  more: Readonly<Record<string, string>> = {},
): Promise<Till> => {
  const role = `till_${randomBytes(6).toString('hex')}`;
  const url = new URL(database.url);
  url.username = role;
  url.password = randomBytes(12).toString('hex');
  const issuer = await localIssuer(await makeSigningKey());
  const env = {
    TALLYSTICK_DATABASE_URL: url.href,
    TALLYSTICK_ADMIN_DATABASE_URL: database.url,
    TALLYSTICK_HTTP_PORT: '0',
    TALLYSTICK_AUTH_JWKS: issuer.jwks,
    TALLYSTICK_CARD_TOKEN_KEY: randomBytes(32).toString('base64'),
    TALLYSTICK_SHOP: 'corner',
    ...more,
  };
  const lines: string[] = [];
  const log = createLog(definition.name, 'debug', { write: (line) => void lines.push(line) });
  const drop = async (): Promise<void> => {
    await database.drop();
    const server = createPool(database.url.replace(/\/[^/]*$/, '/postgres'), { max: 1 });
    // What a failed start leaves of the role goes with the test's server.
    await server.query(`drop role if exists ${role}`).catch(() => undefined);
    await server.end();
  };
  try {
    const service = await startService(definition, env, { log, ...options });
    return {
      service,
      url: service.url ?? '',
      adminUrl: database.url,
      env,
      issuer,
      lines,
      log,
      end: async () => {
        await service.close();
        await drop();
      },
    };
  } catch (error) {
    await drop();
    throw error;
  }
};

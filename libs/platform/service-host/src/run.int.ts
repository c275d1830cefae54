import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import type { Environment } from './config.js';
import { runService } from './run.js';
import { ask } from './test-service/ask.js';
import { startTill, type Till } from './test-service/start-till.js';
import { slowMs, till as definition } from './test-service/till.js';
import { until } from './test-service/until.js';

class Surroundings extends EventEmitter {
  readonly exits: number[] = [];
  said = '';
  readonly stderr = { write: (text: string) => (this.said += text) };
  constructor(readonly env: Environment) {
    super();
  }
  exit(code: number): void {
    this.exits.push(code);
  }
}

/** The environment of a till on a database that is provisioned, and a port that was free. */
const withTill = async (
  work: (env: Environment, url: string, till: Till) => Promise<void>,
): Promise<void> => {
  const till = await startTill(await testDatabase());
  try {
    await till.service.close();
    const port = new URL(till.url).port;
    const env = { ...till.env, TALLYSTICK_HTTP_PORT: port, TALLYSTICK_LOG_LEVEL: 'silent' };
    await work(env, till.url, till);
  } finally {
    await till.end();
  }
};

describe('the process of a service', () => {
  it('says plainly what is wrong with its environment, and ends with 78', async () => {
    const surroundings = new Surroundings({ TALLYSTICK_HTTP_PORT: 'x' });
    await runService(definition, surroundings);
    expect(surroundings.exits).toEqual([78]);
    expect(surroundings.said).toContain('\n  TALLYSTICK_HTTP_PORT is wrong: expected a port');
    expect(surroundings.said).not.toMatch(/^\s+at /m);
  });

  it('finishes what is in hand on SIGTERM and ends with 0; a second signal ends it at once', async () => {
    await withTill(async (env, url, { issuer }) => {
      const surroundings = new Surroundings(env);
      await runService(definition, surroundings);
      const token = await issuer.token({ sub: 'o', roles: ['ops'] });
      const slow = ask(`${url}/v1/receipts/slow`, { token });
      await new Promise((resolve) => setTimeout(resolve, slowMs / 3));
      surroundings.emit('SIGTERM');
      expect(surroundings.exits).toEqual([]);
      surroundings.emit('SIGINT');
      expect(surroundings.exits).toEqual([1]);
      expect((await slow).status).toBe(200);
      await until('it has ended', () => surroundings.exits.length === 2);
      expect(surroundings.exits).toEqual([1, 0]);
    });
  });

  it('ends with 1, and where it happened, on any other failure', async () => {
    await withTill(async (env) => {
      const wrong = new URL(env['TALLYSTICK_DATABASE_URL'] ?? '');
      wrong.password = 'wrong-password';
      const { TALLYSTICK_ADMIN_DATABASE_URL: _, ...rest } = env;
      const surroundings = new Surroundings({ ...rest, TALLYSTICK_DATABASE_URL: wrong.href });
      await runService(definition, surroundings);
      expect(surroundings.exits).toEqual([1]);
      expect(surroundings.said).toContain('password authentication failed');
      expect(surroundings.said).not.toContain('wrong-password');
    });
  });
});

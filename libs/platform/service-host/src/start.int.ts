import { createServer } from 'node:http';
import { Controller, Get, Module } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, Verdict } from '@tallystick/message-bus';
import { createPool } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { drainTimeoutMs } from './http/limits.js';
import {
  AccessRuleMissing,
  Allow,
  ConfigError,
  startService,
  type ServiceDefinition,
} from './index.js';
import { ask } from './test-service/ask.js';
import { startTill, type Till } from './test-service/start-till.js';
import { slowMs, till as definition } from './test-service/till.js';

@Controller('/v1/receipts')
class CarelessController {
  @Get()
  @Allow('store')
  list() {
    return [];
  }
  @Get('secrets')
  secrets() {
    return ['s'];
  }
}
@Module({ controllers: [CarelessController] })
class CarelessModule {}

@Controller()
class Listens {
  @EventPattern('no-such-topic')
  handle(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    return Promise.resolve(batch.map(() => ({ kind: 'done' })));
  }
}
@Module({ controllers: [Listens] })
class ListensModule {}

describe('the start of a service', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(() => database.drop());

  /** Starts on the database, and leaves that for the test to look at. */
  const startFails = async (module: ServiceDefinition['module']) => {
    const kept = { url: database.url, drop: () => Promise.resolve() };
    try {
      await startTill(kept, { ...definition, module });
    } catch (error) {
      return error;
    }
    throw new Error('it started');
  };

  it('fails on a wrong environment, before anything is touched', async () => {
    await expect(startService(definition, { TALLYSTICK_DATABASE_URL: 'x' })).rejects.toThrow(
      ConfigError,
    );
  });

  it('fails when a handler does not say who may call it, and names it', async () => {
    const error = await startFails(CarelessModule);
    expect(error).toBeInstanceOf(AccessRuleMissing);
    expect(String(error)).toContain('CarelessController.secrets');
    expect(String(error)).not.toContain('CarelessController.list');
  });

  it('fails when a handler wants a topic that does not exist', async () => {
    expect(String(await startFails(ListensModule))).toContain('no-such-topic');
  });

  it('leaves no connection open when it fails', async () => {
    await startFails(CarelessModule);
    const db = createPool(database.url, { max: 1 });
    const { rows } = await db.query<{ application_name: string }>(
      `select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await db.end();
    expect(rows).toEqual([]);
  });

  it('fails, naming the port, when it is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const till = await startTill(database, definition, { listen: false });
    try {
      const env = { ...till.env, TALLYSTICK_HTTP_PORT: String(port) };
      const starting = startService(definition, env, { log: till.log });
      await expect(starting).rejects.toThrow(ConfigError);
      await expect(starting).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
    } finally {
      other.close();
      await till.end();
    }
  });
});

describe('the stop of a service', () => {
  let till: Till;
  let ops: string;
  beforeEach(async () => {
    till = await startTill(await testDatabase());
    ops = await till.issuer.token({ sub: 'o', roles: ['ops'] });
  });
  afterEach(() => till.end());

  it('lets a slow request end, refuses new ones, and says so in its readiness', async () => {
    const slow = ask(`${till.url}/v1/receipts/slow`, { token: ops });
    await new Promise((resolve) => setTimeout(resolve, slowMs / 3));
    const handler = createServer((request, response) => till.service.handle(request, response));
    await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve));
    const address = handler.address();
    const front = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

    const closed = till.service.close();
    await expect(ask(`${till.url}/health/accrual/live`)).rejects.toThrow('fetch failed');
    const refused = await ask(`${front}/v1/receipts/slow`, { token: ops });
    expect([refused.status, refused.type]).toEqual([503, 'stopping']);
    expect(refused.headers.get('connection')).toBe('close');
    const ready = await ask(`${front}/health/accrual/ready`);
    expect([ready.status, ready.body]).toEqual([
      503,
      expect.objectContaining({ status: 'stopping' }),
    ]);

    expect((await slow).body).toEqual({ slow: true });
    await closed;
    await new Promise((resolve) => handler.close(resolve));
  });

  it('waits for the handler, and no longer, when the caller of a request has gone away', async () => {
    const caller = new AbortController();
    const slow = ask(`${till.url}/v1/receipts/slow`, { token: ops, signal: caller.signal });
    await new Promise((resolve) => setTimeout(resolve, slowMs / 3));
    caller.abort();
    await expect(slow).rejects.toThrow('aborted');
    const startedAt = performance.now();
    await till.service.close();
    expect(performance.now() - startedAt).toBeLessThan(drainTimeoutMs / 2);
  });

  it('is the same stop however often it is asked for', async () => {
    await Promise.all([till.service.close(), till.service.close()]);
  });
});

describe('a service behind the front door of its process', () => {
  it('answers requests that another server took, and listens on no port itself', async () => {
    const till = await startTill(await testDatabase(), definition, { listen: false });
    const front = createServer((request, response) => till.service.handle(request, response));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    try {
      expect(till.service.url).toBeUndefined();
      const address = front.address();
      const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
      const token = await till.issuer.token({ sub: 'm', roles: ['manager'] });
      const answer = await ask(`${url}/v1/receipts/rules`, {
        method: 'POST',
        token,
        headers: { 'content-type': 'text/plain' },
        body: 'x'.repeat(100_000),
      });
      expect(answer.body).toEqual({ kind: 'string', length: 100_000 });
      expect((await ask(`${url}/v1/nothing`)).type).toBe('not-found');
    } finally {
      front.closeAllConnections();
      front.close();
      await till.end();
    }
  });
});

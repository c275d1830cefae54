import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import type { ServiceName } from '@tallystick/contracts';
import { z } from 'zod';
import { ConfigError, readSettings, type Environment } from './config.js';
import type { ServiceDefinition } from './service.js';

@Module({})
class Nothing {}

const service = (name: ServiceName, config?: z.ZodObject): ServiceDefinition => ({
  name,
  module: Nothing,
  migrations: [],
  summary: '',
  ...(config === undefined ? {} : { config }),
});

const key = randomBytes(32).toString('base64');
const complete: Environment = {
  TALLYSTICK_DATABASE_URL: 'postgres://role:pass-word@localhost:5432/db',
  TALLYSTICK_AUTH_JWKS: '{"keys":[{"kty":"OKP"}]}',
  TALLYSTICK_CARD_TOKEN_KEY: key,
  TALLYSTICK_MASTER_KEY: key,
};

const problemsWith = (name: ServiceName, env: Environment, config?: z.ZodObject): string => {
  try {
    readSettings(service(name, config), env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

describe('the environment of a service', () => {
  it('has defaults for all but the addresses and the secrets', () => {
    const { config, jwks, masterKeys } = readSettings(service('enrollment'), complete);
    expect(config).toEqual({
      service: 'enrollment',
      httpHost: '127.0.0.1',
      httpPort: 7401,
      logLevel: 'info',
      eventStore: 'postgres',
      bus: 'postgres',
      authIssuer: 'https://tallystick.invalid/local',
      authAudience: 'tallystick',
    });
    expect(jwks.kind).toBe('inline');
    expect(masterKeys?.current.bytes).toHaveLength(32);
    expect(masterKeys?.byId.size).toBe(1);
  });

  it('names every missing variable at once, with what is expected', () => {
    const message = problemsWith('enrollment', {});
    expect(message).toContain('enrollment cannot start');
    expect(message).toContain('TALLYSTICK_DATABASE_URL is missing: expected postgres://');
    expect(message).toContain(
      'TALLYSTICK_CARD_TOKEN_KEY is missing: expected at least 32 random bytes',
    );
    expect(message).toContain('TALLYSTICK_MASTER_KEY is missing: expected 32 random bytes');
    expect(message).toContain('TALLYSTICK_AUTH_JWKS_URL: expected exactly one of them');
  });

  it('never shows a value', () => {
    const message = problemsWith('enrollment', {
      ...complete,
      TALLYSTICK_DATABASE_URL: 'mysql://role:pass-word@localhost/db',
      TALLYSTICK_MASTER_KEY: 'c2hvcnQ=',
      TALLYSTICK_MASTER_KEYS_RETIRED: `${key},b2xkIG9uZQ==`,
      TALLYSTICK_CARD_TOKEN_KEY: 'not base64!',
      TALLYSTICK_AUTH_JWKS: '{"keys":"my-secret"}',
    });
    for (const name of [
      'DATABASE_URL',
      'MASTER_KEY',
      'MASTER_KEYS_RETIRED',
      'CARD_TOKEN_KEY',
      'AUTH_JWKS',
    ])
      expect(message).toContain(`TALLYSTICK_${name} is wrong: expected`);
    for (const secret of ['pass-word', 'c2hvcnQ', 'b2xkIG9uZQ', 'not base64', 'my-secret', key])
      expect(message).not.toContain(secret);
  });

  it.each([
    ['TALLYSTICK_HTTP_PORT', '65536'],
    ['TALLYSTICK_HTTP_PORT', 'http'],
    ['TALLYSTICK_LOG_LEVEL', 'loud'],
    ['TALLYSTICK_EVENT_STORE', 'floppy'],
    ['TALLYSTICK_EVENTSTORE_URL', 'http://localhost:2113'],
    ['TALLYSTICK_BUS', 'pigeons'],
    ['TALLYSTICK_ADMIN_DATABASE_URL', 'localhost'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsWith('accrual', { ...complete, [name]: value })).toContain(`${name} is wrong`);
  });

  it('wants the address of an EventStoreDB where that is the event store, and does not show it', () => {
    const env = { ...complete, TALLYSTICK_EVENT_STORE: 'eventstoredb' };
    expect(problemsWith('accrual', env)).toContain(
      'TALLYSTICK_EVENTSTORE_URL is missing: expected esdb://',
    );
    const url = 'esdb://admin:pass-word@a:2113,b:2113?tls=true';
    const settings = readSettings(service('accrual'), { ...env, TALLYSTICK_EVENTSTORE_URL: url });
    expect(settings.eventStoreUrl).toBe(url);
    expect(settings.config.eventStore).toBe('eventstoredb');
    expect(JSON.stringify(settings.config)).not.toContain('pass-word');
    const wrong = { ...env, TALLYSTICK_EVENTSTORE_URL: url.replace('esdb', 'kurrent') };
    expect(problemsWith('accrual', wrong)).toContain('TALLYSTICK_EVENTSTORE_URL is wrong');
    expect(problemsWith('accrual', wrong)).not.toContain('pass-word');
  });

  it('takes an empty variable as one that is not set', () => {
    const env = { ...complete, TALLYSTICK_HTTP_PORT: '', TALLYSTICK_AUTH_JWKS_FILE: '' };
    expect(readSettings(service('accrual'), env).config.httpPort).toBe(7402);
    expect(problemsWith('accrual', { ...complete, TALLYSTICK_DATABASE_URL: '' })).toContain(
      'is missing',
    );
  });

  it('wants exactly one source of keys', () => {
    const env = { ...complete, TALLYSTICK_AUTH_JWKS_URL: 'https://keys.example/jwks' };
    expect(problemsWith('accrual', env)).toContain('exactly one');
  });

  it('keeps the master keys from before a rotation beside the one that seals now', () => {
    const old = [randomBytes(32), randomBytes(32)];
    const retired = old.map((bytes) => bytes.toString('base64')).join(',');
    const env = { ...complete, TALLYSTICK_MASTER_KEYS_RETIRED: retired };
    const { masterKeys } = readSettings(service('partners'), env);
    expect(masterKeys?.current.bytes).toEqual(Buffer.from(key, 'base64'));
    expect([...(masterKeys?.byId.values() ?? [])].slice(1).map(({ bytes }) => bytes)).toEqual(old);
  });

  it('asks reporting for no secret', () => {
    const { TALLYSTICK_CARD_TOKEN_KEY: _, TALLYSTICK_MASTER_KEY: __, ...rest } = complete;
    expect(readSettings(service('reporting'), rest)).toMatchObject({
      cardTokenKey: undefined,
      masterKeys: undefined,
    });
  });

  it('wants to know where Kafka is when that is the bus', () => {
    const onKafka = { ...complete, TALLYSTICK_BUS: 'kafka' };
    expect(problemsWith('accrual', onKafka)).toContain(
      'TALLYSTICK_KAFKA_BROKERS is missing: expected host:port',
    );
    const { config, kafka } = readSettings(service('accrual'), {
      ...onKafka,
      TALLYSTICK_KAFKA_BROKERS: 'kafka:9092',
    });
    expect([config.bus, kafka?.brokers]).toEqual(['kafka', ['kafka:9092']]);
  });

  it("reads a service's own variables too", () => {
    const own = z.object({
      TALLYSTICK_RETURN_DAYS: z.coerce.number().int().describe('whole days').default(90),
      TALLYSTICK_SHOP: z.string().describe('the name of the shop'),
    });
    expect(
      readSettings(service('accrual', own), { ...complete, TALLYSTICK_SHOP: 'a' }).own,
    ).toEqual({
      TALLYSTICK_RETURN_DAYS: 90,
      TALLYSTICK_SHOP: 'a',
    });
    const message = problemsWith('accrual', { ...complete, TALLYSTICK_RETURN_DAYS: 'x' }, own);
    expect(message).toContain('TALLYSTICK_SHOP is missing: expected the name of the shop');
    expect(message).toContain('TALLYSTICK_RETURN_DAYS is wrong: expected ');
  });

  it('names another service and what is shown to it together, or not at all', () => {
    const url = { TALLYSTICK_ENROLLMENT_URL: 'https://members.example/' };
    const client = {
      TALLYSTICK_AUTH_TOKEN_URL: 'https://id.example/token',
      TALLYSTICK_AUTH_CLIENT_ID: 'accrual',
    };
    const callingWith = (env: Environment) =>
      readSettings(service('accrual'), { ...complete, ...env }).calling;
    expect(callingWith({})).toBeUndefined();
    expect(callingWith({ ...url, TALLYSTICK_SERVICE_TOKEN: 't' })).toEqual({
      enrollmentUrl: 'https://members.example',
      credential: { kind: 'token', token: 't' },
    });
    expect(
      callingWith({ ...url, ...client, TALLYSTICK_AUTH_CLIENT_SECRET: 's' })?.credential,
    ).toMatchObject({ kind: 'client', id: 'accrual' });
    expect(problemsWith('accrual', { ...complete, ...url, ...client })).toContain(
      'TALLYSTICK_ENROLLMENT_URL needs TALLYSTICK_SERVICE_TOKEN, or',
    );
    expect(
      problemsWith('accrual', { ...complete, TALLYSTICK_ENROLLMENT_URL: 'members' }),
    ).toContain('TALLYSTICK_ENROLLMENT_URL is wrong: expected the http(s) base address');
  });
});

import { testDatabase } from '@tallystick/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenClaims } from './index.js';
import { ask, type Sent } from './test-service/ask.js';
import { until } from './test-service/until.js';
import { startTill, type Till } from './test-service/start-till.js';

const sale = {
  program: 'shop',
  chain: 'acme',
  store: '12',
  lines: [{ ordinal: 1, quantity: '1' }],
};
const storeClaims: TokenClaims = {
  sub: 'till-3',
  roles: ['store'],
  programs: ['shop'],
  chains: ['acme'],
  stores: ['12'],
};
const opsClaims: TokenClaims = { sub: 'o', roles: ['ops'] };

describe('a service over HTTP', () => {
  let till: Till;
  let store: string;
  let ops: string;
  beforeAll(async () => {
    till = await startTill(await testDatabase());
    store = await till.issuer.token(storeClaims);
    ops = await till.issuer.token(opsClaims);
  });
  afterAll(() => till.end());

  const send = (path: string, sent: Sent = {}) => ask(`${till.url}${path}`, sent);
  const post = (body: unknown, sent: Sent = {}, path = '/v1/receipts') =>
    send(path, {
      method: 'POST',
      token: store,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...sent,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1', ...sent.headers },
    });

  describe('who may', () => {
    it('a token with the role, the programme, the chain and the store', async () => {
      const answer = await post(sale, { headers: { 'x-correlation-id': 'c-9' } });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        sale: 'k-1',
        lines: 1,
        correlationId: 'c-9',
        actor: 'store:till-3',
      });
      expect(answer.headers.get('tallystick-position')).toBe('7');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-correlation-id')).toBe('c-9');
    });

    it('nobody without a token: 401, before the body is looked at', async () => {
      const answer = await send('/v1/receipts', {
        method: 'POST',
        body: '{{{',
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.status).toBe(401);
      expect(answer.type).toBe('token-missing');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tallystick"');
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    });

    it.each<[string, Partial<TokenClaims>]>([
      ['another role', { roles: ['member', 'ops'] }],
      ['no role', { roles: [] }],
      ['another programme', { programs: ['else'] }],
      ['another chain', { chains: ['else'] }],
      ['another store', { stores: ['13'] }],
      ['no scope', { programs: [], chains: [], stores: [] }],
    ])('not a token with %s: 403', async (_, claims) => {
      const answer = await post(sale, {
        token: await till.issuer.token({ ...storeClaims, ...claims }),
      });
      expect(answer.status).toBe(403);
      expect(answer.type).toBe('forbidden');
    });

    it('not an expired token: 401, which says so', async () => {
      const answer = await post(sale, {
        token: await till.issuer.token(storeClaims, { lifetimeSeconds: -60 }),
      });
      expect(answer.status).toBe(401);
      expect(answer.type).toBe('token-expired');
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    });

    it('anyone where it is public', async () => {
      expect((await post({ number: 1 }, { token: 'rubbish' }, '/v1/receipts/signed')).status).toBe(
        202,
      );
    });
  });

  describe('problems', () => {
    it('of a body name each field', async () => {
      const answer = await post({
        ...sale,
        chain: 5,
        lines: [{ ordinal: 0, quantity: '1', extra: 1 }],
      });
      expect(answer.status).toBe(400);
      expect(answer.type).toBe('validation');
      expect(answer.fields).toEqual(['chain', 'lines.0.ordinal', 'lines.0']);
    });

    it("of a query and a path name the parameter; defaults and numbers are the schema's", async () => {
      expect((await send('/v1/receipts/shop/sales', { token: store })).body).toEqual({
        program: 'shop',
        limit: 20,
        shop: 'corner',
      });
      expect((await send('/v1/receipts/shop/sales?limit=7', { token: store })).body).toMatchObject({
        limit: 7,
      });
      expect((await send('/v1/receipts/shop/sales?limit=0', { token: store })).fields).toEqual([
        'limit',
      ]);
      expect((await send('/v1/receipts/SHOP/sales', { token: store })).fields).toEqual(['program']);
    });

    it.each([
      ['broken', '{"program":'],
      ['empty', ''],
      ['a poisoned prototype', '{"__proto__":{"a":1}}'],
    ])('of JSON that is %s', async (_, body) => {
      const answer = await post(body);
      expect([answer.status, answer.type]).toEqual([400, 'malformed-json']);
      expect(answer.text).not.toContain('Unexpected');
    });

    it('of JSON that is not UTF-8', async () => {
      const answer = await post('', { body: new Uint8Array([0x22, 0xff, 0x22]) });
      expect([answer.status, answer.type]).toEqual([400, 'malformed-json']);
    });

    it('of a content type that is not taken', async () => {
      const answer = await post('a: 1', { headers: { 'content-type': 'application/yaml' } });
      expect([answer.status, answer.type]).toEqual([415, 'unsupported-media-type']);
      expect(answer.detail).toContain('application/json');
    });

    it('of a body that is too large', async () => {
      const answer = await post('x'.repeat(16 * 2 ** 20 + 1)).catch((error: unknown) => error);
      // The connection may be closed while we still send: then there is no answer to read.
      if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 413 });
    });

    it('of a path that is not there, and of a method that is not', async () => {
      const nothing = await send('/v1/nothing?secret=1');
      expect([nothing.status, nothing.type]).toEqual([404, 'not-found']);
      expect(nothing.text).not.toContain('secret');
      const wrong = await send('/v1/receipts/shop/sales', { method: 'PUT' });
      expect([wrong.status, wrong.type]).toEqual([405, 'method-not-allowed']);
      expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    });

    it('of a URL that is none', async () => {
      const answer = await send('/v1/receipts/%ff/sales', { token: store });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    });

    it('that a controller throws, with its own members', async () => {
      const answer = await send('/v1/receipts/broken/taken', { token: ops });
      expect(answer.status).toBe(409);
      expect(answer.body).toEqual({
        type: 'urn:tallystick:problem:taken',
        title: 'It is taken',
        status: 409,
        available: 3,
      });
    });

    it('of a store that is away: 503, try again', async () => {
      const answer = await send('/v1/receipts/broken/away', { token: ops });
      expect([answer.status, answer.type]).toEqual([503, 'unavailable']);
      expect(answer.headers.get('retry-after')).toBe('2');
    });

    it('that nobody expected: 500 without internals, which are in the log under the correlation id', async () => {
      const headers = { 'x-correlation-id': 'find-me' };
      const answer = await send('/v1/receipts/broken/bug', { token: ops, headers });
      expect([answer.status, answer.type]).toEqual([500, 'internal']);
      expect(answer.text).not.toContain('internals');
      const logged = till.lines.find(
        (line) => line.includes('find-me') && line.includes('"level":"error"'),
      );
      expect(logged).toContain('internals that nobody may see');
    });

    it('of SQL leave the value out of the log', async () => {
      expect((await send('/v1/receipts/broken/sql', { token: ops })).status).toBe(500);
      expect(till.lines.join('')).toContain('22P02');
      expect(till.lines.join('')).not.toContain('invalid input syntax');
    });
  });

  describe('headers', () => {
    it('Idempotency-Key is needed where a handler takes it, and is visible ASCII', async () => {
      const send2 = (key: string) => post(sale, { headers: { 'idempotency-key': key } });
      expect((await send2('')).type).toBe('idempotency-key-missing');
      expect((await send2('a b')).type).toBe('idempotency-key-malformed');
      expect((await send2('x'.repeat(256))).type).toBe('idempotency-key-malformed');
      expect((await send2('x'.repeat(255))).status).toBe(201);
    });

    it('a correlation id that could break a log line is replaced', async () => {
      const answer = await post(sale, { headers: { 'x-correlation-id': 'a b' } });
      expect(answer.headers.get('x-correlation-id')).toMatch(/^[\da-f-]{36}$/);
    });
  });

  describe('bodies', () => {
    it('come as bytes to a handler that checks a signature', async () => {
      const body = '{ "number":  3 }';
      const answer = await post(body, {}, '/v1/receipts/signed');
      expect([answer.status, answer.body]).toEqual([202, { bytes: body.length, number: 3 }]);
      const wrong = await post('{"number":"x"}', {}, '/v1/receipts/signed');
      expect(wrong.fields).toEqual(['number']);
      expect((await post('{', {}, '/v1/receipts/signed')).type).toBe('malformed-json');
    });

    it('come as text to a handler that asks for it', async () => {
      const token = await till.issuer.token({ sub: 'm', roles: ['manager'] });
      const headers = { 'content-type': 'application/yaml; charset=utf-8' };
      const answer = await post('a: ż', { token, headers }, '/v1/receipts/rules');
      expect(answer.body).toEqual({ kind: 'string', length: 4 });
      const other = await post(
        'a',
        { token, headers: { 'content-type': 'text/html' } },
        '/v1/receipts/rules',
      );
      expect(other.detail).toBe('Accepted: application/json, application/yaml, text/plain.');
    });
  });

  it("works in the service's own schema", async () => {
    expect((await send('/v1/receipts/schema', { token: ops })).body).toEqual({ schema: 'accrual' });
  });

  it('is alive and ready, with each of its parts', async () => {
    expect((await send('/health/accrual/live')).body).toEqual({ status: 'live' });
    await until('it is ready', async () => (await send('/health/accrual/ready')).status === 200);
    expect((await send('/health/accrual/ready')).body).toEqual({
      status: 'ready',
      checks: { database: 'ok', eventStore: 'ok' },
      consumers: { ledger: 'running' },
      relay: 'active',
    });
  });

  it('logs what happened without bodies, tokens, or the path itself', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send('/v1/receipts/shop/sales?limit=9', { token: store, headers: { traceparent } });
    const line: unknown = JSON.parse(
      till.lines.find((one) => one.includes('0af7651916cd43dd8448eb211c80319c')) ?? '{}',
    );
    expect(line).toMatchObject({
      level: 'debug',
      service: 'accrual',
      method: 'GET',
      route: '/v1/receipts/:program/sales',
      status: 200,
      actor: 'store:till-3',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
    const all = till.lines.join('');
    expect(all).not.toContain(store);
    expect(all).not.toContain('limit=9');
  });
});

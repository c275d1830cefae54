import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '@tallystick/service-host';
import {
  everyRow,
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { deliver, issueKey, program, registerPartner } from '../testing/fixtures.js';
import { startPartners } from '../testing/start-partners.js';

let deployment: Deployment;
let service: TestService;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startPartners(deployment);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const register = (partner: unknown, name: unknown = 'Fly', as: TokenClaims | null = manager) =>
  service.call('POST', '/v1/partners', { as, body: { program, partner, name } });

const read = (partner: string, as: TokenClaims | null = manager) =>
  service.call('GET', `/v1/partners/${program}/${partner}`, { as });

const revoke = (partner: string, keyId: string, as: TokenClaims | null = manager) =>
  service.call('POST', `/v1/partners/${program}/${partner}/keys/${keyId}/revoke`, { as });

const eventsOf = async (partner: string) => {
  const events = [];
  for await (const { type, data, metadata } of service.store.readAll({ categories: ['partner'] })) {
    const parsed: unknown = JSON.parse(data);
    if (data.includes(`"${partner}"`)) events.push({ type, data: parsed, actor: metadata.actor });
  }
  return events;
};

describe('registering a partner', () => {
  it('gives it a key whose secret is shown once', async () => {
    const { status, body, headers } = await register('fly');
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    const { keyId, secret, position } = z
      .object({ keyId: z.string(), secret: z.string(), position: z.string() })
      .parse(body);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(headers.get('tallystick-position')).toBe(position);

    const again = await register('fly');
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ program, partner: 'fly', name: 'Fly', keyId, position });
    expect(await eventsOf('fly')).toEqual([
      {
        type: 'PartnerRegistered',
        data: { program, partner: 'fly', name: 'Fly' },
        actor: 'manager:maria',
      },
      {
        type: 'PartnerKeyIssued',
        data: { program, partner: 'fly', keyId },
        actor: 'manager:maria',
      },
    ]);
  });

  it('under another name is refused', async () => {
    await register('hotel');
    const { status, problem } = await register('hotel', 'Motel');
    expect([status, problem]).toEqual([409, 'partner-exists']);
  });

  it('20 times at once registers it once: one answer has the secret', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => register('stampede')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => JSON.stringify(body).includes('whsec_'))).toHaveLength(1);
    expect(await eventsOf('stampede')).toHaveLength(2);
  });

  it.each([
    ['', 'Fly'],
    ['a\u0000b', 'Fly'],
    ['a b', 'Fly'],
    ['p'.repeat(64), 'Fly'],
    [7, 'Fly'],
    ['fly-2', ' '],
    ['fly-2', null],
  ])('as %j called %j is refused', async (partner, name) => {
    const { status, problem } = await register(partner, name);
    expect([status, problem]).toEqual([400, 'validation']);
  });
});

describe('keys', () => {
  it('are several at once, for a rotation, and end when they are revoked', async () => {
    const first = await registerPartner(service, 'rotating');
    const second = await issueKey(service, 'rotating', 'rotation-1');
    expect(second.secret).not.toBe(first.secret);
    const statusWith = async ({ secret }: { secret: string }) =>
      (await deliver(service, { partner: 'rotating', secret })).status;
    expect([await statusWith(first), await statusWith(second)]).toEqual([202, 202]);

    const revoked = await revoke('rotating', first.keyId);
    expect(revoked.status).toBe(200);
    expect([await statusWith(first), await statusWith(second)]).toEqual([401, 202]);
    expect((await revoke('rotating', first.keyId)).body).toEqual(revoked.body);

    const { body } = await read('rotating');
    const { keys } = z
      .object({ keys: z.array(z.object({ keyId: z.string(), usable: z.boolean() })) })
      .parse(body);
    expect(keys.map(({ keyId, usable }) => [keyId, usable])).toEqual([
      [first.keyId, false],
      [second.keyId, true],
    ]);
    expect((await eventsOf('rotating')).map(({ type }) => type)).toEqual([
      'PartnerRegistered',
      'PartnerKeyIssued',
      'PartnerKeyIssued',
      'PartnerKeyRevoked',
    ]);
  });

  it('of one Idempotency-Key are one key', async () => {
    await registerPartner(service, 'careful');
    const path = `/v1/partners/${program}/careful/keys`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => service.call('POST', path, { key: 'once' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => JSON.stringify(body).includes('whsec_'))).toHaveLength(1);
    expect(new Set(answers.map(({ headers }) => headers.get('tallystick-position'))).size).toBe(1);
    const { status, problem } = await service.call('POST', path);
    expect([status, problem]).toEqual([400, 'idempotency-key-missing']);
  });

  it('have an end: at most eight are valid at once', async () => {
    await registerPartner(service, 'hoarder');
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        service.call('POST', `/v1/partners/${program}/hoarder/keys`, { key: `k${index}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    expect(answers.filter(({ problem }) => problem === 'partner-keys-too-many')).toHaveLength(5);
  });

  it('of nobody are unknown', async () => {
    const path = `/v1/partners/${program}/nobody/keys`;
    expect((await service.call('POST', path, { key: 'k' })).problem).toBe('partner-unknown');
    expect((await revoke('nobody', 'key_1')).problem).toBe('partner-key-unknown');
    expect((await read('nobody')).problem).toBe('partner-unknown');
  });

  it('are kept sealed: a secret is in no table, event, message or log line', async () => {
    const { secret, keyId } = await registerPartner(service, 'secretive');
    const further = await issueKey(service, 'secretive', 'k');
    await deliver(service, { partner: 'secretive', secret });
    await deliver(service, { partner: 'secretive', secret, headers: { 'webhook-id': 'other' } });
    await service.caughtUp();
    const seen = `${await everyRow(service.db)}\n${service.logs()}`;
    expect(seen).toContain(keyId);
    for (const each of [secret, further.secret]) {
      const bytes = Buffer.from(each.slice('whsec_'.length), 'base64');
      for (const form of [
        each.slice('whsec_'.length),
        bytes.toString('hex'),
        Buffer.from(each).toString('hex'),
      ])
        expect(seen).not.toContain(form);
    }
  });

  it('open after a rotation of the master key', async () => {
    const { secret } = await registerPartner(service, 'lasting');
    const rotated = await startPartners(deployment, {
      env: {
        TALLYSTICK_MASTER_KEY: Buffer.alloc(32, 3).toString('base64'),
        TALLYSTICK_MASTER_KEYS_RETIRED: Buffer.alloc(32, 2).toString('base64'),
      },
    });
    try {
      expect((await deliver(rotated, { partner: 'lasting', secret })).status).toBe(202);
    } finally {
      await rotated.close();
    }
  });
});

describe('who may', () => {
  beforeAll(async () => {
    await registerPartner(service, 'mine');
  });

  it.each<[string, TokenClaims | null, number]>([
    ['without a token', null, 401],
    ['a manager of another programme', { ...manager, programs: ['other'] }, 403],
    ['a store', { sub: 's', roles: ['store'], programs: ['*'] }, 403],
    ['a member', { sub: 'm', roles: ['member'], programs: ['*'] }, 403],
    ['the partner itself', { sub: 'p', roles: ['partner'], programs: ['*'], partner: 'mine' }, 403],
  ])('not register, issue or revoke: %s', async (_, as, expected) => {
    expect((await register('mine', 'Fly', as)).status).toBe(expected);
    const path = `/v1/partners/${program}/mine/keys`;
    expect((await service.call('POST', path, { as, key: 'k' })).status).toBe(expected);
    expect((await revoke('mine', 'key_1', as)).status).toBe(expected);
  });

  it.each<[string, TokenClaims | null, number]>([
    [
      'the partner itself',
      { sub: 'p', roles: ['partner'], programs: [program], partner: 'mine' },
      200,
    ],
    [
      'not another partner',
      { sub: 'p', roles: ['partner'], programs: ['*'], partner: 'other' },
      404,
    ],
    ['not a partner without a name', { sub: 'p', roles: ['partner'], programs: ['*'] }, 404],
    ['not an auditor', { sub: 'a', roles: ['auditor'], programs: ['*'] }, 403],
    ['not anyone', null, 401],
  ])('read a partner: %s', async (_, as, expected) => {
    expect((await read('mine', as)).status).toBe(expected);
  });
});

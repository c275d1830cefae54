import { beforeAll, describe, expect, it } from '@jest/globals';
import { serviceNames, type ServiceName } from '@tallystick/contracts';
import { at, clientOf, everywhere, problemOf, type Client } from '../tools/client.js';
import { enrol, publish, receipt, type House } from './house.js';

const roles = ['member', 'store', 'partner', 'manager', 'auditor', 'ops'] as const;
type Role = (typeof roles)[number];

/** One door of each kind, and who may pass it. Bodies are wrong on purpose: nothing is to happen. */
const doors: readonly (readonly [ServiceName, 'GET' | 'POST', string, readonly Role[]])[] = [
  ['accrual', 'POST', '/v1/programs', ['manager']],
  ['accrual', 'POST', '/v1/programs/none/versions/1/approvals', ['manager']],
  ['accrual', 'GET', '/v1/partner-awards/explanation', ['manager', 'auditor', 'partner']],
  ['accrual', 'POST', '/v1/reratings/none/none/approvals', ['manager']],
  ['accrual', 'GET', '/v1/programs/none', ['manager', 'store', 'auditor', 'ops']],
  ['accrual', 'POST', '/v1/receipts', ['store', 'manager']],
  ['accrual', 'POST', '/v1/receipts/batch', ['store', 'manager']],
  ['accrual', 'GET', '/v1/receipts', ['store', 'manager', 'auditor']],
  ['accrual', 'POST', '/v1/receipts/calculate', ['store', 'manager']],
  ['accrual', 'GET', '/v1/receipts/explanation', ['store', 'manager', 'auditor']],
  ['enrollment', 'POST', '/v1/members', ['manager', 'store']],
  ['enrollment', 'POST', '/v1/members/batch', ['manager', 'store']],
  ['enrollment', 'GET', '/v1/members/none/none', ['manager', 'member']],
  ['enrollment', 'POST', '/v1/members/none/none/cards', ['manager', 'store']],
  ['enrollment', 'POST', '/v1/cards/lookup', ['manager', 'store']],
  // No person, till or partner: asked of enough days, the answers are the birthday.
  ['enrollment', 'POST', '/v1/members/birthday-windows', []],
  ['redemption', 'POST', '/v1/redemptions/quote', ['store', 'manager', 'member']],
  ['redemption', 'POST', '/v1/redemptions', ['store', 'manager', 'member']],
  ['redemption', 'POST', '/v1/redemptions/none/none/refunds', ['store', 'manager']],
  ['partners', 'POST', '/v1/partners', ['manager']],
  ['partners', 'GET', '/v1/partners/none/none', ['manager', 'partner']],
  ['partners', 'POST', '/v1/partners/none/none/keys', ['manager']],
  ['partners', 'GET', '/v1/partner-events/none/none/none', ['manager', 'partner']],
  ['reporting', 'GET', '/v1/accounts/none/x', ['member', 'store', 'manager', 'auditor', 'ops']],
  ['reporting', 'GET', '/v1/reports/none/trial-balance', ['manager', 'auditor', 'ops']],
  ['reporting', 'GET', '/v1/reports/none/receipts', ['manager', 'auditor', 'ops']],
  ['reporting', 'GET', '/v1/reports/none/summary', ['manager', 'auditor', 'ops']],
  ['reporting', 'POST', '/v1/replays', ['auditor', 'ops']],
];

export const access = (houseOf: () => House): void => {
  describe('who may', () => {
    let house: House;
    beforeAll(() => {
      house = houseOf();
    });

    it('lets each role through its own doors, and nobody without a token', async () => {
      const callers = new Map<Role, Client>();
      for (const role of roles)
        callers.set(
          role,
          await clientOf(house.system, { sub: role, roles: [role], ...everywhere, account: 'x' }),
        );
      const passed: string[] = [];
      const wanted: string[] = [];
      for (const [service, method, path, allowed] of doors) {
        const ask = { method, ...(method === 'POST' ? { body: { wrong: true } } : {}) };
        const name = `${method} ${path}`;
        const stranger = await house.stranger(service, path, ask);
        expect([name, stranger.status, problemOf(stranger)]).toEqual([name, 401, 'token-missing']);
        for (const [role, client] of callers) {
          const { status } = await client(service, path, ask);
          if (status !== 403) passed.push(`${name}: ${role}`);
          if (allowed.includes(role)) wanted.push(`${name}: ${role}`);
        }
      }
      expect(passed.sort()).toEqual(wanted.sort());
    });

    it('believes no token that it cannot check', async () => {
      const token = await house.system.tokenFor({ sub: 'x', roles: ['manager'], ...everywhere });
      const [head, claims, signature] = token.split('.');
      const forged = Buffer.from(JSON.stringify({ sub: 'x', roles: ['ops'] })).toString(
        'base64url',
      );
      for (const text of [
        `${head}.${forged}.${signature}`,
        `${head}.${claims}.`,
        'nonsense',
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
      ]) {
        const answer = await house.stranger('accrual', '/v1/programs/none', {
          headers: { authorization: `Bearer ${text}` },
        });
        expect([answer.status, problemOf(answer)]).toEqual([401, 'token-invalid']);
      }
    });

    it('keeps a token to its programmes, chains and stores', async () => {
      const program = 'e2e-access';
      const published = await publish(house, program);
      const ann = await enrol(house, program, ['9826600000012'], published);
      const here = { sub: 'till', roles: ['store'] as const };
      const tills = {
        ours: await clientOf(house.system, {
          ...here,
          programs: [program],
          chains: ['acme'],
          stores: ['12'],
        }),
        otherStore: await clientOf(house.system, {
          ...here,
          programs: [program],
          chains: ['acme'],
          stores: ['13'],
        }),
        otherChain: await clientOf(house.system, {
          ...here,
          programs: [program],
          chains: ['other'],
          stores: ['*'],
        }),
        otherProgram: await clientOf(house.system, {
          ...here,
          programs: ['other'],
          chains: ['*'],
          stores: ['*'],
        }),
        noScope: await clientOf(house.system, here),
      };
      const body = receipt(program, '1');
      const statuses: Record<string, number> = {};
      for (const [name, till] of Object.entries(tills))
        statuses[name] = (await till('accrual', '/v1/receipts', { body })).status;
      expect(statuses).toEqual({
        ours: 200,
        otherStore: 403,
        otherChain: 403,
        otherProgram: 403,
        noScope: 403,
      });
      const batch = await tills.otherStore('accrual', '/v1/receipts/batch', {
        body: { receipts: [body] },
      });
      expect(at(batch.body, 'items', 0, 'status')).toBe(403);
      const account = `/v1/accounts/${program}/${ann.account}`;
      expect((await tills.otherProgram('reporting', account)).status).toBe(403);
      const replay = await clientOf(house.system, {
        sub: 'o',
        roles: ['ops'],
        programs: [program],
      });
      expect((await replay('reporting', '/v1/replays', { body: {} })).status).toBe(403);
    });

    it.each(serviceNames)('%s has API pages and tells its health, to anyone', async (service) => {
      const api = await house.stranger(service, `/openapi/${service}.json`);
      expect(api.status).toBe(200);
      expect(at(api.body, 'openapi')).toMatch(/^3\.1\./);
      expect(Object.keys(at(api.body, 'paths') as object).length).toBeGreaterThan(0);
      const docs = await house.stranger(service, `/docs/${service}`);
      expect([docs.status, docs.headers.get('content-type')]).toEqual([
        200,
        expect.stringContaining('text/html'),
      ]);
      expect((await house.stranger(service, `/health/${service}/live`)).status).toBe(200);
      const ready = await house.stranger(service, `/health/${service}/ready`);
      expect([ready.status, at(ready.body, 'status')]).toEqual([200, 'ready']);
    });

    it('has one address in front of all of them', async () => {
      const page = await fetch(house.frontDoor);
      expect(page.status).toBe(200);
      for (const service of serviceNames) {
        const health = await fetch(`${house.frontDoor}/health/${service}/ready`);
        expect(health.status).toBe(200);
      }
      const nothing = await fetch(`${house.frontDoor}/v1/nothing`);
      expect([nothing.status, nothing.headers.get('content-type')]).toEqual([
        404,
        expect.stringContaining('application/problem+json'),
      ]);
    });

    it('tells problems as RFC 9457 has it, and gives a correlation id back', async () => {
      const answer = await house.store('accrual', '/v1/receipts', {
        body: '{"half": ',
        headers: { 'x-correlation-id': 'till-3-4711' },
      });
      expect([answer.status, problemOf(answer)]).toEqual([400, 'malformed-json']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('x-correlation-id')).toBe('till-3-4711');
      const method = await house.store('accrual', '/v1/receipts', { method: 'PUT', body: {} });
      expect([method.status, problemOf(method)]).toEqual([405, 'method-not-allowed']);
    });
  });
};

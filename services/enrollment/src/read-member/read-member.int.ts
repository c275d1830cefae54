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
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = 'bonus';
const personal = {
  name: 'Zofia Zażółć-Gęślą',
  email: 'zofia.unmistakable@example.com',
  birthday: '1987-11-23',
  phone: '+48 600 987 654',
};
const card = '6009-8876-5544-3322';

let deployment: Deployment;
let service: TestService;
let member: string;
let account: string;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  await publishProgram(service, program);
  const { body } = await service.call('POST', '/v1/members', {
    key: 'zofia',
    body: { program, personal, cards: [card] },
  });
  ({ member, account } = z.object({ member: z.string(), account: z.string() }).parse(body));
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const read = (as: TokenClaims | null, id = member) =>
  service.call('GET', `/v1/members/${program}/${id}`, { as });

describe('a member', () => {
  it('is read with what is personal by a manager and by the member itself', async () => {
    const self: TokenClaims = { sub: 'z', roles: ['member'], programs: [program], member };
    for (const as of [manager, self]) {
      const { status, body } = await read(as);
      expect(status).toBe(200);
      expect(body).toMatchObject({ program, member, account, personal });
      expect(z.object({ cards: z.array(z.unknown()).length(1) }).safeParse(body).success).toBe(
        true,
      );
    }
  });

  it.each<[string, TokenClaims | null, number]>([
    ['without a token', null, 401],
    ['by another member', { sub: 'x', roles: ['member'], programs: ['*'], member: 'other' }, 404],
    [
      'by a member that the token does not name',
      { sub: 'x', roles: ['member'], programs: ['*'] },
      404,
    ],
    ['by a manager of another programme', { ...manager, programs: ['other'] }, 403],
    ['by a store', { sub: 's', roles: ['store'], programs: ['*'] }, 403],
    ['by a partner', { sub: 'p', roles: ['partner'], programs: ['*'] }, 403],
    ['by an auditor', { sub: 'a', roles: ['auditor'], programs: ['*'] }, 403],
  ])('is not read %s', async (_, as, expected) => {
    const { status, body } = await read(as);
    expect(status).toBe(expected);
    expect(JSON.stringify(body)).not.toContain('Zofia');
  });

  it('who is nobody is unknown', async () => {
    expect(await read(manager, 'nobody')).toMatchObject({ status: 404, problem: 'member-unknown' });
    expect((await read(manager, 'a%00b')).status).toBe(400);
  });

  it('without personal data has none', async () => {
    const { body } = await service.call('POST', '/v1/members', {
      key: 'anonymous',
      body: { program, personal: {} },
    });
    const anonymous = z.object({ member: z.string() }).parse(body);
    expect((await read(manager, anonymous.member)).body).toMatchObject({
      cards: [],
      personal: null,
    });
  });
});

describe('what is personal', () => {
  it('is in no event, no message, no log line, and in no table in the clear; nor is a card number', async () => {
    await service.call('POST', '/v1/cards/lookup', { body: { program, card } });
    // Refusals and failures say nothing either.
    await service.call('POST', '/v1/members', {
      key: 'zofia',
      body: { program, personal, cards: [card, 'x'] },
    });
    await service.call('POST', '/v1/members', {
      key: 'bad',
      body: { program, personal: { ...personal, birthday: '2987-11-23' }, cards: [card] },
    });
    await service.call('POST', `/v1/members/${program}/nobody/cards`, { key: 'k', body: { card } });
    await service.caughtUp();

    const rows = await everyRow(service.db);
    expect(rows).toContain('eventstore.');
    expect(rows).toContain('bus.');
    const seen = `${rows}\n${service.logs()}`;
    for (const secret of [...Object.values(personal), card, card.replaceAll('-', '')]) {
      expect(seen).not.toContain(secret);
      expect(seen).not.toContain(Buffer.from(secret).toString('hex'));
    }
    expect(service.logs().length).toBeGreaterThan(1000);
  });

  it('opens after a rotation of the master key, and is sealed under the new one from then on', async () => {
    const rotated = await startEnrollment(deployment, {
      env: {
        TALLYSTICK_MASTER_KEY: Buffer.alloc(32, 3).toString('base64'),
        TALLYSTICK_MASTER_KEYS_RETIRED: Buffer.alloc(32, 2).toString('base64'),
      },
    });
    try {
      const before = await rotated.call('GET', `/v1/members/${program}/${member}`);
      expect(before.body).toMatchObject({ personal });
      await rotated.call('POST', '/v1/members', {
        key: 'later',
        body: { program, personal: { name: 'Later' } },
      });
      const { rows } = await service.db.query(
        'select count(distinct master_key_id)::int as keys from members where personal is not null',
      );
      expect(rows).toEqual([{ keys: 2 }]);
    } finally {
      await rotated.close();
    }
  });
});

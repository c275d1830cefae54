import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '@tallystick/service-host';
import {
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = 'bonus';
const document = {
  attributes: { student: 'bool', children: 'int', city: 'string', tags: 'strings' },
};

let deployment: Deployment;
let service: TestService;
let neighbour: TestService;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  neighbour = await startEnrollment(deployment);
  await publishProgram(service, program, { document });
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const enrolled = z.object({ member: z.string(), account: z.string() });
const enrol = async (key: string, more: object = {}) =>
  enrolled.parse(
    (await service.call('POST', '/v1/members', { key, body: { program, ...more } })).body,
  );
const path = (member: string) => `/v1/members/${program}/${member}/attributes`;
const set = (
  member: string,
  attributes: object,
  key: string,
  { from, as = manager, by = service }: { from?: string; as?: TokenClaims; by?: TestService } = {},
) => by.call('POST', path(member), { key, as, body: { attributes, from } });
const read = async (member: string) => (await service.call('GET', path(member))).body;

describe('attributes of a member', () => {
  it('are told, told again and taken back, each time with who did it and since when', async () => {
    const { member } = await enrol('zofia');
    const first = {
      student: true,
      children: 2,
      city: 'York',
      segments: ['north', 'early', 'north'],
    };
    expect(await set(member, first, 'a', { from: '2026-01-01T00:00:00+01:00' })).toMatchObject({
      ...{ status: 201, body: { program, member, from: '2025-12-31T23:00:00.000Z' } },
    });
    const paul = { ...manager, sub: 'paul' };
    expect((await set(member, { student: null }, 'b', { as: paul })).status).toBe(201);
    expect(await read(member)).toMatchObject({
      attributes: { children: 2, city: 'York', segments: ['early', 'north'] },
      told: [
        { from: '2025-12-31T23:00:00.000Z', by: `manager:${manager.sub}` },
        { attributes: { student: null }, by: 'manager:paul' },
      ],
    });
    // What is so from tomorrow on is not so today.
    await set(member, { city: 'Hull' }, 'c', { from: '2099-01-01T00:00:00Z' });
    expect(await read(member)).toMatchObject({ attributes: { city: 'York' } });
  });

  it('are told once for a key, whatever comes after, and not again when nothing would change', async () => {
    const { member } = await enrol('adam');
    const first = await set(member, { segments: ['b', 'a'] }, 'k');
    expect(first.status).toBe(201);
    await set(member, { segments: [] }, 'other');
    const again = await set(member, { segments: ['a', 'b'] }, 'k', { by: neighbour });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await set(member, { segments: ['c'] }, 'k')).toMatchObject({
      ...{ status: 422, problem: 'idempotency-key-reused' },
    });
    expect((await set(member, { segments: [] }, 'new')).status).toBe(200);
    expect(await read(member)).toMatchObject({ attributes: { segments: [] } });
    expect(z.object({ told: z.array(z.unknown()) }).parse(await read(member)).told).toHaveLength(2);
  });

  it('are told again where something else is told from later on', async () => {
    const { member } = await enrol('ola');
    await set(member, { city: 'York' }, '1', { from: '2026-01-01T00:00:00Z' });
    await set(member, { city: 'Hull' }, '2', { from: '2026-03-01T00:00:00Z' });
    const between = await set(member, { city: 'York' }, '3', { from: '2026-02-01T00:00:00Z' });
    expect(between.status).toBe(201);
  });

  it('come through two at once, in two processes', async () => {
    const { member } = await enrol('race');
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        set(member, { children: index }, `r${index % 6}`, {
          by: index % 2 === 0 ? service : neighbour,
          from: '2026-01-01T00:00:00Z',
        }),
      ),
    );
    const by = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([by(201), by(422)]).toEqual([6, 6]);
    const { told } = z.object({ told: z.array(z.unknown()) }).parse(await read(member));
    expect(told).toHaveLength(6);
  });

  it.each<[object, string]>([
    [{ studnet: true }, 'attributes.studnet'],
    [{ student: 'yes' }, 'attributes.student'],
    [{ children: 1.5 }, 'attributes.children'],
    [{ children: '2' }, 'attributes.children'],
    [{ segments: 'north' }, 'attributes.segments'],
    [{ tier: 'gold' }, 'attributes.tier'],
    [{ inBirthdayWindow: true }, 'attributes.inBirthdayWindow'],
    [{ city: 'a\u0000b' }, 'attributes.city'],
    [{}, 'attributes'],
  ])('are refused where no rulebook declares them so: %j', async (attributes, field) => {
    const { member } = await enrol('wrong');
    const refused = await set(member, attributes, 'w');
    expect([refused.status, refused.fields]).toEqual([400, [field]]);
    expect(await read(member)).toMatchObject({ attributes: {}, told: [] });
  });

  it('are those of the member for whom the account was opened', async () => {
    const { account } = await enrol('opener');
    const second = await enrol('second', { account });
    expect(await set(second.member, { student: true }, 's')).toMatchObject({
      ...{ status: 409, problem: 'account-shared' },
    });
  });

  it('are a manager’s to tell, of members that there are', async () => {
    const { member } = await enrol('own');
    const self: TokenClaims = { sub: 'z', roles: ['member'], programs: [program], member };
    const store: TokenClaims = { sub: 's', roles: ['store'], programs: ['*'] };
    for (const as of [self, store, { ...manager, programs: ['other'] }])
      expect((await set(member, { student: true }, 'x', { as })).status).toBe(403);
    expect(await set('nobody', { student: true }, 'x')).toMatchObject({
      problem: 'member-unknown',
    });
    const none = await service.call('POST', '/v1/members/none/m/attributes', {
      ...{ key: 'x', body: { attributes: { student: true } } },
    });
    expect(none).toMatchObject({ status: 404, problem: 'program-unknown' });
    const auditor: TokenClaims = { sub: 'a', roles: ['auditor'], programs: ['*'] };
    expect((await service.call('GET', path(member), { as: auditor })).status).toBe(200);
    expect((await service.call('GET', path(member), { as: self })).status).toBe(403);
    expect((await service.call('GET', path('nobody'))).status).toBe(404);
  });
});

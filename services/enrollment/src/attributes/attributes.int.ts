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

describe('attributes of many members', () => {
  const answered = z.object({
    items: z.array(
      z.object({
        status: z.int(),
        member: z.string().optional(),
        problem: z.looseObject({ type: z.string() }).optional(),
      }),
    ),
    position: z.string().nullable(),
  });
  const setMany = async (items: readonly object[], more: object = {}, by = service) => {
    const body = { program, items, ...more };
    const answer = await by.call('POST', '/v1/members/attributes/batch', { body });
    expect(answer.status).toBe(200);
    const { items: each, position } = answered.parse(answer.body);
    const told = each.map(({ status, problem }) =>
      problem === undefined ? status : `${status} ${problem.type.split(':').at(-1) ?? ''}`,
    );
    return { told, position, members: each.map(({ member }) => member) };
  };
  const into = (...segments: string[]) => ({ attributes: { segments } });
  const timesTold = async (member: string) =>
    z.object({ told: z.array(z.unknown()) }).parse(await read(member)).told.length;

  it('are told each for itself, by member or card, once however often they are sent', async () => {
    const first = await enrol('many-1', { cards: ['5550001'] });
    const second = await enrol('many-2');
    const shared = await enrol('many-3', { account: first.account });
    const since = '2026-01-01T00:00:00Z';
    const items = [
      { card: '5550001', ...into('north', 'early'), from: since },
      { member: second.member, ...into('south') },
      { card: '5559999', ...into('north') },
      { member: 'nobody', ...into('north') },
      { member: shared.member, ...into('north') },
      { member: second.member, card: '5550001', ...into('north') },
      { member: second.member, attributes: { segments: 'north' } },
      {},
    ];
    const wrong = [
      ...['404 card-unknown', '404 member-unknown', '409 account-shared'],
      ...['400 validation', '400 validation', '400 validation'],
    ];
    const dry = await setMany(items, { dryRun: true });
    expect(dry).toMatchObject({ told: [201, 201, ...wrong], position: null });
    expect(await timesTold(first.member)).toBe(0);
    const told = await setMany(items);
    expect(told.told).toEqual([201, 201, ...wrong]);
    expect(told.members.slice(0, 2)).toEqual([first.member, second.member]);
    expect(told.position).toMatch(/^\d+$/);
    expect(await read(first.member)).toMatchObject({
      attributes: { segments: ['early', 'north'] },
      told: [{ from: '2026-01-01T00:00:00.000Z', by: `manager:${manager.sub}` }],
    });
    expect((await setMany(items, {}, neighbour)).told).toEqual([200, 200, ...wrong]);
    expect((await setMany(items, { dryRun: true })).told).toEqual([200, 200, ...wrong]);
    expect(await timesTold(first.member)).toBe(1);
    expect(await timesTold(second.member)).toBe(1);
  });

  it('that have a moment of their own are told once, whatever was told since; others where it is not so', async () => {
    const { member } = await enrol('many-4');
    const dated = [
      { member, ...into('a'), from: '2026-01-01T00:00:00Z' },
      { member, ...into('b'), from: '2026-03-01T00:00:00Z' },
    ];
    expect((await setMany(dated)).told).toEqual([201, 201]);
    expect((await setMany(dated)).told).toEqual([200, 200]);
    await set(member, { segments: ['c'] }, 'by-hand');
    expect((await setMany(dated)).told).toEqual([200, 200]);
    expect(await read(member)).toMatchObject({ attributes: { segments: ['c'] } });
    expect((await setMany([{ member, ...into('b') }])).told).toEqual([201]);
    expect(await read(member)).toMatchObject({ attributes: { segments: ['b'] } });
  });

  it('come through two at once, in two processes, and one member’s in their order', async () => {
    const members: string[] = [];
    for (let n = 0; n < 40; n += 1) members.push((await enrol(`many-at-once-${n}`)).member);
    const since = (day: string) => ({ from: `2026-01-0${day}T00:00:00Z` });
    const items = members.flatMap((member) => [
      { member, ...into('a'), ...since('1') },
      { member, ...into('b'), ...since('2') },
    ]);
    await Promise.all([setMany(items), setMany(items, {}, neighbour)]);
    for (const member of members) {
      expect(await read(member)).toMatchObject({ attributes: { segments: ['b'] } });
      expect(await timesTold(member)).toBe(2);
    }
  });

  it('are a manager’s to tell, of a programme that there is', async () => {
    const call = (of: string, as: TokenClaims) =>
      service.call('POST', '/v1/members/attributes/batch', {
        ...{ as, body: { program: of, items: [{ member: 'm', ...into('a') }] } },
      });
    const store: TokenClaims = { sub: 's', roles: ['store'], programs: ['*'] };
    for (const as of [store, { ...manager, programs: ['other'] }])
      expect((await call(program, as)).status).toBe(403);
    expect(await call('none', manager)).toMatchObject({ status: 404, problem: 'program-unknown' });
    const many = Array.from({ length: 501 }, () => ({ member: 'm', ...into('a') }));
    const tooMany = await service.call('POST', '/v1/members/attributes/batch', {
      body: { program, items: many },
    });
    expect([tooMany.status, tooMany.fields]).toEqual([400, ['items']]);
  });
});

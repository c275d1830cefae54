import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { birthdayQuestionsMax, birthdayWindowsPath } from '@tallystick/contracts';
import { StoreUnavailable } from '@tallystick/event-store';
import { memberId, programId, systemClock } from '@tallystick/kernel';
import { masterKeys } from '@tallystick/sealing';
import { createCardTokens, type Role, type TokenClaims } from '@tallystick/service-host';
import {
  dyingStore,
  everyRow,
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { pino } from 'pino';
import { z } from 'zod';
import type { Parts } from '../parts.js';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';
import { changeBirthday } from './change-birthday.js';

const program = 'bonus';
const accrual: TokenClaims = { sub: 'accrual', roles: ['service'], programs: ['*'] };

let deployment: Deployment;
let service: TestService;
let neighbour: TestService;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  neighbour = await startEnrollment(deployment);
  await publishProgram(service, program);
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const enrolled = z.object({ member: z.string() });
const enrol = async (key: string, personal?: object): Promise<string> => {
  const { body } = await service.call('POST', '/v1/members', { key, body: { program, personal } });
  return enrolled.parse(body).member;
};
const pathOf = (member: string) => `/v1/members/${program}/${member}/birthday`;
const set = (member: string, birthday: string, as = manager, by = service) =>
  by.call('PUT', pathOf(member), { as, body: { birthday } });
const forget = (member: string, as = manager) => service.call('DELETE', pathOf(member), { as });
const personalOf = async (member: string): Promise<unknown> => {
  const { body } = await service.call('GET', `/v1/members/${program}/${member}`);
  return z.object({ personal: z.unknown() }).parse(body).personal;
};
const changes = z.object({
  changes: z.array(z.object({ kept: z.boolean(), by: z.string(), at: z.iso.datetime() })),
});
const changesOf = async (member: string, as = manager) => {
  const { body } = await service.call('GET', pathOf(member), { as });
  return changes.parse(body).changes.map(({ kept, by }) => [kept, by]);
};
const ask = (body: object, as: TokenClaims = accrual) =>
  service.call('POST', birthdayWindowsPath, { as, body });
const week = { program, daysBefore: 3, daysAfter: 3 };
const within = async (member: string, day: string): Promise<unknown> =>
  (await ask({ ...week, asked: [{ member, day }] })).body;

describe('a birthday', () => {
  it('is set, changed and forgotten beside what else is personal, and each again without effect', async () => {
    const member = await enrol('ann', { name: 'Ann' });
    for (const day of ['1996-02-29', '1996-02-29', '1990-05-01'])
      expect(await set(member, day)).toMatchObject({ status: 200, body: { birthday: day } });
    expect(await personalOf(member)).toEqual({ name: 'Ann', birthday: '1990-05-01' });
    for (let times = 0; times < 2; times += 1)
      expect(await forget(member)).toMatchObject({ status: 200, body: { birthday: null } });
    expect(await personalOf(member)).toEqual({ name: 'Ann' });
    expect(await changesOf(member)).toEqual([
      [true, `manager:${manager.sub}`],
      [true, `manager:${manager.sub}`],
      [false, `manager:${manager.sub}`],
    ]);
  });

  it('alone is all that is known, and then nothing is', async () => {
    const member = await enrol('only');
    await set(member, '1990-05-01');
    expect(await personalOf(member)).toEqual({ birthday: '1990-05-01' });
    await forget(member);
    expect(await personalOf(member)).toBeNull();
  });

  it('that was changed or forgotten is not brought back by the enrolment that is sent again', async () => {
    const personal = { name: 'Bob', birthday: '1990-05-01' };
    for (const [key, known] of [
      ['bob', personal],
      ['only-a-day', { birthday: '1990-05-01' }],
    ] as const) {
      const member = await enrol(key, known);
      await forget(member);
      const again = await service.call('POST', '/v1/members', {
        ...{ key, body: { program, personal: known } },
      });
      expect([again.status, again.body]).toMatchObject([200, { member }]);
      expect(await personalOf(member)).toEqual(key === 'bob' ? { name: 'Bob' } : null);
      const other = await service.call('POST', '/v1/members', {
        ...{ key, body: { program, personal: { ...known, name: 'Rob' } } },
      });
      expect([other.status, other.problem]).toEqual([422, 'idempotency-key-reused']);
    }
  });

  it('is one of those that many set at once, and loses nothing else', async () => {
    const member = await enrol('race', { name: 'Race' });
    const days = Array.from({ length: 10 }, (_, index) => `199${index}-01-01`);
    const answers = await Promise.all(
      days.map((day, index) => set(member, day, manager, index % 2 === 0 ? service : neighbour)),
    );
    expect(answers.map(({ status }) => status)).toEqual(days.map(() => 200));
    const { name, birthday } = z
      .object({ name: z.string(), birthday: z.string() })
      .parse(await personalOf(member));
    expect([name, days.includes(birthday)]).toEqual(['Race', true]);
    expect(await changesOf(member)).toHaveLength(days.length);
  });

  it.each(['1995-02-29', '1995-13-01', '1995-1-1', '1899-12-31', '2999-01-01', 'yesterday'])(
    'is a day that was: not %j',
    async (birthday) => {
      const refused = await set(await enrol('wrong'), birthday);
      expect([refused.status, refused.fields]).toEqual([400, ['birthday']]);
    },
  );

  it('is set by managers, and forgotten by the member, too', async () => {
    const member = await enrol('own');
    const self: TokenClaims = { sub: 'o', roles: ['member'], programs: [program], member };
    const other = { ...self, member: 'other' };
    const elsewhere = { ...manager, programs: ['other'] };
    for (const as of [self, other, elsewhere, accrual])
      expect((await set(member, '1990-05-01', as)).status).toBe(403);
    await set(member, '1990-05-01');
    for (const as of [other, elsewhere, accrual])
      expect((await forget(member, as)).status).toBe(403);
    expect((await forget(member, self)).status).toBe(200);
    const auditor: TokenClaims = { sub: 'a', roles: ['auditor'], programs: [program] };
    expect(await changesOf(member, auditor)).toEqual([
      [true, `manager:${manager.sub}`],
      [false, 'member:o'],
    ]);
    for (const as of [self, elsewhere, accrual])
      expect((await service.call('GET', pathOf(member), { as })).status).toBe(403);
    expect(await set('nobody', '1990-05-01')).toMatchObject({ problem: 'member-unknown' });
    expect(await forget('nobody')).toMatchObject({ problem: 'member-unknown' });
  });

  it.each(['before', 'after'] as const)(
    'whose change was cut off %s its event was in the store is changed by the same request',
    async (when) => {
      const member = await enrol(`cut-${when}`);
      const cut = {
        ...{ program: programId(program), member: memberId(member), day: '1990-05-01' },
        context: { correlationId: 'c', traceparent: '', actor: 'manager:gone' },
      };
      const dying: Parts = {
        ...{ db: service.db, store: dyingStore(service.store, when), clock: systemClock },
        ...{ cardTokens: createCardTokens(Buffer.alloc(32, 1)), log: pino({ level: 'silent' }) },
        masterKeys: masterKeys(Buffer.alloc(32, 2)),
      };
      await expect(changeBirthday(dying, cut)).rejects.toThrow(StoreUnavailable);
      expect(await personalOf(member)).toBeNull();
      expect((await set(member, '1990-05-01')).status).toBe(200);
      expect(await personalOf(member)).toEqual({ birthday: '1990-05-01' });
      expect(await changesOf(member)).toHaveLength(when === 'before' ? 1 : 2);
    },
  );

  it('of a member whose row was lost is set in the row that is made again', async () => {
    const member = await enrol('lost');
    await service.db.query('delete from members where member = $1', [member]);
    expect((await set(member, '1990-05-01')).status).toBe(200);
    expect(await personalOf(member)).toEqual({ birthday: '1990-05-01' });
  });
});

describe('whether a day lies around a birthday', () => {
  it('is said of many members at once, in the order of the questions', async () => {
    const [leap, may, none] = [
      await enrol('leap', { birthday: '1996-02-29' }),
      await enrol('may', { name: 'May', birthday: '1990-05-04' }),
      await enrol('none', { name: 'None' }),
    ];
    const asked = [
      { member: may, day: '2026-05-01' },
      { member: leap, day: '2027-02-25' },
      { member: may, day: '2026-04-30' },
      { member: none, day: '2026-05-01' },
      { member: 'nobody', day: '2026-05-01' },
      { member: leap, day: '2027-03-04' },
      { member: may, day: '2026-05-01' },
    ];
    expect((await ask({ ...week, asked })).body).toEqual({
      answers: [true, true, false, false, false, false, true],
    });
    // Members of other programmes have no birthday here.
    const other = await ask({ ...week, program: 'other', asked: asked.slice(0, 1) });
    expect(other.body).toEqual({ answers: [false] });
    await forget(may);
    expect(await within(may, '2026-05-01')).toEqual({ answers: [false] });
    await set(may, '1990-11-04');
    expect(await within(may, '2026-11-01')).toEqual({ answers: [true] });
  });

  it('is said to services alone, within their programmes', async () => {
    const asked = [{ member: await enrol('kept'), day: '2026-05-01' }];
    const persons: readonly Role[] = ['member', 'store', 'partner', 'manager', 'auditor', 'ops'];
    for (const role of persons)
      expect((await ask({ ...week, asked }, { ...accrual, roles: [role] })).status).toBe(403);
    expect((await ask({ ...week, asked }, { ...accrual, programs: ['other'] })).status).toBe(403);
  });

  it('is asked of so many at once at most, of real days, in windows of less than a year', async () => {
    const one = { member: 'm', day: '2026-05-01' };
    const many = Array.from({ length: birthdayQuestionsMax }, () => one);
    expect((await ask({ ...week, asked: many })).status).toBe(200);
    for (const wrong of [
      { asked: [...many, one] },
      { asked: [] },
      { asked: [{ ...one, day: '2026-02-30' }] },
      { asked: [one], daysBefore: 181 },
      { asked: [one], daysAfter: -1 },
    ])
      expect((await ask({ ...week, ...wrong })).status).toBe(400);
  });

  it('leaves no trace of the day', async () => {
    const member = await enrol('trace', { birthday: '1961-07-23' });
    await set(member, '1962-08-24');
    await within(member, '2026-08-24');
    await forget(member);
    await service.caughtUp();
    const seen = `${await everyRow(service.db)}\n${service.logs()}`;
    for (const day of ['1961-07-23', '1962-08-24']) expect(seen).not.toContain(day);
  });
});

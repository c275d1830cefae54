import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, addMonths, dayAt, instantOfEpochMs, timeZone } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { mergeByTwo } from '../testing/merging.js';
import { startAccrual } from '../testing/start-accrual.js';

const dayMs = 86_400_000;
let deployment: Deployment;
let service: TestService;
let aheadDays = 0;
const clock = () => instantOfEpochMs(Date.now() + aheadDays * dayMs);
let club: Club;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment, { clock });
  club = await openClub(service, {
    exclusions: { products: ['plus-year'] },
    tiers: {
      ...{ by: 'paid', window: 'lifetime' },
      levels: [
        { id: 'basic', from: '0' },
        { id: 'plus', from: '1' },
      ],
    },
    memberships: [{ id: 'year', level: 'plus', months: 12, fee: '20.00', product: 'plus-year' }],
  });
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const today = () => dayAt(clock(), timeZone('Europe/London'));
const till: TokenClaims = { ...maria, sub: 'till-1', chains: ['*'], stores: ['*'] };
const sale = (number: string) => ({
  ...{ chain: 'c', store: 's', till: 't', number, businessDate: today() },
});
const pay = async (number: string, card: string, more: object = {}) => {
  const line = { ordinal: 1, product: 'plus-year', quantity: '1', amount: '20.00', ...more };
  const answer = await service.call('POST', '/v1/receipts', {
    as: till,
    body: {
      ...{ program: club.program, ...sale(number), occurredAt: clock(), currency: 'GBP', card },
      lines: [line],
    },
  });
  expect(answer.status).toBe(200);
};
const ask = (account: string, as: TokenClaims = maria) =>
  service.call('GET', `/v1/programs/${club.program}/memberships/${account}`, { as });
const of = (account: string): TokenClaims => ({
  ...{ sub: `m-${account}`, roles: ['member'], programs: [club.program] },
  ...{ member: `m-${account}`, account },
});

describe('until when a membership lasts', () => {
  it('is told from its fee on, a year longer for each further one, and not at all when it came back', async () => {
    await club.open('ann');
    await club.attach('1', 'ann');
    const day = today();
    expect((await ask('ann')).body).toEqual({
      ...{ program: club.program, account: 'ann', day, level: 'basic' },
      ...{ paidUntil: null, memberships: [] },
    });
    await pay('1', '1');
    const first = addDays(addMonths(day, 12), -1);
    const one = { membership: 'year', level: 'plus', first: day, last: first };
    const paid = { level: 'plus', paidUntil: first, memberships: [one] };
    expect((await ask('ann')).body).toMatchObject(paid);
    await pay('2', '1');
    const from = addDays(first, 1);
    const second = addDays(addMonths(from, 12), -1);
    const two = { membership: 'year', level: 'plus', first: from, last: second };
    expect((await ask('ann')).body).toMatchObject({ paidUntil: second, memberships: [one, two] });
    const original = { ...sale('1'), ordinal: 1 };
    await pay('3', '1', { quantity: '-1', amount: '-20.00', original });
    expect((await ask('ann')).body).toMatchObject(paid);
  });

  it('is over on the day after its last one', async () => {
    await club.open('bea');
    await club.attach('2', 'bea');
    await pay('4', '2');
    const last = addDays(addMonths(today(), 12), -1);
    const days = Math.round((Date.parse(last) - Date.parse(today())) / dayMs);
    aheadDays = days;
    expect((await ask('bea')).body).toMatchObject({ day: last, level: 'plus', paidUntil: last });
    aheadDays = days + 1;
    expect((await ask('bea')).body).toMatchObject({
      ...{ level: 'basic', paidUntil: null },
      memberships: [{ last }],
    });
    aheadDays = 0;
  });

  it('goes with the account where that becomes part of another one', async () => {
    for (const name of ['old', 'young']) await club.open(name);
    await club.attach('3', 'old');
    await pay('5', '3');
    const which = { program: club.program, source: 'old', target: 'young' };
    expect(await mergeByTwo(service, which, { key: 'merge' })).toMatchObject({ status: 201 });
    for (const as of [maria, of('old'), of('young')])
      for (const account of as === maria || as.account === 'old' ? ['old', 'young'] : ['young'])
        expect((await ask(account, as)).body).toMatchObject({ account: 'young', level: 'plus' });
    expect((await ask('old', of('young'))).status).toBe(403);
  });

  it.each([
    ['a till', { ...maria, roles: ['store' as const] }, 200],
    ['an auditor', { ...maria, roles: ['auditor' as const] }, 200],
    ['no partner', { ...maria, roles: ['partner' as const] }, 403],
    ['nobody of another programme', { ...maria, programs: ['other'] }, 403],
  ])('is for %s to know', async (_, as, status) => {
    expect((await ask('ann', as)).status).toBe(status);
  });

  it('is for the member to know, and for no other member', async () => {
    expect((await ask('ann', of('ann'))).status).toBe(200);
    expect((await ask('ann', of('bea'))).status).toBe(403);
    expect((await ask('nobody', of('bea'))).status).toBe(403);
    const { account: _account, ...nameless } = of('ann');
    expect((await ask('ann', nameless)).status).toBe(403);
    expect((await ask('nobody')).problem).toBe('account-unknown');
  });
});

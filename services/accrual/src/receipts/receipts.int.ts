import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMs, instant, systemClock, type Instant } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

const minuteMs = 60_000;
const noon = instant('2026-05-05T12:00:00Z');
let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const till: TokenClaims = {
  ...maria,
  ...{ sub: 'till-1', roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
};
const receipt = (number: string, occurredAt: Instant) => ({
  ...{ program: club.program, chain: 'c', store: 's', till: 't', number },
  ...{ businessDate: occurredAt.slice(0, 10), occurredAt, currency: 'GBP', card: '4711' },
  lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '10.00' }],
});
const fromNow = (minutes: number): Instant => addMs(systemClock(), minutes * minuteMs);

describe('a receipt from a till', () => {
  it('whose clock is a little ahead is taken', async () => {
    const body = receipt('1', fromNow(10));
    expect(await service.call('POST', '/v1/receipts', { as: till, body })).toMatchObject({
      status: 200,
      body: { outcome: 'waiting', reason: 'card-unknown' },
    });
  });

  it.each([
    ['on the day before: the store’s day ends after midnight', '2026-05-04', 200],
    ['two days off, which a far time zone may make of one', '2026-05-07', 200],
    ['three days before its time', '2026-05-02', 422],
    ['years away from its time', '2016-05-05', 422],
  ])('that is booked %s: %s, %i', async (_, businessDate, status) => {
    const body = { ...receipt(`booked-${businessDate}`, noon), businessDate };
    const answer = await service.call('POST', '/v1/receipts', { as: till, body });
    expect([answer.status, answer.fields]).toEqual([
      ...[status, status === 200 ? [] : ['businessDate']],
    ]);
  });

  it('takes nothing back of a sale of another chain, and does of another store of its own', async () => {
    const sold = receipt('sold', fromNow(-60));
    const { program: _, chain, store, till: no, number, businessDate } = sold;
    const back = (as: TokenClaims, path = '/v1/receipts') => {
      const [at] = [(as.stores ?? []).at(0) ?? ''];
      const original = { chain, store, till: no, number, businessDate, ordinal: 1 };
      const line = { ordinal: 1, product: 'tea', quantity: '-1', unitPrice: '10.00', original };
      const of = { ...receipt(`back-${at}`, fromNow(-30)), chain: as.chains?.at(0), store: at };
      return service.call('POST', path, { as, body: { ...of, lines: [line] } });
    };
    await service.call('POST', '/v1/receipts', { as: till, body: sold });
    const other = { ...till, chains: ['other'], stores: ['9'] };
    for (const path of ['/v1/receipts', '/v1/receipts/calculate'])
      expect(await back(other, path)).toMatchObject({
        status: 403,
        body: { detail: 'Your token does not cover this chain.' },
      });
    expect(await back({ ...till, chains: ['c'], stores: ['7'] })).toMatchObject({ status: 200 });
  });

  it('from the future is refused, and the others of its batch are not', async () => {
    const refused = {
      type: expect.stringContaining('receipt-invalid'),
      errors: [{ field: 'occurredAt', message: expect.stringContaining('future') }],
    };
    const body = receipt('2', fromNow(30));
    expect(await service.call('POST', '/v1/receipts', { as: till, body })).toMatchObject({
      status: 422,
      body: refused,
    });
    const receipts = [body, receipt('3', fromNow(-30))];
    const batch = await service.call('POST', '/v1/receipts/batch', {
      as: till,
      body: { receipts },
    });
    expect(batch).toMatchObject({
      status: 200,
      body: { items: [{ status: 422, problem: refused }, { status: 200 }] },
    });
    const { program, chain, store, till: no, number, businessDate } = body;
    const name = new URLSearchParams({ program, chain, store, till: no, number, businessDate });
    expect(
      await service.call('GET', `/v1/receipts?${name.toString()}`, { as: till }),
    ).toMatchObject({
      status: 404,
    });
  });
});

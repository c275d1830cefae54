import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manager } from '@tallystick/testing/service';
import { z } from 'zod';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store, type House } from '../testing/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const post = async (path: string, key: string, body: unknown) => {
  const answer = await house.service.call('POST', path, { key, as: store, body });
  expect(answer.status).toBe(201);
  return z
    .looseObject({ redemption: z.string().default(''), hold: z.string().default('') })
    .parse(answer.body);
};
const read = (redemption: string, as: typeof store | null = store) =>
  house.service.call('GET', `/v1/redemptions/${program}/${redemption}`, { as });

describe('one redemption', () => {
  it('is told: what it was for, and whether it was refunded', async () => {
    const account = await house.club.open('ann', 10);
    const what = { program, account, points: 4, reference: 'till 7' };
    const { redemption } = await post('/v1/redemptions', 'ann', what);
    const { status, body } = await read(redemption);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ redemption, program, account, status: 'redeemed', kind: 'discount', points: 4 },
      ...{ reference: 'till 7', hold: null, refund: null },
    });
    await post(`/v1/redemptions/${program}/${redemption}/refunds`, 'ann', { reason: 'cancelled' });
    expect((await read(redemption)).body).toMatchObject({
      ...{ status: 'refunded', refund: { reason: 'cancelled' } },
    });
  });

  it('that was captured names its hold, and goes with a merge', async () => {
    const [old, young] = [await house.club.open('old', 10), await house.club.open('young')];
    const what = { program, account: old, points: 4, reference: 'order 1' };
    const { hold } = await post('/v1/holds', 'old', what);
    const { redemption } = await post(`/v1/holds/${program}/${hold}/captures`, 'old', {});
    await house.club.merge(old, young);
    expect((await read(redemption)).body).toMatchObject({
      ...{ redemption, account: young, status: 'redeemed', points: 4, hold, reference: null },
    });
    for (const name of ['old', 'young'])
      expect((await read(redemption, memberOf(name))).status).toBe(200);
  });

  it('of a successor is its member’s whose token names the account before: by name, by card, and to be told of', async () => {
    const [before, between, after] = [
      await house.club.open('before', 10),
      await house.club.open('between'),
      await house.club.open('after', 10),
    ];
    await house.club.link(house.tokenOf('card of before'), before);
    await house.club.link(house.tokenOf('card of after'), after);
    await house.club.merge(before, between);
    await house.club.merge(between, after);
    await house.service.caughtUp();
    const as = memberOf('before');
    const spend = (key: string, named: object, by = as) =>
      house.service.call('POST', '/v1/redemptions', {
        ...{ key, as: by, body: { program, ...named, points: 1, reference: 'till 7' } },
      });
    const byName = await spend('by-name', { account: after });
    expect([byName.status, byName.body]).toMatchObject([201, { account: after, available: 19 }]);
    const { redemption } = z.looseObject({ redemption: z.string() }).parse(byName.body);
    expect((await read(redemption, as)).status).toBe(200);
    for (const card of ['card of before', 'card of after'])
      for (const by of [as, memberOf('after')])
        expect(
          (await spend(`${card} ${by.account ?? ''}`.replaceAll(' ', '-'), { card }, by)).body,
        ).toMatchObject({ account: after });
    const holds = await house.service.call('GET', `/v1/holds/${program}?account=after`, { as });
    expect(holds.status).toBe(200);
    const other = await house.club.open('other', 10);
    expect((await spend('other', { account: other })).status).toBe(403);
    expect((await spend('back', { account: before }, memberOf('after'))).status).toBe(403);
    expect(refusal(await spend('stranger', { card: 'card of after' }, memberOf('other')))).toEqual([
      ...[404, 'account-unknown'],
    ]);
  });

  it('is shown to staff of the programme and to its own member; to others it is unknown', async () => {
    const account = await house.club.open('bob', 10);
    const what = { program, account, points: 1, reference: 'till 7' };
    const { redemption } = await post('/v1/redemptions', 'bob', what);
    expect((await read(redemption, manager)).status).toBe(200);
    expect((await read(redemption, memberOf('bob'))).status).toBe(200);
    expect(refusal(await read(redemption, memberOf('ann')))).toEqual([404, 'redemption-unknown']);
    expect(refusal(await read('none'))).toEqual([404, 'redemption-unknown']);
    expect((await read(redemption, { ...store, programs: ['other'] })).status).toBe(403);
    expect((await read(redemption, null)).status).toBe(401);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMs, type AccountId } from '@tallystick/kernel';
import type { Response, TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store, type House } from '../testing/house.js';

const dayMs = 86_400_000;

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const spend = async (account: AccountId, key: string, points: number): Promise<string> => {
  const body = { program, account, points, reference: 'till 7' };
  const answer = await house.service.call('POST', '/v1/redemptions', { key, as: store, body });
  return z.looseObject({ redemption: z.string() }).parse(answer.body).redemption;
};
const refund = (
  redemption: string,
  key: string,
  { by = house.service, reason = 'cancelled', as = store }: Partial<Asked> = {},
): Promise<Response> =>
  by.call('POST', `/v1/redemptions/${program}/${redemption}/refunds`, {
    ...{ key, as, body: { reason } },
  });
interface Asked {
  readonly by: TestService;
  readonly reason: string;
  readonly as: typeof store | null;
}
const available = async (account: string): Promise<unknown> => {
  const path = '/v1/redemptions/quote';
  const { body } = await house.service.call('POST', path, {
    as: store,
    body: { program, account },
  });
  return z.looseObject({ available: z.int(), arrears: z.int() }).parse(body);
};

describe('a refund', () => {
  it('gives the points back, once for its key, and is answered as before by any process', async () => {
    const account = await house.club.open('plain', 10);
    const redemption = await spend(account, 'plain', 7);
    const first = await refund(redemption, 'plain');
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      ...{ redemption, program, account, points: 7, arrearsPaid: 0, available: 10 },
      position: first.headers.get('tallystick-position'),
    });
    await spend(account, 'plain-2', 2);
    for (const by of [house.service, house.neighbour]) {
      const again = await refund(redemption, 'plain', { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await refund(redemption, 'plain', { by, reason: 'other' }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
      expect(refusal(await refund(redemption, 'other', { by }))).toEqual([409, 'already-refunded']);
    }
  });

  it('of what nobody redeemed is refused', async () => {
    expect(refusal(await refund('none', 'none'))).toEqual([404, 'redemption-unknown']);
  });

  it('that would bring the account more than it takes is refused', async () => {
    const account = await house.club.open('full', Number.MAX_SAFE_INTEGER - 2);
    const redemption = await spend(account, 'full', 7);
    expect(refusal(await refund(redemption, 'full'))).toEqual([409, 'beyond-limit']);
    const small = await spend(account, 'full-2', 2);
    expect((await refund(small, 'full-2')).status).toBe(201);
  });

  it('asked for by many at once happens once', async () => {
    const account = await house.club.open('many', 10);
    const redemption = await spend(account, 'many', 7);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        refund(redemption, `many-${n % 8}`, { by: n % 2 === 0 ? house.service : house.neighbour }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ problem }) => problem === 'already-refunded')).toHaveLength(14);
    expect(await available(account)).toMatchObject({ available: 10 });
  });

  it('pays what the account owes, where that is the policy of the programme', async () => {
    const account = await house.club.open('owing');
    const sold = await house.club.sell(account, 10);
    const [small, large] = [await spend(account, 'owing-1', 4), await spend(account, 'owing-2', 6)];
    await house.club.takeBack(account, sold);
    expect(await available(account)).toMatchObject({ available: 0, arrears: 10 });
    expect((await refund(small, 'owing-1')).body).toMatchObject({ arrearsPaid: 4, available: 0 });
    await house.club.publish(2, { arrears: { policy: 'paid-in-money' } });
    await house.service.caughtUp();
    expect((await refund(large, 'owing-2')).body).toMatchObject({ arrearsPaid: 0, available: 6 });
    expect(await available(account)).toMatchObject({ available: 6, arrears: 6 });
  });

  it('a burn cancelled after its lots expired: they come back for the grace of the programme', async () => {
    const account = await house.club.open('expired', 10, {
      expiresAt: addMs(house.clock(), 1_000),
    });
    const [early, late] = [await spend(account, 'early', 4), await spend(account, 'late', 5)];
    house.pass(2_000);
    expect((await refund(early, 'early')).body).toMatchObject({ points: 4, available: 0 });
    await house.club.publish(3, { refunds: { graceDays: 3 } });
    await house.service.caughtUp();
    expect((await refund(late, 'late')).body).toMatchObject({ points: 5, available: 5 });
    house.pass(3 * dayMs);
    expect(await available(account)).toMatchObject({ available: 0 });
  });

  it('goes to the account that the spender became part of', async () => {
    const [old, young] = [await house.club.open('old', 10), await house.club.open('young', 1)];
    const [before, after] = [await spend(old, 'old-1', 3), await spend(old, 'old-2', 4)];
    const first = await refund(before, 'old-1');
    await house.club.merge(old, young, true);
    const followed = await refund(after, 'old-2');
    expect(followed.body).toMatchObject({ account: young, points: 4, available: 11 });
    for (const by of [house.service, house.neighbour]) {
      const again = await refund(before, 'old-1', { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect((await refund(after, 'old-2', { by })).body).toEqual(followed.body);
    }
  });

  it('before a period was closed is remembered all the same; what was not refunded by then is too old', async () => {
    const account = await house.club.open('closed', 10);
    const [back, gone] = [await spend(account, 'closed-1', 3), await spend(account, 'closed-2', 4)];
    const first = await refund(back, 'closed-1');
    house.pass(1_000);
    await house.club.close(account);
    await house.service.caughtUp();
    for (const by of [house.service, house.neighbour]) {
      const again = await refund(back, 'closed-1', { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await refund(back, 'closed-1', { by, reason: 'other' }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
      expect(refusal(await refund(back, 'closed-3', { by }))).toEqual([409, 'already-refunded']);
      expect(refusal(await refund(gone, 'closed-2', { by }))).toEqual([409, 'redemption-too-old']);
    }
  });

  it.each([
    ['nobody without a token', null, 401],
    ['no member', memberOf('whose'), 403],
    ['no store of another programme', { ...store, programs: ['other'] }, 403],
  ])('is for stores and managers: %s', async (_, as, status) => {
    expect((await refund('any', 'any', { as })).status).toBe(status);
  });
});

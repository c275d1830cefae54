import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { memberEnrolled, topics } from '@tallystick/contracts';
import { accountId } from '@tallystick/kernel';
import type { Consumer, Message } from '@tallystick/message-bus';
import { decodeRelayed } from '@tallystick/service-host';
import type { Response, TestService } from '@tallystick/testing/service';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store, type House } from '../testing/house.js';

let house: House;
/** Hears of members in accrual's name, and opens their accounts. */
let accrual: Consumer;
/** How often it cannot open an account before it can. */
let refusals = 0;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});
beforeEach(async () => {
  accrual = await startAccrual();
});
afterEach(async () => {
  await accrual.close();
});

const startAccrual = (): Promise<Consumer> =>
  house.service.bus.subscribe({
    ...{ topics: [topics.membership.name], group: 'accrual' },
    handler: async (batch) => {
      // Much later than redemption has heard of the same.
      await sleep(700);
      if (refusals > 0) {
        refusals -= 1;
        return batch.map(() => ({ kind: 'retry', reason: 'the store is away' }));
      }
      for (const account of batch.flatMap(opening)) await house.club.open(account);
      return batch.map(() => ({ kind: 'done' }));
    },
  });

const opening = (message: Message): string[] => {
  const { type, data } = decodeRelayed(message);
  return type === 'MemberEnrolled' ? [memberEnrolled.parse(data).account] : [];
};

interface Asked {
  readonly after?: bigint;
  readonly as?: typeof store;
  readonly by?: TestService;
}
let keys = 0;
const post = (path: string, body: object, { after, as = store, by }: Asked): Promise<Response> => {
  keys += 1;
  return (by ?? house.service).call('POST', path, {
    ...{ key: `k${keys}`, as, body: { program, ...body } },
    headers: after === undefined ? {} : { 'tallystick-after': String(after) },
  });
};
const redemption = { points: 1, reference: 'till 7' };
const enrol = async (name: string): Promise<bigint> =>
  house.club.enrol(house.tokenOf(`card-${name}`), accountId(name));

describe('who was enrolled a moment ago', () => {
  it('is unknown until accrual has heard of it, and the answer says how not to be', async () => {
    await accrual.close();
    await enrol('dora');
    const early = await post('/v1/redemptions', { account: 'dora', ...redemption }, {});
    expect(refusal(early)).toEqual([404, 'account-unknown']);
    expect(JSON.stringify(early.body)).toContain('Tallystick-After');
  });

  it.each([
    ['a redemption', '/v1/redemptions', redemption, [409, 'insufficient-points']],
    ['a hold', '/v1/holds', redemption, [409, 'insufficient-points']],
    ['a quote', '/v1/redemptions/quote', {}, [200, undefined]],
  ])('is known to %s that takes the enrolment into account', async (what, path, more, answered) => {
    for (const by of [house.service, house.neighbour])
      for (const which of ['account', 'card']) {
        const name = `${what}-${which}-${by === house.service ? 1 : 2}`.replaceAll(' ', '-');
        const after = await enrol(name);
        const named = { [which]: which === 'card' ? `card-${name}` : name };
        const answer = await post(path, { ...named, ...more }, { after, by });
        expect([name, ...refusal(answer)]).toEqual([name, ...answered]);
      }
  });

  it('is known as a receiver of points, and as a member who asks for itself', async () => {
    const rich = await house.club.open('rich', 100);
    const after = await enrol('new');
    const sent = { from: { account: rich }, to: { card: 'card-new' }, points: 40, reason: 'gift' };
    const answer = await post('/v1/transfers', sent, { after, as: memberOf(rich) });
    expect([answer.status, answer.body]).toMatchObject([201, { to: 'new' }]);
    const own = await enrol('own');
    const as = memberOf('own');
    const listed = await house.service.call('GET', `/v1/holds/${program}?account=own`, {
      ...{ as, headers: { 'tallystick-after': String(own) } },
    });
    expect(listed.body).toMatchObject({ holds: [] });
  });

  it('is waited for also while accrual is away, or has to try again', async () => {
    await accrual.close();
    const after = await enrol('patient');
    const asked = post('/v1/redemptions/quote', { account: 'patient' }, { after });
    await sleep(300);
    refusals = 2;
    accrual = await startAccrual();
    expect((await asked).status).toBe(200);
  });

  it('is not waited for by who names somebody that there is not: that is told at once', async () => {
    const after = await enrol('last');
    await post('/v1/redemptions/quote', { account: 'last' }, { after });
    const began = performance.now();
    const answer = await post('/v1/redemptions', { account: 'nobody', ...redemption }, { after });
    expect(refusal(answer)).toEqual([404, 'account-unknown']);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

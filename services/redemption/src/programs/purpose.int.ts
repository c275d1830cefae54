import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { Points, accountId, addMs, programId } from '@tallystick/kernel';
import { emptyAccount } from '@tallystick/ledger';
import type { Response, TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import { redeem as redeemWith } from '../redeem/redeem.js';
import { program } from '../testing/club.js';
import { cutStore } from '../testing/cut-store.js';
import { openHouse, refusal, store, type House } from '../testing/house.js';
import { startRedemption } from '../testing/start-redemption.js';
import { Programs } from './programs.js';
import { refusalOf } from './purpose.js';

const hourMs = 3_600_000;
const tiers = {
  ...{ by: 'spend', window: 'lifetime' },
  levels: [
    { id: 'card', from: '0' },
    { id: 'gold', from: '5' },
  ],
};
const mug = { id: 'mug', name: 'A mug', points: 150 };
const tumbler = { id: 'tumbler', name: 'A tumbler', points: 400, tier: 'gold' };
const cup = (points: number) => ({ id: 'cup', name: 'A cup', points });

let house: House;
let versions = 1;
beforeAll(async () => {
  house = await openHouse();
  await publish({ rewards: [mug, tumbler, cup(50)] });
});
afterAll(async () => {
  await house.close();
});

/** In force from now on, where it does not say otherwise. */
const publish = async (more: object): Promise<void> => {
  versions += 1;
  await house.club.publish(versions, { tiers, effectiveFrom: house.clock(), ...more });
};

const post = (
  path: string,
  key: string,
  body: object,
  by: TestService = house.service,
): Promise<Response> => by.call('POST', path, { key, as: store, body });
const spend = (key: string, account: string, kind: string, points: number, by?: TestService) =>
  post('/v1/redemptions', key, { program, account, points, kind, reference: 'till 7' }, by);
const hold = (key: string, account: string, kind: string, points: number) =>
  post('/v1/holds', key, { program, account, points, kind, reference: 'order 1' });
const nameIn = ({ body }: Response, field: 'hold' | 'redemption'): string =>
  z.looseObject({ [field]: z.string() }).parse(body)[field] ?? '';
const available = async (account: string): Promise<unknown> =>
  z
    .looseObject({ available: z.int() })
    .parse((await post('/v1/redemptions/quote', 'q', { program, account })).body).available;

describe.each([
  ['a redemption', spend],
  ['a hold', hold],
])('%s', (what, ask) => {
  const account = `rich-${what.replace(' ', '-')}`;
  const key = (name: string) => `${account}-${name}`;
  beforeAll(async () => {
    await house.club.open(account, 10_000);
  });

  it('is for money off, or for a reward at its price', async () => {
    expect((await ask(key('off'), account, 'discount', 7)).status).toBe(201);
    expect((await ask(key('mug'), account, 'reward:mug', 150)).status).toBe(201);
  });

  it('for a reward that there is not is refused, and names those that there are', async () => {
    const answer = await ask(key('none'), account, 'reward:house', 1);
    expect(refusal(answer)).toEqual([409, 'reward-unknown']);
    expect(answer.body).toMatchObject({
      detail: 'It has reward:mug for 150, reward:tumbler for 400, reward:cup for 50.',
      rewards: [{ id: 'mug', name: 'A mug', points: 150 }, { id: 'tumbler' }, { id: 'cup' }],
    });
  });

  it.each([1, 149, 151, 300])('of %d points for a reward of 150 is refused', async (points) => {
    const answer = await ask(key(`price-${points}`), account, 'reward:mug', points);
    expect(refusal(answer)).toEqual([409, 'price-differs']);
    expect(answer.body).toMatchObject({ price: 150 });
  });

  it('for what the programme has no word for is refused, and names the words', async () => {
    const answer = await ask(key('word'), account, 'mug', 150);
    expect(refusal(answer)).toEqual([409, 'kind-unknown']);
    expect(answer.body).toMatchObject({
      kinds: ['discount', 'reward:mug', 'reward:tumbler', 'reward:cup'],
    });
  });

  it('is told the price before it is told that there is too little', async () => {
    const poor = await house.club.open(`${account}-poor`, 149);
    expect(refusal(await ask(key('poor'), poor, 'reward:mug', 300))[1]).toBe('price-differs');
    const short = await ask(key('poor-2'), poor, 'reward:mug', 150);
    expect([...refusal(short), short.body]).toMatchObject([409, 'insufficient-points', {}]);
  });

  it('for a reward of a level is refused below it, and done on it', async () => {
    const low = await ask(key('low'), account, 'reward:tumbler', 400);
    expect(refusal(low)).toEqual([409, 'level-too-low']);
    expect(low.body).toMatchObject({ from: 'gold', level: 'card' });
    for (let n = 0; n < 5; n += 1) await house.club.sell(accountId(account), 1);
    expect((await ask(key('high'), account, 'reward:tumbler', 400)).status).toBe(201);
  });
});

describe('a price that changes', () => {
  it('is that of the moment, for every process, whoever started when', async () => {
    await house.club.open('moment', 1_000);
    const from = addMs(house.clock(), hourMs);
    await publish({ rewards: [mug, tumbler, cup(60)], effectiveFrom: from });
    expect((await spend('before', 'moment', 'reward:cup', 50)).status).toBe(201);
    expect(refusal(await spend('early', 'moment', 'reward:cup', 60))[1]).toBe('price-differs');
    house.pass(hourMs);
    const late = await startRedemption(house.deployment, { clock: house.clock });
    try {
      for (const [n, by] of [house.service, house.neighbour, late].entries()) {
        expect(refusal(await spend(`late-${n}`, 'moment', 'reward:cup', 50, by))).toEqual([
          409,
          'price-differs',
        ]);
        expect((await spend(`now-${n}`, 'moment', 'reward:cup', 60, by)).status).toBe(201);
      }
    } finally {
      await late.close();
    }
  });

  it('holds from the approval on: nobody is sold at the old one who asks after it', async () => {
    const account = await house.club.open('at-once', 100_000);
    let price = 60;
    for (const next of [61, 62, 63]) {
      const under = Array.from({ length: 20 }, (_, n) =>
        spend(`under-${next}-${n}`, account, 'reward:cup', price),
      );
      await publish({ rewards: [cup(next)] });
      const after = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          spend(
            `old-${next}-${n}`,
            account,
            'reward:cup',
            price,
            n % 2 === 0 ? house.service : house.neighbour,
          ),
        ),
      );
      expect(new Set(after.map((answer) => refusal(answer)[1]))).toEqual(
        new Set(['price-differs']),
      );
      for (const answer of await Promise.all(under)) expect([201, 409]).toContain(answer.status);
      price = next;
    }
    await publish({ rewards: [mug, tumbler, cup(50)] });
  });

  it('is not missed by who asks while the store is being asked', async () => {
    const { store: alive } = house.service;
    const answered = Promise.withResolvers<undefined>();
    const held = Promise.withResolvers<undefined>();
    let asked = 0;
    const programs = new Programs({
      readStreams: async (...of) => {
        asked += 1;
        const events = await alive.readStreams(...of);
        if (asked === 1) {
          answered.resolve(undefined);
          await held.promise;
        }
        return events;
      },
    });
    const before = [programs.versions(program), programs.versions(program)];
    await answered.promise;
    await publish({ rewards: [mug, tumbler, cup(50)] });
    const after = Array.from({ length: 100 }, () => programs.versions(program));
    held.resolve(undefined);
    expect(new Set((await Promise.all(before)).map((all) => all.length))).toEqual(
      new Set([versions - 1]),
    );
    expect(new Set((await Promise.all(after)).map((all) => all.length))).toEqual(
      new Set([versions]),
    );
    expect(asked).toBe(2);
  });

  it('changes nothing of what was answered: the same request is answered as before', async () => {
    const account = await house.club.open('repeat', 210);
    const first = await spend('repeat', account, 'reward:cup', 50);
    const held = await hold('repeat', account, 'reward:mug', 150);
    await publish({ rewards: [cup(70)], redemption: null });
    for (const by of [house.service, house.neighbour]) {
      const again = await spend('repeat', account, 'reward:cup', 50, by);
      expect([again.status, again.body]).toEqual([201, first.body]);
    }
    expect((await hold('repeat', account, 'reward:mug', 150)).body).toEqual(held.body);
    expect(refusal(await spend('repeat-2', account, 'reward:cup', 50))[1]).toBe('price-differs');
    expect((await spend('repeat-3', account, 'discount', 5)).body).toMatchObject({
      detail: 'They are spent on reward:cup.',
    });
    // Also when the account has forgotten it, and has too little by now.
    house.pass(1_000);
    await house.club.close(account);
    await house.service.caughtUp();
    const forgotten = await spend('repeat', account, 'reward:cup', 50);
    expect([forgotten.status, forgotten.body]).toEqual([201, first.body]);
    expect(refusal(await spend('repeat', account, 'reward:cup', 70))[1]).toBe(
      'idempotency-key-reused',
    );
    await publish({ rewards: [mug, tumbler, cup(50)] });
  });

  it('leaves a redemption that a crash cut off at the price of its beginning', async () => {
    const account = await house.club.open('cut', 100);
    const { clock, service } = house;
    const dead = cutStore(service.store);
    const accounts = new Accounts({ store: dead, clock, cache: new AccountCache() });
    const means = { store: dead, clock, accounts, programs: new Programs(service.store) };
    const asked = { program, points: Points.points(50), kind: 'reward:cup', reference: 'till 7' };
    const cause = { actor: 'store:till-7', correlationId: 'c' };
    const named = { account, follows: false };
    await expect(redeemWith(means, 'till-7', 'cut', asked, named, cause)).rejects.toThrow('killed');
    house.pass(1);
    await publish({ rewards: [mug, tumbler, cup(80)] });
    expect((await spend('cut', account, 'reward:cup', 50)).status).toBe(201);
    expect(await available(account)).toBe(50);
    await publish({ rewards: [mug, tumbler, cup(50)] });
  });

  it('is not what a hold is captured at: that is what it reserves, whole', async () => {
    const account = await house.club.open('held', 500);
    const mugs = nameIn(await hold('held-mug', account, 'reward:mug', 150), 'hold');
    const off = nameIn(await hold('held-off', account, 'discount', 100), 'hold');
    await publish({ rewards: [cup(50)], redemption: null });
    const capture = (of: string, key: string, body: object) =>
      post(`/v1/holds/${program}/${of}/captures`, key, body);
    const part = await capture(mugs, 'part', { points: 70 });
    expect(refusal(part)).toEqual([409, 'reward-in-part']);
    expect(part.body).toMatchObject({ price: 150 });
    expect(refusal(await capture(mugs, 'part', { points: 151 }))[1]).toBe('exceeds-hold');
    const whole = await capture(mugs, 'whole', {});
    expect([whole.status, whole.body]).toMatchObject([201, { points: 150, released: 0 }]);
    expect((await capture(mugs, 'whole', {})).body).toEqual(whole.body);
    const some = await capture(off, 'some', { points: 30, last: false });
    expect(some.body).toMatchObject({ points: 30, released: 0 });
    expect((await capture(off, 'rest', { points: 20 })).body).toMatchObject({ released: 50 });
    for (const [n, of] of [whole, some].entries()) {
      const path = `/v1/redemptions/${program}/${nameIn(of, 'redemption')}/refunds`;
      expect((await post(path, `back-${n}`, { reason: 'broken' })).status).toBe(201);
    }
    expect(await available(account)).toBe(480);
    await publish({ rewards: [mug, tumbler, cup(50)] });
  });
});

describe('a programme', () => {
  it('that has not begun lets nothing be spent', async () => {
    const at = addMs(house.clock(), -20 * 365 * 24 * hourMs);
    const programs = new Programs(house.service.store);
    expect(await programs.inForce(program, at)).toBe(null);
    const asked = { kind: 'discount', points: 1 };
    expect(refusalOf(emptyAccount(), asked, await programs.versions(program), at)).toEqual({
      kind: 'no-rulebook-in-force',
    });
    expect(await programs.versions(programId('nobody-wrote-it'))).toEqual([]);
  });
});

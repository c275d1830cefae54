import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMs, type AccountId } from '@tallystick/kernel';
import { manager, type Response, type TestService } from '@tallystick/testing/service';
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

interface Asked {
  readonly by: TestService;
  readonly as: typeof store | null;
}
const post = (
  path: string,
  key: string,
  body: unknown,
  { by = house.service, as = store }: Partial<Asked> = {},
): Promise<Response> => by.call('POST', path, { key, as, body });

const place = (key: string, body: object, asked: Partial<Asked> = {}) =>
  post('/v1/holds', key, { program, points: 1, reference: 'order 1', ...body }, asked);
const held = async (key: string, account: AccountId, points: number, more: object = {}) => {
  const answer = await place(key, { account, points, ...more });
  return z.looseObject({ hold: z.string() }).parse(answer.body).hold;
};
const capture = (hold: string, key: string, body: object = {}, asked: Partial<Asked> = {}) =>
  post(`/v1/holds/${program}/${hold}/captures`, key, body, asked);
const release = (hold: string, key: string, asked: Partial<Asked> = {}) =>
  post(`/v1/holds/${program}/${hold}/releases`, key, undefined, asked);
const read = async (hold: string, { by = house.service, as = store }: Partial<Asked> = {}) =>
  by.call('GET', `/v1/holds/${program}/${hold}`, { as });
const listed = async (account: string) =>
  (await house.service.call('GET', `/v1/holds/${program}?account=${account}`, { as: store })).body;
const refund = (redemption: string, key: string, asked: Partial<Asked> = {}) =>
  post(`/v1/redemptions/${program}/${redemption}/refunds`, key, { reason: 'cancelled' }, asked);
const available = async (account: string): Promise<unknown> => {
  const { body } = await post('/v1/redemptions/quote', 'q', { program, account });
  return z.looseObject({ available: z.int() }).parse(body).available;
};
const redemptionOf = ({ body }: Response): string =>
  z.looseObject({ redemption: z.string() }).parse(body).redemption;
const both = () => [house.service, house.neighbour];

describe('a hold', () => {
  it('reserves points that nobody else can spend, until a moment', async () => {
    const account = await house.club.open('plain', 10);
    const first = await place('plain', { account, points: 6, lapsesInSeconds: 60 });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ program, account, points: 6, available: 4 });
    const { hold, lapsesAt } = z
      .looseObject({ hold: z.string(), lapsesAt: z.string() })
      .parse(first.body);
    expect(Date.parse(lapsesAt) - Date.parse(house.clock())).toBeGreaterThan(50_000);
    for (const by of both()) {
      const again = await place('plain', { account, points: 6, lapsesInSeconds: 60 }, { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await place('plain', { account, points: 6 }, { by }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
      expect(await read(hold, { by })).toMatchObject({
        status: 200,
        body: {
          ...{ hold, program, account, status: 'open', points: 6, left: 6, lapsesAt },
          ...{ kind: 'discount', reference: 'order 1', redemptions: [] },
        },
      });
    }
    const short = await place('plain-2', { account, points: 5 });
    expect(refusal(short)).toEqual([409, 'insufficient-points']);
    expect(short.body).toMatchObject({ available: 4 });
  });

  it('is placed once, however many send its key at the same moment', async () => {
    const account = await house.club.open('stampede', 10);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        place(
          'stampede',
          { account, points: 3 },
          { by: n % 2 === 0 ? house.service : house.neighbour },
        ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await available(account)).toBe(7);
  });

  it('that is unknown is said to be so', async () => {
    for (const answer of [
      await read('none'),
      await capture('none', 'k'),
      await release('none', 'k'),
    ])
      expect(refusal(answer)).toEqual([404, 'hold-unknown']);
    expect(refusal(await place('nobody', { account: 'nobody' }))).toEqual([404, 'account-unknown']);
  });

  it.each([
    ['no time', { lapsesInSeconds: 0 }],
    ['more than 30 days', { lapsesInSeconds: 30 * 86_400 + 1 }],
    ['no points', { points: 0 }],
    ['a kind that is none', { kind: 'A b' }],
  ])('for %s is refused', async (_, body) => {
    expect((await place('invalid', { account: 'a', ...body })).status).toBe(400);
  });

  it('is listed while it is open', async () => {
    const account = await house.club.open('listed', 10);
    const [late, early] = [
      await held('listed-1', account, 1, { lapsesInSeconds: 900 }),
      await held('listed-2', account, 2, { lapsesInSeconds: 60 }),
    ];
    await held('listed-3', account, 3, { lapsesInSeconds: 1 });
    await release(await held('listed-4', account, 4), 'listed-4');
    house.pass(2_000);
    expect(await listed(account)).toMatchObject({
      ...{ program, account },
      holds: [
        { hold: early, points: 2, left: 2, kind: 'discount', reference: 'order 1' },
        { hold: late, points: 1, left: 1 },
      ],
    });
  });
});

describe('a capture', () => {
  it('spends all, or a part and gives the rest back, once for its key', async () => {
    const account = await house.club.open('part', 10);
    const hold = await held('part', account, 8);
    const first = await capture(hold, 'part', { points: 5 });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      ...{ hold, program, account, points: 5, released: 3, available: 5 },
      position: first.headers.get('tallystick-position'),
    });
    for (const by of both()) {
      const again = await capture(hold, 'part', { points: 5 }, { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await capture(hold, 'part', { points: 4 }, { by }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
      const closed = await capture(hold, 'part-2', {}, { by });
      expect(refusal(closed)).toEqual([409, 'hold-closed']);
      expect(closed.body).toMatchObject({ holdStatus: 'captured' });
      expect(refusal(await release(hold, 'part', { by }))).toEqual([409, 'hold-closed']);
    }
    expect((await read(hold)).body).toMatchObject({
      ...{ status: 'captured', left: 0 },
      redemptions: [{ redemption: redemptionOf(first), points: 5 }],
    });
  });

  it('that is not the last leaves the rest reserved', async () => {
    const account = await house.club.open('several', 10);
    const hold = await held('several', account, 8);
    const one = await capture(hold, 'several-1', { points: 3, last: false });
    expect(one.body).toMatchObject({ points: 3, released: 0, available: 2 });
    expect((await read(hold)).body).toMatchObject({ status: 'open', left: 5 });
    const more = await capture(hold, 'several-2', { points: 6 });
    expect(refusal(more)).toEqual([409, 'exceeds-hold']);
    expect(more.body).toMatchObject({ held: 5 });
    const two = await capture(hold, 'several-3');
    expect(two.body).toMatchObject({ points: 5, released: 0, available: 2 });
    expect((await read(hold)).body).toMatchObject({
      status: 'captured',
      redemptions: [{ points: 3 }, { points: 5 }],
    });
  });

  it('is a redemption from then on, and is refunded as one', async () => {
    const account = await house.club.open('refunded', 10);
    const hold = await held('refunded', account, 8);
    const redemption = redemptionOf(await capture(hold, 'refunded', { points: 5 }));
    const back = await refund(redemption, 'refunded');
    expect([back.status, back.body]).toMatchObject([201, { points: 5, available: 10 }]);
    expect((await refund(redemption, 'refunded')).body).toEqual(back.body);
    expect(refusal(await refund(redemption, 'again'))).toEqual([409, 'already-refunded']);
  });

  it('a hold that lapses while it is captured: it is one or the other, and no point is there twice', async () => {
    const account = await house.club.open('lapsing', 100);
    const moment = Date.parse(house.clock()) + 1_500;
    const holds: string[] = [];
    for (let n = 0; n < 10; n += 1)
      holds.push(await held(`lapsing-${n}`, account, 10, { lapsesInSeconds: 1 }));
    // The clock of accrual posts the lapses while the captures come.
    const lapsing = (async () => {
      while (Date.parse(house.clock()) < moment) await house.club.lapse(account);
    })();
    const answers = await Promise.all(
      holds.map(async (hold, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 150));
        return capture(hold, `lapsing-${n}`, {}, { by: both()[n % 2] ?? house.service });
      }),
    );
    await lapsing;
    const captured = answers.filter(({ status }) => status === 201).length;
    expect(answers.filter(({ problem }) => problem === 'hold-lapsed')).toHaveLength(10 - captured);
    house.pass(2_000);
    await house.club.lapse(account);
    expect(await available(account)).toBe(100 - 10 * captured);
  });

  it('of a hold whose time is over is refused, posted or not; it is lapsed for who asks', async () => {
    const account = await house.club.open('late', 10);
    const hold = await held('late', account, 8, { lapsesInSeconds: 1 });
    house.pass(1_500);
    const check = async () => {
      for (const by of both())
        expect(refusal(await capture(hold, 'late', {}, { by }))).toEqual([409, 'hold-lapsed']);
      expect((await read(hold)).body).toMatchObject({ status: 'lapsed', left: 0 });
    };
    await check();
    expect(refusal(await release(hold, 'late'))).toEqual([409, 'hold-lapsed']);
    expect(await available(account)).toBe(10);
    await house.club.lapse(account);
    await check();
    expect(await available(account)).toBe(10);
  });

  it('its points can be spent at once when its time is over, posted or not, and once', async () => {
    const account = await house.club.open('over', 10);
    await held('over', account, 8, { lapsesInSeconds: 1 });
    const spend = (key: string, points: number, by: TestService) =>
      post('/v1/redemptions', key, { program, account, points, reference: 'till 7' }, { by });
    expect(refusal(await spend('over-1', 3, house.service))).toEqual([409, 'insufficient-points']);
    house.pass(1_500);
    const spent = await Promise.all(both().map((by, n) => spend(`over-${n + 2}`, 9, by)));
    expect(spent.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect(await available(account)).toBe(1);
    await house.club.lapse(account);
    expect(await available(account)).toBe(1);
    const won = spent.findIndex(({ status }) => status === 201);
    for (const by of both())
      expect((await spend(`over-${won + 2}`, 9, by)).body).toEqual(spent[won]?.body);
  });

  it('spends what has expired since it was reserved', async () => {
    const expiresAt = addMs(house.clock(), 1_000);
    const account = await house.club.open('expired', 10, { expiresAt });
    const hold = await held('expired', account, 8);
    house.pass(2_000);
    const answer = await capture(hold, 'expired', { points: 6 });
    expect([answer.status, answer.body]).toMatchObject([201, { points: 6, available: 0 }]);
  });
});

describe('a release', () => {
  it('gives back what is still reserved, once for its key', async () => {
    const account = await house.club.open('release', 10);
    const hold = await held('release', account, 8);
    await capture(hold, 'release', { points: 3, last: false });
    const first = await release(hold, 'release');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      ...{ hold, program, account, points: 5, arrearsPaid: 0, available: 7 },
    });
    for (const by of both()) {
      const again = await release(hold, 'release', { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      const other = await release(hold, 'release-2', { by });
      expect([other.problem, other.body]).toMatchObject([
        'hold-closed',
        { holdStatus: 'released' },
      ]);
      expect(refusal(await capture(hold, 'release-3', {}, { by }))).toEqual([409, 'hold-closed']);
    }
    expect((await read(hold)).body).toMatchObject({
      ...{ status: 'released', left: 0, redemptions: [{ points: 3 }] },
    });
  });

  it('pays what the account owes', async () => {
    const account = await house.club.open('owing');
    const sold = await house.club.sell(account, 10);
    const hold = await held('owing', account, 6);
    await house.club.takeBack(account, sold);
    expect((await release(hold, 'owing')).body).toMatchObject({ arrearsPaid: 6, available: 0 });
  });

  it('and a capture at the same moment: one of the two happens', async () => {
    const account = await house.club.open('race', 40);
    for (let n = 0; n < 10; n += 1) {
      const hold = await held(`race-${n}`, account, 2);
      const answers = await Promise.all([
        capture(hold, `race-${n}`, {}, { by: house.service }),
        release(hold, `race-${n}`, { by: house.neighbour }),
      ]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    }
  });
});

describe('merge of accounts with holds open', () => {
  it.each([
    ['whole', false],
    ['broken off between its halves', true],
  ])('%s: each goes on at the successor, under its own name', async (name, half) => {
    const key = name.replaceAll(' ', '-');
    const [old, young] = [
      await house.club.open(`old-${key}`, 10),
      await house.club.open(`young-${key}`, 1),
    ];
    const holds: string[] = [];
    for (const n of [1, 2, 3, 4]) holds.push(await held(`${key}-${n}`, old, 2));
    const [one = '', two = '', three = '', four = ''] = holds;
    const before = await capture(one, `${key}-1`);
    await house.club.merge(old, young, half);
    expect((await read(two)).body).toMatchObject({ status: 'open', left: 2 });
    expect((await capture(two, `${key}-2`)).body).toMatchObject({ account: young, available: 3 });
    expect((await release(three, `${key}-3`)).body).toMatchObject({ account: young, available: 5 });
    const redemption = redemptionOf(before);
    expect((await refund(redemption, key)).body).toMatchObject({ account: young, available: 7 });
    for (const by of both()) {
      const again = await capture(one, `${key}-1`, {}, { by });
      expect([again.status, again.body]).toEqual([201, before.body]);
      expect((await capture(two, `${key}-2`, {}, { by })).body).toMatchObject({ available: 3 });
      expect((await release(three, `${key}-3`, { by })).body).toMatchObject({ available: 5 });
      expect((await read(four, { by })).body).toMatchObject({ account: young, status: 'open' });
    }
    expect(await listed(young)).toMatchObject({ holds: [{ hold: four }] });
    expect(refusal(await place(`${key}-5`, { account: old }))).toEqual([409, 'account-merged']);
  });
});

describe('a closed period', () => {
  it('does not make anybody forget what became of a hold', async () => {
    const account = await house.club.open('closed', 20);
    const [one, two, open] = [
      await held('closed-1', account, 2),
      await held('closed-2', account, 3),
      await held('closed-3', account, 4, { lapsesInSeconds: 86_400 }),
    ];
    const placed = await place('closed-4', { account, points: 1 });
    const captured = await capture(one, 'closed-1');
    const released = await release(two, 'closed-2');
    house.pass(1_000);
    await house.club.close(account);
    await house.service.caughtUp();
    for (const by of both()) {
      expect((await place('closed-4', { account, points: 1 }, { by })).body).toEqual(placed.body);
      expect((await capture(one, 'closed-1', {}, { by })).body).toEqual(captured.body);
      expect((await release(two, 'closed-2', { by })).body).toEqual(released.body);
      expect(refusal(await capture(one, 'closed-5', {}, { by }))).toEqual([409, 'hold-closed']);
      expect(refusal(await release(two, 'closed-5', { by }))).toEqual([409, 'hold-closed']);
      expect((await read(one, { by })).body).toMatchObject({ status: 'captured' });
    }
    expect((await capture(open, 'closed-3')).status).toBe(201);
  });
});

describe('who may do what with a hold', () => {
  it.each([
    ['nobody without a token', null, [401, 401, 401, 401]],
    ['a store', store, [201, 200, 201, 409]],
    ['a manager', manager, [201, 200, 201, 409]],
    ['the member places, reads and releases', memberOf('whose'), [201, 200, 403, 201]],
    ['no other member', memberOf('other'), [403, 404, 403, 404]],
    ['no store elsewhere', { ...store, programs: ['other'] }, [403, 403, 403, 403]],
  ])('%s', async (who, as, statuses) => {
    const key = who.replaceAll(' ', '-');
    const account = await house.club.open(as?.sub === 'member-of-whose' ? 'whose' : key, 10);
    const placed = await place(`${key}-1`, { account }, { as });
    const hold = await held(`${key}-2`, account, 1);
    expect([
      placed.status,
      (await read(hold, { as })).status,
      (await capture(hold, key, {}, { as })).status,
      (await release(hold, key, { as })).status,
    ]).toEqual(statuses);
  });
});

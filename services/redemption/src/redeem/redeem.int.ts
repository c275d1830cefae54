import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHash, newEvent } from '@tallystick/event-store';
import { addMs, ledgerStream, type AccountId } from '@tallystick/kernel';
import type { Response, TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store, type House } from '../testing/house.js';
import { redemptionFact, redemptionIdOf, redemptionStream } from './redemption-stream.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const redeemed = z.object({
  ...{ redemption: z.string(), account: z.string(), points: z.int(), available: z.int() },
  position: z.string(),
});

const redeem = (
  key: string,
  body: object,
  { by = house.service, as = store }: { by?: TestService; as?: typeof store | null } = {},
): Promise<Response> =>
  by.call('POST', '/v1/redemptions', {
    key,
    as,
    body: { program, points: 1, reference: 'till 7', ...body },
  });
const quote = (body: object, as = store) =>
  house.service.call('POST', '/v1/redemptions/quote', { as, body: { program, ...body } });

describe('a redemption', () => {
  it('takes points, and says what is left', async () => {
    const account = await house.club.open('plain', 10);
    const { status, body, headers } = await redeem('plain', { account, points: 4 });
    expect(status).toBe(201);
    expect(body).toEqual({
      ...{ redemption: redemptionIdOf(program, 'till-7', 'plain'), program, account },
      ...{ points: 4, available: 6, position: headers.get('tallystick-position') },
    });
  });

  it('keeps its events under the names that they have for ever', async () => {
    const account = await house.club.open('named', 10);
    await redeem('named', { account, points: 4 });
    const id = redemptionIdOf(program, 'till-7', 'named');
    expect(id).toBe(contentHash({ program, subject: 'till-7', key: 'named' }).slice(0, 32));
    const [own, ledger] = [redemptionStream(program, id), ledgerStream(program, account)];
    const events = await house.service.store.readStreams([own, ledger]);
    const [begun] = events.get(own) ?? [];
    const spent = events.get(ledger)?.at(-1);
    if (begun === undefined || spent === undefined) throw new Error('nothing was written');
    expect(JSON.parse(begun.data)).toEqual({
      ...{ redemption: id, program, account, points: 4, kind: 'discount', reference: 'till 7' },
      hash: contentHash({ program, account, points: 4, kind: 'discount', reference: 'till 7' }),
    });
    const fact = redemptionFact(program, id);
    for (const [ordinal, { id: eventId, type, data, metadata }] of [begun, spent].entries()) {
      const parsed: object = z.record(z.string(), z.unknown()).parse(JSON.parse(data));
      expect(newEvent(fact, ordinal, { type, data: parsed }, metadata).id).toBe(eventId);
    }
  });

  it('sent again is answered as before, by another process too, also when more has happened since', async () => {
    const account = await house.club.open('again', 10);
    const first = await redeem('again', { account, points: 4 });
    await redeem('again-2', { account, points: 1 });
    for (const by of [house.service, house.neighbour]) {
      const again = await redeem('again', { account, points: 4 }, { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
    }
  });

  it('with the key of another request is refused, whatever else would be wrong with it', async () => {
    const account = await house.club.open('reused', 10);
    const other = await house.club.open('reused-other');
    await redeem('reused', { account, points: 4 });
    for (const by of [house.service, house.neighbour])
      for (const changed of [
        { account, points: 5 },
        { account, points: 4_000 },
        { account: other, points: 4 },
        { account: 'nobody', points: 4 },
        { account, points: 4, reference: 'till 8' },
      ])
        expect(refusal(await redeem('reused', changed, { by }))).toEqual([
          422,
          'idempotency-key-reused',
        ]);
    const somebodyElse = { as: { ...store, sub: 'till-8' } };
    expect((await redeem('reused', { account, points: 5 }, somebodyElse)).status).toBe(201);
  });

  it('of more than there is is refused, and decided afresh when it comes again', async () => {
    const account = await house.club.open('short', 3);
    const short = await redeem('short', { account, points: 4 });
    expect(refusal(short)).toEqual([409, 'insufficient-points']);
    expect(short.body).toMatchObject({ available: 3 });
    await house.club.give(account, 1);
    expect((await redeem('short', { account, points: 4 })).status).toBe(201);
  });

  it('cannot spend what is pending or has lapsed', async () => {
    const at = house.clock();
    const account = await house.club.open('dates', 3, { expiresAt: at });
    await house.club.give(account, 5, { availableAt: addMs(at, 86_400_000) });
    expect((await redeem('dates', { account })).body).toMatchObject({ available: 0 });
  });

  it('is refused where nobody has the account or the card', async () => {
    for (const named of [{ account: 'nobody' }, { card: '0000' }])
      expect(refusal(await redeem('nobody', named))).toEqual([404, 'account-unknown']);
  });

  it.each([
    ['neither account nor card', {}],
    ['both', { account: 'a', card: '1' }],
    ['no points', { account: 'a', points: 0 }],
    ['half a point', { account: 'a', points: 0.5 }],
    ['an empty reference', { account: 'a', reference: '' }],
    ['a text that cannot be', { account: 'a\u0000', reference: 'x' }],
    ['more than we asked for', { account: 'a', more: true }],
  ])('with %s is refused', async (_, body) => {
    expect((await redeem('invalid', body)).status).toBe(400);
  });

  it('needs a key', async () => {
    const body = { program, account: 'a', points: 1, reference: 'r' };
    const { problem } = await house.service.call('POST', '/v1/redemptions', { body });
    expect(problem).toBe('idempotency-key-missing');
  });
});

describe('who may redeem', () => {
  let account: AccountId;
  beforeAll(async () => {
    account = await house.club.open('whose', 100);
    await house.club.link(house.tokenOf('4711'), account);
    await house.service.caughtUp();
    await house.neighbour.caughtUp();
  });

  it.each([
    ['nobody without a token', null, 401],
    ['a store of the programme', store, 201],
    ['no store of another programme', { ...store, programs: ['other'] }, 403],
    ['the member', memberOf('whose'), 201],
    ['no other member', memberOf('other'), 403],
    ['no auditor', { ...store, roles: ['auditor' as const] }, 403],
  ])('%s', async (who, as, status) => {
    const key = who.replaceAll(' ', '-');
    expect((await redeem(key, { account }, { as })).status).toBe(status);
    const byCard = status === 403 && as?.roles.includes('member') === true ? 404 : status;
    expect((await redeem(`${key}-card`, { card: ' 4711' }, { as })).status).toBe(byCard);
  });
});

describe('at one instant', () => {
  it('two cards of one member used: no more than there is is spent', async () => {
    const account = await house.club.open('two-cards', 30);
    for (const card of ['77-1', '77-2']) await house.club.link(house.tokenOf(card), account);
    await house.service.caughtUp();
    await house.neighbour.caughtUp();
    const useEach = () =>
      Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          redeem(
            `two-cards-${n}`,
            { card: n % 2 === 0 ? '77-1' : '77-2', points: 1 },
            { by: n % 4 < 2 ? house.service : house.neighbour },
          ),
        ),
      );
    const answers = await useEach();
    expect((await useEach()).map(({ body }) => body)).toEqual(answers.map(({ body }) => body));
    const left = answers.flatMap(({ status, body }) =>
      status === 201 ? [redeemed.parse(body).available] : [],
    );
    expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect((await quote({ account })).body).toMatchObject({ available: 0 });
  });

  it('one key sent many times to two processes: it is redeemed once, and all get one answer', async () => {
    const account = await house.club.open('stampede', 30);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        redeem(
          'stampede',
          { account, points: 3 },
          { by: n % 2 === 0 ? house.service : house.neighbour },
        ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await quote({ account })).body).toMatchObject({ available: 27 });
  });

  it('redeem against one pool, deduct from another: what one account spends, no other loses', async () => {
    const [one, other] = [await house.club.open('pool-1', 50), await house.club.open('pool-2', 50)];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => redeem(`pool-${n}`, { account: one })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    expect((await quote({ account: one })).body).toMatchObject({ available: 0 });
    expect((await quote({ account: other })).body).toMatchObject({ available: 50 });
  });
});

describe('an account that became part of another', () => {
  it('is answered with its successor by its id, and followed there by a card', async () => {
    const [old, young] = [await house.club.open('old', 10), await house.club.open('young', 5)];
    await house.club.link(house.tokenOf('88'), old);
    await house.service.caughtUp();
    const before = await redeem('before-merge', { account: old, points: 2 });
    const byCard = await redeem('before-merge-card', { card: '88', points: 1 });
    await house.club.merge(old, young);
    for (const by of [house.service, house.neighbour]) {
      await by.caughtUp();
      const answer = await redeem(`by-id`, { account: old }, { by });
      expect(refusal(answer)).toEqual([409, 'account-merged']);
      expect(answer.body).toMatchObject({ successor: young });
      const again = await redeem('before-merge', { account: old, points: 2 }, { by });
      expect([again.status, again.body]).toEqual([201, before.body]);
      const againByCard = await redeem('before-merge-card', { card: '88', points: 1 }, { by });
      expect([againByCard.status, againByCard.body]).toEqual([201, byCard.body]);
    }
    expect(refusal(await redeem('before-merge', { account: old, points: 3 }))).toEqual([
      422,
      'idempotency-key-reused',
    ]);
    const followed = await redeem('after-merge', { card: '88', points: 3 });
    expect(followed.body).toMatchObject({ account: young, available: 9 });
    for (const by of [house.service, house.neighbour]) {
      const again = await redeem('after-merge', { card: '88', points: 3 }, { by });
      expect([again.status, again.body]).toEqual([201, followed.body]);
    }
    expect((await quote({ card: '88' })).body).toMatchObject({ account: young, available: 9 });
    expect(refusal(await quote({ account: old }))).toEqual([409, 'account-merged']);
  });

  it('is followed there also when a crash had come between the halves of the merge', async () => {
    const [old, young] = [await house.club.open('old-2', 10), await house.club.open('young-2', 5)];
    await house.club.link(house.tokenOf('89'), old);
    await house.club.merge(old, young, true);
    await house.service.caughtUp();
    const { body } = await redeem('half-merge', { card: '89', points: 12 });
    expect(body).toMatchObject({ account: young, available: 3 });
  });
});

describe('a closed period', () => {
  it('does not make anybody forget what was redeemed before it', async () => {
    const account = await house.club.open('closed', 10);
    const first = await redeem('closed', { account, points: 4 });
    house.pass(1_000);
    await house.club.close(account);
    await house.service.caughtUp();
    for (const by of [house.service, house.neighbour]) {
      const again = await redeem('closed', { account, points: 4 }, { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await redeem('closed', { account, points: 5 }, { by }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
    }
    expect((await redeem('closed-new', { account, points: 6 })).body).toMatchObject({
      available: 0,
    });
  });
});

describe('a quote', () => {
  it('says what points could pay, and promises nothing', async () => {
    const account = await house.club.open('quote', 250);
    expect((await quote({ account })).body).toEqual({
      ...{ program, account, available: 250, pending: 0, arrears: 0, points: 250 },
      arrearsPolicy: 'next-awards',
      value: { amount: '2.50', currency: 'GBP' },
    });
    expect((await quote({ account, points: 100 })).body).toMatchObject({ points: 100 });
    expect(refusal(await quote({ account: 'nobody' }))).toEqual([404, 'account-unknown']);
  });
});

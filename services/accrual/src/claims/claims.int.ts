import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMs, systemClock } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { maria, openClub, publish, type Club } from '../testing/club.js';
import { mergeByTwo } from '../testing/merging.js';
import { startAccrual } from '../testing/start-accrual.js';

let deployment: Deployment;
let service: TestService;
let neighbour: TestService;
let club: Club;
const manager: TokenClaims = { ...maria, chains: ['*'], stores: ['*'] };
const till: TokenClaims = { ...manager, sub: 'till', roles: ['store'] };

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  neighbour = await startAccrual(deployment);
  club = await openClub(service);
  for (const name of ['ann', 'bob']) await club.open(name);
  await club.attach('4711', 'ann');
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const named = (number: string, program: string = club.program) => ({
  ...{ program, chain: 'c', store: 's', till: 't', number, businessDate: '2026-05-05' },
});
const send = (number: string, more: object = {}) =>
  service.call('POST', '/v1/receipts', {
    as: till,
    body: {
      ...named(number),
      ...{ occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP' },
      lines: [
        { ordinal: 1, product: 'tea', quantity: '2', unitPrice: '10.00' },
        { ordinal: 2, product: 'pot', quantity: '1', unitPrice: '5.50' },
      ],
      ...more,
    },
  });
const member = (account: string): TokenClaims => ({
  ...{ sub: account, roles: ['member'], programs: [club.program], member: `m-${account}`, account },
});
const claim = (
  number: string,
  as: TokenClaims | null,
  more: object = {},
  by: TestService = service,
) => by.call('POST', '/v1/receipts/claims', { as, body: { ...named(number), ...more } });
const total = '25.5';

describe('a receipt without a card', () => {
  it('is claimed by a member with its number and its total, and earns what it would have earned', async () => {
    expect((await send('1')).body).toMatchObject({ outcome: 'nothing', reason: 'no-card' });
    const claimed = await claim('1', member('ann'), { total });
    expect(claimed).toMatchObject({
      status: 200,
      body: { outcome: 'awarded', account: 'ann', earned: 25, known: false },
    });
    expect(await club.value('ann')).toMatchObject({ available: 25 });
    // The till may send it again, and is told the same.
    expect((await send('1')).body).toMatchObject({ account: 'ann', earned: 25, known: true });
  });

  it('claimed again is answered as before, and counts once', async () => {
    await send('2');
    const before = (await club.value('bob')).available;
    const answers = [];
    for (let turn = 0; turn < 3; turn += 1)
      answers.push(await claim('2', member('bob'), { total }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(({ body }) => body)).toMatchObject([
      { earned: 25, known: false },
      { earned: 25, known: true },
      { earned: 25, known: true },
    ]);
    expect((await club.value('bob')).available).toBe(before + 25);
  });

  it('is one account’s only: of two who claim it at one instant in two processes, one wins, each time', async () => {
    const before = (await club.value('ann')).available + (await club.value('bob')).available;
    for (let round = 0; round < 20; round += 1) {
      const number = `race-${round}`;
      await send(number);
      const answers = await Promise.all([
        claim(number, member('ann'), { total }),
        claim(number, member('bob'), { total }, neighbour),
        claim(number, member('bob'), { total }),
      ]);
      const [ann, ...bobs] = answers.map(({ status, problem }) => problem ?? String(status));
      expect([
        ['200', 'receipt-claimed', 'receipt-claimed'],
        ['receipt-claimed', '200', '200'],
      ]).toContainEqual([ann, ...bobs]);
    }
    const after = (await club.value('ann')).available + (await club.value('bob')).available;
    expect(after).toBe(before + 20 * 25);
  });

  it('is unknown to who does not know its total', async () => {
    await send('3');
    for (const wrong of ['25.51', '0']) {
      const { status, problem } = await claim('3', member('ann'), { total: wrong });
      expect([status, problem]).toEqual([404, 'receipt-unknown']);
    }
    const untold = await claim('3', member('ann'));
    expect([untold.status, untold.fields]).toEqual([400, ['total']]);
    expect((await claim('none', member('ann'), { total })).problem).toBe('receipt-unknown');
    expect((await claim('3', member('ann'), { total: '25.50' })).status).toBe(200);
  });

  it('is claimed for a member by a manager, who names the account', async () => {
    await send('4');
    expect((await claim('4', manager)).fields).toEqual(['account']);
    expect((await claim('4', manager, { account: 'nobody' })).problem).toBe('account-unknown');
    expect(await claim('4', manager, { account: 'bob' })).toMatchObject({
      status: 200,
      body: { account: 'bob', earned: 25 },
    });
  });

  it('is claimed by a card of the account as well, and by one of the two', async () => {
    await send('card');
    const both = await claim('card', manager, { account: 'ann', card: '4711' });
    expect([both.status, both.fields]).toEqual([400, ['card']]);
    const nobodys = await claim('card', manager, { card: 'nobodys' });
    expect([nobodys.status, nobodys.problem]).toEqual([404, 'card-unknown']);
    expect((await claim('card', member('bob'), { total, card: '4711' })).status).toBe(403);
    expect((await claim('card', member('bob'), { total, card: 'nobodys' })).status).toBe(403);
    expect(await claim('card', manager, { card: ' 4711 ' })).toMatchObject({
      ...{ status: 200, body: { account: 'ann', earned: 25, known: false } },
    });
    expect(await claim('card', member('ann'), { total, card: '4711' })).toMatchObject({
      ...{ status: 200, body: { account: 'ann', known: true } },
    });
  });

  it('goes on belonging to who claimed it when the till corrects it', async () => {
    await send('5');
    await claim('5', member('ann'), { total });
    const before = (await club.value('ann')).available;
    const lines = [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '10.00' }];
    expect((await send('5', { revision: 2, lines })).body).toMatchObject({
      ...{ outcome: 'awarded', account: 'ann', earned: 10, reversed: 25 },
    });
    expect((await club.value('ann')).available).toBe(before - 15);
  });

  it('is taken back where its goods come back, from the account that claimed it', async () => {
    await send('6');
    await claim('6', member('bob'), { total });
    const { program: _, ...sale } = named('6');
    const back = await send('7', {
      lines: [
        {
          ...{ ordinal: 1, product: 'tea', quantity: '-1', unitPrice: '10.00' },
          original: { ...sale, ordinal: 1 },
        },
      ],
    });
    expect(back.body).toMatchObject({ account: 'bob', reversed: 10 });
  });

  it('goes to the successor of a merged account, by the token that names the one before', async () => {
    await club.open('old');
    await club.open('new');
    const which = { program: club.program, source: 'old', target: 'new' };
    expect(await mergeByTwo(service, which, { key: 'merge' })).toMatchObject({ status: 201 });
    await send('8');
    expect((await claim('8', member('old'), { total })).body).toMatchObject({ account: 'new' });
    expect((await claim('8', member('new'), { total })).body).toMatchObject({ known: true });
    expect(await club.value('new')).toMatchObject({ available: 25 });
    // Either may name the successor; who has the successor may show a card that had led to the one before.
    await send('8a');
    const successor = await claim('8a', member('old'), { total, account: 'new' });
    expect(successor.body).toMatchObject({ account: 'new', earned: 25 });
    await club.attach('4712', 'old');
    await send('8b');
    const card = await claim('8b', member('new'), { total, card: '4712' });
    expect(card.body).toMatchObject({ account: 'new', earned: 25 });
    expect(await claim('8b', member('ann'), { total, card: '4712' })).toMatchObject({
      status: 403,
    });
  });

  it('is rated under the rulebook of the time of the sale, whatever is in force when it is claimed', async () => {
    await send('9');
    const soon = addMs(systemClock(), 1_500);
    const second = {
      ...{ rulebook: 1, program: club.program, version: 2, name: 'Club', effectiveFrom: soon },
      ...{ currency: 'GBP', timeZone: 'Europe/London' },
      earning: [{ id: 'base', points: 2, per: '1.00', rounding: 'down', level: 'receipt' }],
    };
    await publish(service, JSON.stringify(second));
    await eventually(() => Promise.resolve(systemClock() > soon));
    const occurredAt = systemClock();
    const businessDate = occurredAt.slice(0, 10);
    await send('10', { occurredAt, businessDate });
    const claimed = [
      await claim('9', manager, { account: 'ann' }),
      await claim('10', manager, { account: 'ann', businessDate }),
    ];
    expect(claimed.map(({ body }) => body)).toMatchObject([{ earned: 25 }, { earned: 51 }]);
  });
});

describe('what cannot be claimed', () => {
  it('a receipt with a card, whether or not that leads to somebody', async () => {
    await send('20', { card: '4711' });
    await send('21', { card: 'nobodys' });
    for (const number of ['20', '21'])
      expect((await claim(number, member('bob'), { total })).problem).toBe('receipt-has-card');
  });

  it('a receipt that goes nowhere for another reason', async () => {
    await send('22', { currency: 'EUR' });
    const { status, problem, body } = await claim('22', member('bob'), { total });
    expect([status, problem]).toEqual([409, 'receipt-not-claimable']);
    expect(body).toMatchObject({ detail: 'other-currency' });
  });

  it('a receipt that is older than the programme’s policy lets it', async () => {
    const strict = await openClub(service, { claims: { windowDays: 30 } });
    await strict.open('cid');
    const body = {
      ...named('1', strict.program),
      ...{ occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP' },
      lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '1.00' }],
    };
    await service.call('POST', '/v1/receipts', { as: till, body });
    const late = await service.call('POST', '/v1/receipts/claims', {
      ...{ as: manager, body: { ...named('1', strict.program), account: 'cid' } },
    });
    expect([late.status, late.problem]).toEqual([409, 'claim-too-late']);
  });
});

describe('who may claim', () => {
  it.each<[string, () => TokenClaims | null, number]>([
    ['nobody without a token', () => null, 401],
    ['no store', () => till, 403],
    ['no member of another programme', () => ({ ...member('ann'), programs: ['other'] }), 403],
    ['no member of another account', () => member('bob'), 403],
    ['no manager of other stores', () => ({ ...manager, stores: ['other'] }), 403],
  ])('%s', async (_, as, expected) => {
    await send('30');
    expect((await claim('30', as(), { total, account: 'ann' })).status).toBe(expected);
  });
});

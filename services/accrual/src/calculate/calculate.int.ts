import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service, {
    earning: [
      { id: 'base', points: 1, per: '1.00' },
      {
        ...{ id: 'app', kind: 'bonus', points: 30, when: 'receipt.channel == "app"' },
        caps: [{ points: 50, per: 'month' }],
      },
    ],
    exclusions: { categories: ['tobacco'] },
    tiers: {
      ...{ by: 'spend', window: 'rolling-12-months' },
      levels: [
        { id: 'card', from: '0' },
        { id: 'silver', from: '100', multiplier: '2', discount: '10' },
      ],
    },
    redemption: { points: 100, value: '1.00' },
    rewards: [{ id: 'mug', name: 'A mug', points: 120 }],
  });
  await club.open('ann');
  await club.attach('4711', 'ann');
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const till: TokenClaims = {
  ...maria,
  ...{ sub: 'till-1', roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
};
const basket = (number: string, amounts: readonly string[], more: object = {}) => ({
  ...{ program: club.program, chain: 'c', store: 's', till: 't', number },
  ...{ businessDate: '2026-05-05', occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP' },
  ...{ card: '4711', channel: 'app' },
  lines: amounts.map((amount, index) => ({
    ...{ ordinal: index + 1, product: `p${index}`, quantity: '1', amount },
  })),
  ...more,
});
const calculate = async (body: object) =>
  await service.call('POST', '/v1/receipts/calculate', { as: till, body });
const sell = async (body: object) => await service.call('POST', '/v1/receipts', { as: till, body });
const field = (body: unknown, name: string): unknown => Reflect.get(Object(body), name);
const pays = (body: unknown): string[] =>
  (field(body, 'lines') as { pays: string }[]).map((line) => line.pays);

describe('a basket at the till', () => {
  it('earns what it is said to, receipt after receipt, through levels and caps', async () => {
    const told: unknown[] = [];
    for (const [index, amounts] of [['60.00', '60.00'], ['80.00'], ['9.99', '0.02']].entries()) {
      const asked = await calculate(basket(`${index}`, amounts));
      expect(asked.status).toBe(200);
      const sold = await sell(basket(`${index}`, pays(asked.body)));
      expect(field(sold.body, 'earned')).toBe(field(asked.body, 'earns'));
      expect(field(sold.body, 'lines')).toEqual(
        (field(asked.body, 'lines') as { ordinal: number; points: number }[]).map(
          ({ ordinal, points }) => ({ ordinal, outcome: 'earned', points }),
        ),
      );
      const { tier, discount, earns, awards } = asked.body as Record<string, unknown>;
      told.push({ tier, discount, earns, awards });
    }
    expect(told).toEqual([
      {
        ...{ tier: 'card', discount: '0', earns: 150 },
        awards: [
          { rule: 'base', kind: 'base', points: 120 },
          { rule: 'app', kind: 'bonus', points: 30 },
        ],
      },
      {
        ...{ tier: 'silver', discount: '8', earns: 164 },
        awards: [
          { rule: 'base', kind: 'base', points: 144 },
          { rule: 'app', kind: 'bonus', points: 20 },
        ],
      },
      {
        ...{ tier: 'silver', discount: '1', earns: 18 },
        awards: [{ rule: 'base', kind: 'base', points: 18 }],
      },
    ]);
  });

  it('is told what points could pay and buy, and keeps nothing', async () => {
    const body = basket('9', ['10.00', '5.00'], { channel: undefined });
    const first = await calculate(body);
    expect(first.body).toMatchObject({
      payable: { points: 332, amount: '3.32' },
      rewards: [{ id: 'mug' }],
      discount: '1.5',
      pays: '13.5',
      lines: [{ discount: { percent: '10', by: 'tier:silver', amount: '1' } }, {}],
    });
    expect((await calculate(body)).body).toEqual(first.body);
    const query = 'chain=c&store=s&till=t&number=9&businessDate=2026-05-05';
    const found = await service.call('GET', `/v1/receipts?program=${club.program}&${query}`, {
      as: till,
    });
    expect(found.status).toBe(404);
  });

  it('once sold, is explained by what was stored with it', async () => {
    const of = (number: string) =>
      `program=${club.program}&chain=c&store=s&till=t&number=${number}&businessDate=2026-05-05`;
    const explain = async (number: string) =>
      await service.call('GET', `/v1/receipts/explanation?${of(number)}`, { as: till });
    const cap = { by: 'cap', of: 'rule', per: 'month' };
    expect(await explain('1')).toMatchObject({
      status: 200,
      body: {
        ...{ outcome: 'awarded', reason: null },
        awards: [
          {
            ...{ points: 164, proven: true, rulebook: { version: 1 } },
            explanation: {
              tier: { level: 'silver' },
              lines: [{ ordinal: 1, amount: '72', counted: '72', points: 164 }],
              rules: [
                { rule: 'base', outcome: 'gave', exact: '144', points: 144 },
                { rule: 'app', outcome: 'gave', points: 20, cuts: [{ ...cap, room: 20, cut: 10 }] },
              ],
            },
          },
        ],
      },
    });
    // The room under the cap is what it was then, not what it is by now.
    expect((await explain('0')).body).toMatchObject({
      awards: [
        { proven: true, explanation: { rules: [{}, { rule: 'app', cuts: [], points: 30 }] } },
      ],
    });
    expect((await explain('2')).body).toMatchObject({
      awards: [{ proven: true, explanation: { rules: [{}, { rule: 'app', outcome: 'cut' }] } }],
    });
    expect((await explain('77')).status).toBe(404);
    await sell(basket('20', ['5.00'], { card: '9999' }));
    expect((await explain('20')).body).toMatchObject({ outcome: 'waiting', awards: [] });
  });

  it('of a card that is nobody’s earns nothing, and is not reduced', async () => {
    expect((await calculate(basket('10', ['200.00'], { card: '9999' }))).body).toMatchObject({
      ...{ account: null, tier: null, earns: 0, reason: 'card-unknown' },
      ...{ discount: '0', pays: '200', payable: null, rewards: [] },
    });
    expect((await calculate(basket('10', ['1.00'], { card: null }))).body).toMatchObject({
      reason: 'no-card',
    });
  });

  it('that cannot be calculated is told why', async () => {
    expect(await calculate(basket('11', ['1.00'], { currency: 'EUR' }))).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('other-currency') },
    });
    expect(await calculate(basket('11', ['1.00'], { program: 'none' }))).toMatchObject({
      status: 404,
    });
    const early = { businessDate: '2019-05-05', occurredAt: '2019-05-05T12:00:00Z' };
    expect(await calculate(basket('11', ['1.00'], early))).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('no-rulebook-in-force') },
    });
    expect(await calculate({ ...basket('11', []), lines: [] })).toMatchObject({ status: 422 });
  });
});

describe('a campaign and a membership that is paid for', () => {
  it('are told at the till as they then are: what is left of the budget, and the level from the fee on', async () => {
    const plus = await openClub(service, {
      earning: [{ id: 'base', points: 1, per: '1.00', budget: 'spring' }],
      budgets: [{ id: 'spring', points: 50 }],
      exclusions: { products: ['plus-year'] },
      tiers: {
        ...{ by: 'paid', window: 'lifetime' },
        levels: [
          { id: 'basic', from: '0' },
          { id: 'plus', from: '1', multiplier: '2', discount: '10' },
        ],
      },
      memberships: [{ id: 'year', level: 'plus', months: 12, fee: '20.00', product: 'plus-year' }],
    });
    await plus.open('eve');
    await plus.attach('4712', 'eve');
    const of = (number: string, amount: string, product = 'tea', more: object = {}) => ({
      ...basket(number, []),
      ...{ program: plus.program, card: '4712' },
      lines: [{ ordinal: 1, product, quantity: '1', amount, ...more }],
    });
    const told = async (number: string) => {
      const { tier, discount, earns, reason } = (await calculate(of(number, '30.00')))
        .body as Record<string, unknown>;
      return [tier, discount, earns, reason];
    };
    expect(await told('1')).toEqual(['basic', '0', 30, null]);
    await sell(of('2', '20.00', 'plus-year'));
    // 27.00 earn twice: 54, of which 50 are left.
    expect(await told('3')).toEqual(['plus', '3', 50, null]);
    expect((await sell(of('3', '27.00'))).body).toMatchObject({ earned: 50 });
    expect(await told('4')).toEqual(['plus', '3', 0, 'budget-spent']);
    const [original, quantity] = [{ ...refOf('2'), ordinal: 1 }, '-1'];
    const back = await sell(of('5', '-20.00', 'plus-year', { original, quantity }));
    expect(back.status).toBe(200);
    expect(await told('6')).toEqual(['basic', '0', 0, 'budget-spent']);
  });
});

const refOf = (number: string) => ({
  ...{ chain: 'c', store: 's', till: 't', number, businessDate: '2026-05-05' },
});

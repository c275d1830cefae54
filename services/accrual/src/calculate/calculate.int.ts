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
    expect(await calculate(basket('11', ['1.00'], { program: 'none' }))).toMatchObject({
      status: 404,
    });
    expect(await calculate({ ...basket('11', []), lines: [] })).toMatchObject({ status: 422 });
  });
});

describe('a basket is told what its receipt is then answered', () => {
  const line = (ordinal: number, quantity: string, amount: string, more: object = {}) => ({
    ...{ ordinal, product: 'tea', quantity, amount, ...more },
  });
  let strict: Club;
  const of = (number: string, more: object, program = strict.program) =>
    basket(number, ['80.00'], { program, card: '4713', ...more });
  /** Asks, then sells what the lines pay; what is told and what is answered, to be the same. */
  const both = async (body: Omit<ReturnType<typeof of>, 'card'> & { card: string | null }) => {
    const asked = await calculate(body);
    const again = await calculate(body);
    expect(again.body).toEqual(asked.body);
    const paid = new Map(
      (field(asked.body, 'lines') as { ordinal: number; pays: string }[]).map((one) => [
        one.ordinal,
        one.pays,
      ]),
    );
    const lines = body.lines.map((one) => ({
      ...one,
      amount: paid.get(one.ordinal) ?? one.amount,
    }));
    const sold = await sell({ ...body, lines });
    const { outcome, reason, earns: earned, reversed } = asked.body as Record<string, unknown>;
    expect([asked.status, sold.status]).toEqual([200, 200]);
    const { lines: answered, ...rest } = sold.body as Record<string, unknown>;
    expect({ outcome, reason, earned, reversed }).toEqual({
      outcome: rest['outcome'],
      reason: rest['reason'],
      earned: rest['earned'],
      reversed: rest['reversed'],
    });
    const points = new Map(
      (answered as { ordinal: number; points: number }[]).map((one) => [one.ordinal, one.points]),
    );
    for (const one of field(asked.body, 'lines') as { ordinal: number; points: number }[])
      expect(one.points).toBe(points.get(one.ordinal));
    return { outcome, reason, earned, reversed };
  };
  const nothing = { outcome: 'nothing', earned: 0, reversed: 0 };

  beforeAll(async () => {
    strict = await openClub(service, {
      effectiveFrom: '2019-01-01T00:00:00Z',
      earning: [{ id: 'base', points: 1, per: '1.00' }],
      exclusions: { categories: ['tobacco'] },
      claims: { windowDays: 30 },
      tiers: {
        ...{ by: 'spend', window: 'lifetime' },
        levels: [
          { id: 'card', from: '0' },
          { id: 'silver', from: '50', discount: '10' },
        ],
      },
      redemption: { points: 100, value: '1.00' },
    });
    await strict.open('eve');
    await strict.attach('4713', 'eve');
  });

  it('also where it earns nothing, and why', async () => {
    expect(await both(of('1', { currency: 'EUR' }))).toEqual({
      ...nothing,
      reason: 'other-currency',
    });
    const early = { businessDate: '2018-05-05', occurredAt: '2018-05-05T12:00:00Z' };
    expect(await both(of('2', early))).toEqual({ ...nothing, reason: 'no-rulebook-in-force' });
    const old = { businessDate: '2019-11-05', occurredAt: '2019-11-05T12:00:00Z' };
    expect(await both(of('3', old))).toEqual({ ...nothing, reason: 'before-the-claim-window' });
    expect(await both(of('4', { card: null }))).toEqual({ ...nothing, reason: 'no-card' });
    expect(await both(of('5', { card: '9998' }))).toEqual({
      ...nothing,
      ...{ outcome: 'waiting', reason: 'card-unknown' },
    });
    const lines = [line(1, '1', '5.00', { category: 'tobacco' })];
    expect(await both(of('6', { lines }))).toEqual({
      ...nothing,
      reason: 'only-excluded-or-free-lines',
    });
    expect(await both(of('7', { lines: [line(1, '1', '0.40')] }))).toEqual({
      ...nothing,
      reason: 'below-one-point',
    });
  });

  it('of a currency, or a time, that nothing is said about keeps its prices', async () => {
    for (const [more, version] of [
      [{ currency: 'EUR' }, 1],
      [{ businessDate: '2018-05-05', occurredAt: '2018-05-05T12:00:00Z' }, null],
    ] as const)
      expect((await calculate(of('8', more))).body).toMatchObject({
        ...{ version, account: null, tier: null, discount: '0', pays: '80', awards: [] },
        lines: [{ discount: null, pays: '80', points: 0 }],
        ...{ payable: null, rewards: [], certificates: [] },
      });
  });

  it('where goods come back, alone and with others', async () => {
    // Before any level gives a discount.
    expect(await both(of('10', {}))).toMatchObject({ outcome: 'awarded', earned: 80 });
    const excluded = [line(1, '1', '5.00', { category: 'tobacco' })];
    await both(of('11', { lines: excluded }));
    const back = (number: string, original: string, more: object = {}) =>
      of(number, {
        lines: [line(1, '-1', '-80.00', { original: { ...refOf(original), ordinal: 1 }, ...more })],
      });
    expect(await both(back('12', 'none'))).toEqual({
      ...nothing,
      reason: 'returned-goods-match-no-sale',
    });
    const half = { quantity: '-0.5', amount: '-40.00' };
    expect(await both(back('13', '10', { ...half, product: 'p0' }))).toEqual({
      ...{ outcome: 'awarded', reason: null, earned: 0, reversed: 40 },
    });
    expect(await both(back('14', '11', { amount: '-5.00' }))).toEqual({
      ...nothing,
      reason: 'returned-goods-had-earned-nothing',
    });
    const original = { ...refOf('10'), ordinal: 1 };
    const mixed = [line(1, '-0.5', '-40.00', { product: 'p0', original }), line(2, '1', '30.00')];
    expect(await both(of('15', { lines: mixed }))).toMatchObject({
      ...{ outcome: 'awarded', reversed: 40 },
    });
    // Without a card it goes to the account of the sale.
    expect(await both({ ...back('16', '15', { amount: '-1.00' }), card: null })).toBeDefined();
  });

  it('that sells and earns less by its level, and once more when it was sold', async () => {
    expect(await both(of('20', {}))).toMatchObject({ outcome: 'awarded' });
    const sold = of('21', { lines: [line(1, '1', '10.00')] });
    const first = await both(sold);
    expect(await both(sold)).toEqual(first);
    expect(await both({ ...sold, lines: [line(1, '1', '11.00')] })).toMatchObject({
      ...{ outcome: 'refused', earned: 0 },
    });
  });

  it('for a card whose account is not open yet: nothing, as long as it is not', async () => {
    expect(await both(of('29', { card: '4715' }))).toMatchObject({ outcome: 'waiting' });
    await strict.attach('4715', 'late');
    expect((await calculate(of('28', { card: '4715' }))).body).toMatchObject({
      ...{ outcome: 'waiting', reason: 'card-unknown', account: null, earns: 0 },
    });
  });

  it('after what waited for its card', async () => {
    await strict.open('joe');
    expect(await both(of('30', { card: '4714' }))).toMatchObject({ outcome: 'waiting' });
    await strict.attach('4714', 'joe');
    const basketOf = of('31', { card: '4714', lines: [line(1, '1', '10.00')] });
    // The 80.00 that waited make it silver.
    expect((await calculate(basketOf)).body).toMatchObject({ tier: 'silver', pays: '9', earns: 9 });
    expect(await both(basketOf)).toMatchObject({ outcome: 'awarded', earned: 9 });
  });

  it('while others are sold, and none of them is lost', async () => {
    const busy = await openClub(service, { redemption: { points: 1, value: '1.00' } });
    await busy.open('eve');
    await busy.attach('4713', 'eve');
    const sale = (number: string) => of(number, { lines: [line(1, '1', '7.00')] }, busy.program);
    const all = await Promise.all(
      Array.from({ length: 15 }, async (_, index) => {
        await calculate(sale(`${index % 5}`));
        return await sell(sale(`${index}`));
      }),
    );
    expect(all.map(({ body }) => field(body, 'earned'))).toEqual(all.map(() => 7));
    const large = of('99', { lines: [line(1, '1', '1000.00')] }, busy.program);
    expect(field((await calculate(large)).body, 'payable')).toEqual({ points: 105, amount: '105' });
  });

  it('that comes to more than any number of points, by a rule and a level', async () => {
    const wild = await openClub(service, {
      earning: [{ id: 'base', points: 1_000_000_000, per: '0.000000000001' }],
      tiers: {
        ...{ by: 'spend', window: 'lifetime' },
        levels: [{ id: 'card', from: '0', multiplier: '99' }],
      },
    });
    await wild.open('sue');
    await wild.attach('4713', 'sue');
    const body = of('1', { lines: [line(1, '1', '10')] }, wild.program);
    expect(await both(body)).toEqual({ ...nothing, reason: 'beyond-limit' });
  });

  it('that is given away, in parts of a penny: nobody pays less than nothing', async () => {
    const free = await openClub(service, {
      earning: [{ id: 'base', points: 1, each: 'line' }],
      discounts: [{ id: 'gift', percent: '100', lines: 'line.category == "gift"' }],
    });
    await free.open('ida');
    await free.attach('4713', 'ida');
    const gift = (ordinal: number, amount: string) =>
      line(ordinal, '1', amount, { category: 'gift' });
    const weighed = { ...gift(1, ''), quantity: '0.354', unitPrice: '12.955', amount: undefined };
    const one = of('1', { lines: [weighed] }, free.program);
    expect(await both(one)).toMatchObject({ outcome: 'awarded', earned: 1 });
    const three = [1, 2, 3].map((ordinal) => gift(ordinal, '0.333'));
    const many = of('2', { lines: three }, free.program);
    expect(await both(many)).toMatchObject({ outcome: 'awarded', earned: 3 });
    const asked = (await calculate(of('3', { lines: three }, free.program))).body;
    expect(asked).toMatchObject({ discount: '0.99', pays: '0.009' });
  });

  it('that comes to more than is counted', async () => {
    const generous = await openClub(service, {
      earning: [{ id: 'base', points: 1_000_000, per: '1.00' }],
    });
    await generous.open('max');
    await generous.attach('4713', 'max');
    const body = of('1', { lines: [line(1, '1', '900000000000')] }, generous.program);
    expect(await both(body)).toEqual({ ...nothing, reason: 'beyond-limit' });
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
    const feeExplained = async (number: string) => {
      const query = new URLSearchParams({ program: plus.program, ...refOf(number) });
      const path = `/v1/receipts/explanation?${query.toString()}`;
      const { body } = await service.call('GET', path, { as: till });
      return field((field(body, 'awards') as unknown[])[0], 'memberships');
    };
    const told = async (number: string) => {
      const { tier, discount, earns, reason } = (await calculate(of(number, '30.00')))
        .body as Record<string, unknown>;
      return [tier, discount, earns, reason];
    };
    const feeToldOf = async (body: object) => field((await calculate(body)).body, 'memberships');
    const year = { ordinal: 1, membership: 'year', level: 'plus', months: 12 };
    expect(await told('1')).toEqual(['basic', '0', 30, null]);
    expect(await feeToldOf(of('1', '30.00'))).toEqual([]);
    // A fee that is not reached starts nothing, and says so: before, and when somebody asks why.
    const short = of('0', '39.99', 'plus-year', { quantity: '2' });
    const shortly = { ...year, fee: '40', amount: '39.99', pays: 0 };
    expect(await feeToldOf(short)).toEqual([shortly]);
    await sell(short);
    expect(await told('1')).toEqual(['basic', '0', 30, null]);
    expect(await feeExplained('0')).toEqual([shortly]);
    const paid = { ...year, fee: '20', amount: '20', pays: 1 };
    expect(await feeToldOf(of('2', '20.00', 'plus-year'))).toEqual([paid]);
    expect(await feeToldOf({ ...of('2', '20.00', 'plus-year'), card: '99' })).toEqual([]);
    await sell(of('2', '20.00', 'plus-year'));
    expect(await feeExplained('2')).toEqual([paid]);
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

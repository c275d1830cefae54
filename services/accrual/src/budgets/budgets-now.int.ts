import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { systemClock } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

let deployment: Deployment;
let service: TestService;
let neighbour: TestService;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  neighbour = await startAccrual(deployment);
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const till: TokenClaims = { ...maria, sub: 'till-1', chains: ['*'], stores: ['*'] };
const today = (): string => systemClock().slice(0, 10);
let numbers = 0;
const sell = (club: Club, amount: string, by: TestService = service, more: object = {}) => {
  numbers += 1;
  return by.call('POST', '/v1/receipts', {
    as: till,
    body: {
      ...{ program: club.program, chain: 'c', store: 's', till: 't', number: `${numbers}` },
      ...{ businessDate: today(), occurredAt: systemClock(), currency: 'GBP', card: '4711' },
      lines: [{ ordinal: 1, product: 'tea', quantity: '1', amount, ...more }],
    },
  });
};
const refOf = (number: number) => ({
  ...{ chain: 'c', store: 's', till: 't', number: `${number}`, businessDate: today(), ordinal: 1 },
});
const budget = z.looseObject({
  ...{ id: z.string(), unit: z.string(), part: z.string().nullable(), limit: z.string() },
  ...{ used: z.string().nullable(), left: z.string().nullable(), points: z.int().nullable() },
});
const ask = (club: Club, query = '', as: TokenClaims = maria, by = service) =>
  by.call('GET', `/v1/programs/${club.program}/budgets${query}`, { as });
const asked = async (club: Club, query = '', by = service) =>
  z.looseObject({ budgets: z.array(budget) }).parse((await ask(club, query, maria, by)).body)
    .budgets;

const campaign = (more: object = {}) => ({
  redemption: { points: 100, value: '1.00' },
  earning: [
    { id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt', budget: 'spring' },
    {
      ...{ id: 'app', kind: 'bonus', points: 2, per: '1.00', rounding: 'down' },
      ...{ level: 'receipt', budget: 'purse' },
    },
  ],
  partnerEvents: [
    { id: 'thanks', partner: 'hr', type: 'thanks', points: 10, per: null, budget: 'managers' },
  ],
  budgets: [
    { id: 'spring', points: 50 },
    { id: 'purse', money: '1.50', per: 'month', returns: 'give-back' },
    { id: 'managers', points: 100, per: 'year', each: 'sender' },
  ],
  ...more,
});

it('what is left of each budget is told, in points and in money, as receipts draw on it and give back', async () => {
  const club = await openClub(service, campaign());
  await club.open('ann');
  await club.attach('4711', 'ann');
  const month = today().slice(0, 7);
  const fresh = await asked(club);
  expect(fresh).toEqual([
    {
      ...{ id: 'spring', unit: 'points', per: null, each: null, part: 'spring' },
      ...{ limit: '50', used: '0', left: '50', points: 50 },
    },
    {
      ...{ id: 'purse', unit: 'GBP', per: 'month', each: null, part: `purse/${month}` },
      ...{ limit: '1.5', used: '0', left: '1.5', points: 150 },
    },
    {
      ...{ id: 'managers', unit: 'points', per: 'year', each: 'sender', part: null },
      ...{ limit: '100', used: null, left: null, points: null },
    },
  ]);
  await sell(club, '30.00');
  const sold = numbers;
  const spent = [
    { used: '30', left: '20', points: 20 },
    { used: '0.6', left: '0.9', points: 90 },
  ];
  expect(await asked(club)).toMatchObject([...spent, {}]);
  expect(await asked(club, '', neighbour)).toMatchObject([...spent, {}]);
  await sell(club, '-30.00', neighbour, { quantity: '-1', original: refOf(sold) });
  expect(await asked(club)).toMatchObject([{ used: '30' }, { used: '0', points: 150 }, {}]);
  await sell(club, '100.00', neighbour);
  expect(await asked(club)).toMatchObject([
    { used: '50', left: '0', points: 0 },
    { used: '1.5', left: '0', points: 0 },
    {},
  ]);
  const [, , named] = await asked(club, '?sender=jane');
  const part = `managers/${month.slice(0, 4)}/jane`;
  expect(named).toMatchObject({ part, used: '0', left: '100', points: 100 });
});

it('the sum of what is used and left is the limit, however many receipts draw at once, and after a start', async () => {
  const club = await openClub(
    service,
    campaign({ budgets: campaign().budgets.with(0, { id: 'spring', points: 333 }) }),
  );
  await club.open('ann');
  await club.attach('4711', 'ann');
  const sold = new AbortController();
  const seen: number[] = [];
  const watching = (async () => {
    while (!sold.signal.aborted) {
      const [spring] = await asked(club);
      if (spring === undefined) throw new Error('no budget');
      expect(Number(spring.used) + Number(spring.left)).toBe(333);
      seen.push(Number(spring.used));
    }
  })();
  const sales = await Promise.all(
    Array.from({ length: 60 }, (_, n) => sell(club, '10.00', n % 2 === 0 ? service : neighbour)),
  );
  sold.abort();
  await watching;
  expect(new Set(sales.map(({ status }) => status))).toEqual(new Set([200]));
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  const restarted = await startAccrual(deployment);
  try {
    expect(await asked(club, '', restarted)).toMatchObject([{ used: '333', left: '0' }, {}, {}]);
  } finally {
    await restarted.close();
  }
});

it('a programme without budgets has none', async () => {
  const club = await openClub(service);
  expect((await ask(club)).body).toMatchObject({ version: 1, day: today(), budgets: [] });
});

it.each([
  ['an auditor', { ...maria, roles: ['auditor' as const] }, 200],
  ['no till', { ...maria, roles: ['store' as const] }, 403],
  ['no member', { ...maria, roles: ['member' as const], member: 'm', account: 'ann' }, 403],
  ['no manager of another programme', { ...maria, programs: ['other'] }, 403],
])('budgets are for managers, and %s', async (_, as, status) => {
  const club = await openClub(service);
  expect((await ask(club, '', as)).status).toBe(status);
});

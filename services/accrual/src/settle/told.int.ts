import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attributeStream, type AttributesSet, type AttributeValue } from '@tallystick/contracts';
import { newEvent } from '@tallystick/event-store';
import { addMs, factId, instant, memberId, systemClock } from '@tallystick/kernel';
import { decodeLedgerEvent } from '@tallystick/ledger';
import type { TokenClaims } from '@tallystick/service-host';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { maria, openClub, paul, publish, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

let deployment: Deployment;
let service: TestService;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const till: TokenClaims = {
  ...maria,
  ...{ sub: 'till-1', roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
};
const rules = {
  attributes: { student: 'bool', children: 'int' },
  earning: [
    { id: 'base', points: 1, per: '1.00' },
    { ...{ id: 'student', kind: 'bonus', points: 5 }, when: 'member.student' },
    { ...{ id: 'family', kind: 'bonus', points: 7 }, when: 'member.children > 1' },
    { ...{ id: 'north', kind: 'bonus', points: 9 }, when: '"north" in member.segments' },
  ],
  discounts: [{ id: 'students', percent: '10', when: 'member.student' }],
};

/** Tells of a member as enrollment does. */
const tell = async (
  club: Club,
  name: string,
  from: string,
  attributes: Record<string, AttributeValue | null>,
): Promise<void> => {
  const { program } = club;
  const member = memberId(`m-${name}`);
  const stream = attributeStream(program, member);
  const before = (await service.store.readStreams([stream])).get(stream) ?? [];
  const data = { program, member, from: instant(from), attributes, request: `r${before.length}` };
  const at = systemClock();
  const event = newEvent(
    factId('attributes', program, member, data.request),
    0,
    { type: 'AttributesSet', data: data satisfies AttributesSet },
    { program, occurredAt: at, recordedAt: at, actor: 'manager:maria', correlationId: 'c' },
  );
  const expected = before.length === 0 ? ('noStream' as const) : before.length - 1;
  const result = await service.store.append([{ stream, expected, events: [event] }]);
  expect(result.kind).toBe('appended');
};
const receipt = (club: Club, number: string, day: string, more: object = {}) => ({
  ...{ program: club.program, chain: 'c', store: 's', till: 't', number },
  ...{ businessDate: day, occurredAt: `${day}T12:00:00Z`, currency: 'GBP', card: '1' },
  lines: [{ ordinal: 1, product: 'tea', quantity: '1', amount: '10.00' }],
  ...more,
});
const sell = async (body: object): Promise<unknown> => {
  const sold = await service.call('POST', '/v1/receipts', { as: till, body });
  expect(sold.status).toBe(200);
  return Reflect.get(Object(sold.body), 'earned');
};
const club = async (name: string, more: object = rules): Promise<Club> => {
  const opened = await openClub(service, more);
  await opened.open(name);
  await opened.attach('1', name);
  return opened;
};
const ratedOf = async (of: Club, name: string) =>
  (await of.events(name)).flatMap((event) => {
    if (event.type !== 'PointsEarned' && event.type !== 'EarningRerated') return [];
    const decoded = decodeLedgerEvent(event);
    return 'rated' in decoded.data ? [decoded.data.rated.attributes] : [];
  });

describe('what is told of a member', () => {
  it('counts for what happened from its moment on, however late that comes', async () => {
    const shop = await club('ann');
    expect(await sell(receipt(shop, '1', '2026-05-01'))).toBe(10);
    await tell(shop, 'ann', '2026-05-03T00:00:00Z', { student: true, children: 2 });
    await tell(shop, 'ann', '2026-05-10T00:00:00Z', { student: null, segments: ['north'] });
    // Before, at its very moment, between, and after; the last one first.
    expect(await sell(receipt(shop, '2', '2026-05-11'))).toBe(10 + 7 + 9);
    expect(await sell(receipt(shop, '3', '2026-05-02'))).toBe(10);
    const edge = { occurredAt: '2026-05-03T00:00:00Z' };
    expect(await sell(receipt(shop, '4', '2026-05-03', edge))).toBe(10 + 5 + 7);
    expect(await sell(receipt(shop, '5', '2026-05-09'))).toBe(10 + 5 + 7);
    // The same again is answered as before, though more is told by now.
    expect(await sell(receipt(shop, '1', '2026-05-01'))).toBe(10);
    expect(await ratedOf(shop, 'ann')).toEqual([
      undefined,
      { children: 2, segments: ['north'] },
      undefined,
      { student: true, children: 2 },
      { student: true, children: 2 },
    ]);
  });

  it('is corrected by telling it again, for what is rated after that alone', async () => {
    const shop = await club('cor');
    await tell(shop, 'cor', '2026-05-01T00:00:00Z', { student: true });
    expect(await sell(receipt(shop, '1', '2026-05-02'))).toBe(15);
    await tell(shop, 'cor', '2026-05-01T00:00:00Z', { student: false });
    expect(await sell(receipt(shop, '2', '2026-05-02'))).toBe(10);
  });

  it('is what a till is told by, what then earns, and what explains it', async () => {
    const shop = await club('bob');
    await tell(shop, 'bob', '2026-05-01T00:00:00Z', { student: true, segments: ['north'] });
    const body = receipt(shop, '1', '2026-05-02');
    const told = await service.call('POST', '/v1/receipts/calculate', { as: till, body });
    expect(told.body).toMatchObject({ discount: '1', pays: '9', earns: 9 + 5 + 9 });
    const lines = [{ ordinal: 1, product: 'tea', quantity: '1', amount: '9.00' }];
    expect(await sell({ ...body, lines })).toBe(9 + 5 + 9);
    // What is told afterwards changes nothing of why it was so.
    await tell(shop, 'bob', '2026-05-01T00:00:00Z', { student: false, segments: [] });
    const query = 'chain=c&store=s&till=t&number=1&businessDate=2026-05-02';
    const why = await service.call(
      'GET',
      `/v1/receipts/explanation?program=${shop.program}&${query}`,
      { as: till },
    );
    expect(why.body).toMatchObject({ awards: [{ points: 23, proven: true }] });
    expect(JSON.stringify(why.body)).toContain('north');
  });

  it('counts for a receipt without a card that is claimed, and for what had come back of it', async () => {
    const shop = await club('eve');
    await tell(shop, 'eve', '2026-05-01T00:00:00Z', { student: true, children: 2 });
    const lines = [
      { ordinal: 1, product: 'tea', quantity: '1', amount: '10.00' },
      { ordinal: 2, product: 'jam', quantity: '1', amount: '20.00' },
    ];
    await sell(receipt(shop, '1', '2026-05-02', { card: null, lines }));
    const sale = { chain: 'c', store: 's', till: 't', number: '1', businessDate: '2026-05-02' };
    const original = { ...sale, ordinal: 2 };
    const back = { ordinal: 1, product: 'jam', quantity: '-1', amount: '-20.00', original };
    await sell(receipt(shop, '2', '2026-05-03', { card: null, lines: [back] }));
    const claimed = await service.call('POST', '/v1/receipts/claims', {
      as: till,
      body: { ...sale, program: shop.program, account: 'eve', total: '30' },
    });
    expect(claimed.body).toMatchObject({ outcome: 'awarded', earned: 30 + 5 + 7 });
    // Of the bonus, too, two thirds go with the jam.
    expect(await shop.value('eve')).toMatchObject({ available: 10 + (5 + 7) / 3 });
    expect(await ratedOf(shop, 'eve')).toEqual([{ student: true, children: 2 }]);
  });

  it('of another type than the version declares is not told', async () => {
    const shop = await club('typ');
    await tell(shop, 'typ', '2026-05-01T00:00:00Z', { student: 'yes', children: true });
    expect(await sell(receipt(shop, '1', '2026-05-02'))).toBe(10);
  });

  it('is asked only by a rulebook that names it', async () => {
    const shop = await club('non', { earning: [{ id: 'base', points: 1, per: '1.00' }] });
    await tell(shop, 'non', '2026-05-01T00:00:00Z', { student: true });
    expect(await sell(receipt(shop, '1', '2026-05-02'))).toBe(10);
    expect(await ratedOf(shop, 'non')).toEqual([undefined]);
  });

  it('is seen by a run that rates again', async () => {
    const { earning, ...rest } = rules;
    const shop = await club('run', { ...rest, earning: earning.slice(0, 1) });
    await tell(shop, 'run', '2026-05-03T00:00:00Z', { children: 3 });
    expect(await sell(receipt(shop, '1', '2026-05-02'))).toBe(10);
    expect(await sell(receipt(shop, '2', '2026-05-04'))).toBe(10);
    await publish(
      service,
      JSON.stringify({
        ...{ rulebook: 1, program: shop.program, version: 2, name: 'Club', currency: 'GBP' },
        ...{ timeZone: 'Europe/London', effectiveFrom: addMs(systemClock(), 60_000), ...rules },
      }),
    );
    const asked = await service.call('POST', '/v1/reratings', {
      key: 'again',
      body: { program: shop.program, from: 1, to: 2, reason: 'families were left out' },
    });
    const { rerating } = z.looseObject({ rerating: z.string() }).parse(asked.body);
    const path = `/v1/reratings/${shop.program}/${rerating}`;
    const statusIs = async (status: string) => {
      const { body } = await service.call('GET', path);
      return Reflect.get(Object(body), 'status') === status;
    };
    await eventually(() => statusIs('counted'), 60_000);
    await service.call('POST', `${path}/approvals`, { as: paul });
    await eventually(() => statusIs('posted'), 60_000);
    expect(await ratedOf(shop, 'run')).toEqual([undefined, undefined, { children: 3 }]);
    expect((await shop.value('run')).available).toBe(27);
  });
});

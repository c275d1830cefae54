import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accrual } from '@tallystick/accrual';
import { enrollment } from '@tallystick/enrollment';
import { addMs, systemClock } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import {
  eventually,
  everyRow,
  manager,
  testDeployment,
  testStarter,
  type Deployment,
  type Response,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { forwardTo } from '../front-door/forward.js';

/** Accrual and enrollment as two servers that talk: who asks whom, and what becomes of it. */

const startAccrual = testStarter(accrual, '/v1/programs/none');
const startEnrollment = testStarter(enrollment, '/v1/members/none/none');
const till: TokenClaims = {
  ...manager,
  ...{ sub: 'till', roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
};

let deployment: Deployment;
let members: TestService;
let points: TestService;
/** What stands between the two: it counts what is asked, and may keep it to itself. */
let asked = 0;
let hangs = false;
let forwarder: ReturnType<typeof forwardTo>;
const between = createServer((request, response) => {
  asked += 1;
  if (!hangs) forwarder.handler(request, response);
});
const openEnrollment = async (): Promise<void> => {
  members = await startEnrollment(deployment, { relay: false });
  forwarder = forwardTo(members.url);
};
const closeEnrollment = async (): Promise<void> => {
  forwarder.close();
  await members.close();
};

beforeAll(async () => {
  deployment = await testDeployment();
  await openEnrollment();
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  const { port } = z.looseObject({ port: z.int() }).parse(between.address());
  points = await startAccrual(deployment, {
    env: {
      TALLYSTICK_ENROLLMENT_URL: `http://127.0.0.1:${port}/`,
      TALLYSTICK_SERVICE_TOKEN: await deployment.issuer.token({
        ...{ sub: 'accrual', roles: ['service'], programs: ['*'] },
      }),
    },
  });
});
afterAll(async () => {
  await points.close();
  await closeEnrollment();
  between.closeAllConnections();
  between.close();
  await deployment.drop();
});

const base = { id: 'base', points: 1, per: '1.00' };
const asking = {
  birthday: { daysBefore: 3, daysAfter: 3 },
  earning: [
    base,
    { ...{ id: 'week', kind: 'bonus', extra: '1', of: ['base'] }, when: 'member.inBirthdayWindow' },
  ],
};
const silent = { earning: [base] };

const publish = async (program: string, rules: object, version = 1): Promise<void> => {
  const taken = async (path: string, sub: string, body: object): Promise<unknown> => {
    const answer = await points.call('POST', path, { as: { ...manager, sub }, body });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const effectiveFrom = version === 1 ? '2020-01-01T00:00:00Z' : addMs(systemClock(), 60_000);
  const document = JSON.stringify({
    ...{ rulebook: 1, program, version, name: 'Club', effectiveFrom },
    ...{ currency: 'USD', timeZone: 'America/New_York', ...rules },
  });
  const { hash } = z
    .looseObject({ hash: z.string() })
    .parse(await taken('/v1/programs', 'maria', { document }));
  const steps = `/v1/programs/${program}/versions/${version}`;
  await taken(`${steps}/proposals`, 'maria', { hash });
  await taken(`${steps}/approvals`, 'paul', { hash });
  await points.caughtUp();
  await members.caughtUp();
};

const enrolled = z.object({ member: z.string(), account: z.string() });
/** A member with a card of its own name, as accrual has heard of it. */
const enrol = async (program: string, card: string, more: object = {}) => {
  const { body } = await members.call('POST', '/v1/members', {
    ...{ key: card, body: { program, cards: [card], from: '2025-01-01T00:00:00Z', ...more } },
  });
  const found = enrolled.parse(body);
  await points.caughtUp();
  return found;
};
const setBirthday = (program: string, member: string, birthday: string | null) =>
  members.call(birthday === null ? 'DELETE' : 'PUT', `/v1/members/${program}/${member}/birthday`, {
    ...(birthday === null ? {} : { body: { birthday } }),
  });

let receipts = 0;
const receipt = (program: string, card: string | null, at: string, more: object = {}) => ({
  ...{ program, chain: 'c', store: 's', till: 't', number: String((receipts += 1)), card },
  ...{ businessDate: at.slice(0, 10), occurredAt: at, currency: 'USD' },
  lines: [{ ordinal: 1, product: 'tea', quantity: '1', amount: '10.00' }],
  ...more,
});
const send = (body: object) => points.call('POST', '/v1/receipts', { as: till, body });
const calculate = (body: object) =>
  points.call('POST', '/v1/receipts/calculate', { as: till, body });
const earned = ({ status, body }: Response): unknown =>
  status === 200 ? Reflect.get(Object(body), 'earned') : status;
const sell = async (body: object): Promise<unknown> => earned(await send(body));
const why = async (body: ReturnType<typeof receipt>): Promise<string> => {
  const { program, chain, store, number, businessDate } = body;
  const query = new URLSearchParams({ program, chain, store, till: 't', number, businessDate });
  const path = `/v1/receipts/explanation?${query.toString()}`;
  return JSON.stringify((await points.call('GET', path, { as: till })).body);
};
/** What is stored with the awards of a programme, in the order in which they were made. */
const stored = async (program: string): Promise<unknown[]> => {
  const found: unknown[] = [];
  for await (const { type, metadata, data } of points.store.readAll({ categories: ['ledger'] }))
    if (metadata.program === program && (type === 'PointsEarned' || type === 'EarningRerated'))
      found.push(
        z
          .looseObject({ rated: z.looseObject({ attributes: z.unknown().optional() }) })
          .parse(JSON.parse(data)).rated.attributes,
      );
  return found;
};
const inWeek = { inBirthdayWindow: true };
const not = { inBirthdayWindow: false };

describe('a rule that asks for birthdays', () => {
  it('holds on the programme’s days around it, at the till as in the receipt, and keeps only the answer', async () => {
    await publish('week', asking);
    await enrol('week', 'w1', { personal: { birthday: '1971-05-04' } });
    await enrol('week', 'w2');
    // 30 April, a minute before midnight in New York, and the first of May.
    const days: [string, number][] = [
      ['2026-05-01T03:59:00Z', 10],
      ['2026-05-01T04:00:00Z', 20],
      ['2025-05-08T03:59:00Z', 20],
      ['2025-05-08T04:00:00Z', 10],
    ];
    for (const [at, come] of days) {
      const body = receipt('week', 'w1', at);
      expect((await calculate(body)).body).toMatchObject({ earns: come });
      expect(await sell(body)).toBe(come);
      expect(await sell(body)).toBe(come);
    }
    expect(await sell(receipt('week', 'w2', '2026-05-04T12:00:00Z'))).toBe(10);
    expect(
      (await calculate(receipt('week', 'nobodys', '2026-05-04T12:00:00Z'))).body,
    ).toMatchObject({ reason: 'card-unknown' });
    expect(await stored('week')).toEqual([not, inWeek, inWeek, not, not]);
    const seen = `${await everyRow(points.db)}${points.logs()}${members.logs()}`;
    expect(seen).not.toContain('1971-05-04');
  });

  it('is answered once: what is known is explained and answered again without asking, whatever became of the day', async () => {
    await publish('once', asking);
    const { member } = await enrol('once', 'o1', { personal: { birthday: '1990-05-04' } });
    const body = receipt('once', 'o1', '2026-05-04T12:00:00Z');
    expect(await sell(body)).toBe(20);
    await setBirthday('once', member, null);
    expect(await sell(receipt('once', 'o1', '2026-05-04T13:00:00Z'))).toBe(10);
    await setBirthday('once', member, '1990-11-04');
    expect(await sell(receipt('once', 'o1', '2026-11-04T13:00:00Z'))).toBe(20);
    await closeEnrollment();
    try {
      expect(await sell(body)).toBe(20);
      const told = await why(body);
      expect(told).toContain('"points":20');
      expect(told).toContain('"proven":true');
    } finally {
      await openEnrollment();
    }
  });

  it('is about the member whose card was shown; without a card, about the one whose account it is', async () => {
    await publish('shared', asking);
    const { account } = await enrol('shared', 's1', { personal: { birthday: '1990-05-04' } });
    await enrol('shared', 's2', { account, personal: { birthday: '1990-11-04' } });
    const [may, november] = ['2026-05-04T12:00:00Z', '2026-11-04T12:00:00Z'];
    expect(await sell(receipt('shared', 's1', may))).toBe(20);
    expect(await sell(receipt('shared', 's2', may))).toBe(10);
    expect(await sell(receipt('shared', 's1', november))).toBe(10);
    expect(await sell(receipt('shared', 's2', november))).toBe(20);
    for (const [at, come] of [
      [may, 20],
      [november, 10],
    ] as const) {
      const found = receipt('shared', null, at);
      await send(found);
      const { chain, store, number, businessDate } = found;
      const claimed = await points.call('POST', '/v1/receipts/claims', {
        as: till,
        body: { program: 'shared', chain, store, till: 't', number, businessDate, account },
      });
      expect(claimed.body).toMatchObject({ earned: come });
    }
  });

  it('is asked for all receipts of a batch at once', async () => {
    await publish('batch', asking);
    for (const card of ['b1', 'b2', 'b3'])
      await enrol('batch', card, { personal: { birthday: '1990-05-04' } });
    const bodies = Array.from({ length: 60 }, (_, index) =>
      receipt('batch', `b${(index % 3) + 1}`, `2026-05-${index < 30 ? '04' : '20'}T12:00:00Z`),
    );
    const before = asked;
    const { body } = await points.call('POST', '/v1/receipts/batch', {
      ...{ as: till, body: { receipts: bodies } },
    });
    const outcome = z.looseObject({ earned: z.int() });
    const { items } = z.object({ items: z.array(z.looseObject({ outcome })) }).parse(body);
    expect(items.map((item) => item.outcome.earned)).toEqual([
      ...Array.from({ length: 30 }, () => 20),
      ...Array.from({ length: 30 }, () => 10),
    ]);
    expect(asked - before).toBe(1);
    // What is known is not asked again.
    await points.call('POST', '/v1/receipts/batch', { as: till, body: { receipts: bodies } });
    expect(asked - before).toBe(1);
  });
});

describe('while enrollment is away', () => {
  it('what asks waits and is not lost, over HTTP and over the bus; what does not ask goes on', async () => {
    await publish('away', asking);
    await publish('silent', silent);
    await enrol('away', 'a1', { personal: { birthday: '1990-05-04' } });
    await enrol('silent', 'q1');
    const at = '2026-05-04T12:00:00Z';
    const body = receipt('away', 'a1', at);
    const streamed = receipt('away', 'a1', at);
    const beside = receipt('silent', 'q1', at);
    const before = asked;
    expect(await sell(receipt('silent', 'q1', at))).toBe(10);
    expect(asked).toBe(before);
    await closeEnrollment();
    try {
      // In one round with others, and by itself.
      const [refused, taken] = await Promise.all([send(body), send(beside)]);
      expect(refused).toMatchObject({ status: 503, problem: 'unavailable' });
      expect(refused.headers.get('retry-after')).toBe('2');
      expect(JSON.stringify(refused.body)).toContain('It needs enrollment');
      expect(earned(taken)).toBe(10);
      expect((await calculate(body)).status).toBe(503);
      // Of what comes together what can be settled is, though its sender has to send all of it again.
      const settled = (await stored('silent')).length;
      const batch = { receipts: [body, receipt('silent', 'q1', at)] };
      const half = await points.call('POST', '/v1/receipts/batch', { as: till, body: batch });
      expect([half.status, (await stored('silent')).length]).toEqual([503, settled + 1]);
      expect(earned(await send(receipt('silent', 'q1', at)))).toBe(10);
      await points.bus.publish([
        { topic: 'receipts', key: 'a1', id: '1', value: JSON.stringify(streamed), headers: {} },
      ]);
      await sleep(2_000);
      expect(await stored('away')).toEqual([]);
    } finally {
      await openEnrollment();
    }
    await eventually(async () => (await stored('away')).length === 1, 30_000);
    expect(await sell(body)).toBe(20);
    expect(await sell(streamed)).toBe(20);
    expect(await stored('away')).toEqual([inWeek, inWeek]);
    const letters = await points.call('GET', '/dead-letters/accrual', {
      as: { sub: 'o', roles: ['ops'], programs: ['*'] },
    });
    expect(letters.body).toMatchObject({ letters: [] });
  });

  it('or does not answer, it is given so much time and no more, and is asked again', async () => {
    await publish('hangs', asking);
    await enrol('hangs', 'h1', { personal: { birthday: '1990-05-04' } });
    const body = receipt('hangs', 'h1', '2026-05-04T12:00:00Z');
    hangs = true;
    const began = performance.now();
    expect((await send(body)).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(10_000);
    // Who asks right after it is not kept waiting as long.
    const next = performance.now();
    expect((await send(body)).status).toBe(503);
    expect(performance.now() - next).toBeLessThan(1_000);
    hangs = false;
    await eventually(async () => (await send(body)).status === 200);
    expect(await sell(body)).toBe(20);
  });

  it('a receipt that waits for a card waits on when that is linked, until both are there', async () => {
    await publish('waits', asking);
    const body = receipt('waits', 'late', '2026-05-04T12:00:00Z');
    expect((await send(body)).body).toMatchObject({ outcome: 'waiting' });
    hangs = true;
    const before = asked;
    const linked = await members.call('POST', '/v1/members', {
      key: 'late',
      body: {
        ...{ program: 'waits', cards: ['late'], from: '2025-01-01T00:00:00Z' },
        personal: { birthday: '1990-05-04' },
      },
    });
    expect(linked.status).toBe(201);
    await eventually(() => Promise.resolve(asked > before));
    expect(await stored('waits')).toEqual([]);
    hangs = false;
    await eventually(async () => (await stored('waits')).length === 1, 30_000);
    expect(await sell(body)).toBe(20);
  });

  it('or nobody said where it is: a service without its address goes on with what does not ask', async () => {
    const alone = await startAccrual(deployment);
    try {
      const call = (program: string, card: string) =>
        alone.call('POST', '/v1/receipts', {
          ...{ as: till, body: receipt(program, card, '2026-05-04T12:00:00Z') },
        });
      expect(earned(await call('silent', 'q1'))).toBe(10);
      expect(await call('away', 'a1')).toMatchObject({ status: 503, problem: 'unavailable' });
    } finally {
      await alone.close();
    }
  });
});

describe('rating again', () => {
  const rerate = async (program: string, from: number, to: number): Promise<void> => {
    const asked = await points.call('POST', '/v1/reratings', {
      ...{ key: `${from}`, body: { program, from, to, reason: 'birthdays' } },
    });
    const { rerating } = z.looseObject({ rerating: z.string() }).parse(asked.body);
    const path = `/v1/reratings/${program}/${rerating}`;
    const is = async (status: string) =>
      Reflect.get(Object((await points.call('GET', path)).body), 'status') === status;
    await eventually(() => is('counted'), 60_000);
    await points.call('POST', `${path}/approvals`, { as: { ...manager, sub: 'paul' } });
    await eventually(() => is('posted'), 60_000);
  };

  it('asks for the facts’ own days where the wrong version had not asked, and keeps what was answered', async () => {
    await publish('again', silent);
    const { member, account } = await enrol('again', 'r1', {
      personal: { birthday: '1990-05-04' },
    });
    expect(await sell(receipt('again', 'r1', '2026-05-04T12:00:00Z'))).toBe(10);
    expect(await sell(receipt('again', 'r1', '2026-05-20T12:00:00Z'))).toBe(10);
    await publish('again', asking, 2);
    await rerate('again', 1, 2);
    expect(await stored('again')).toEqual([undefined, undefined, inWeek]);
    // A third version in the same words: what the second one asked stays, though the day is forgotten.
    await setBirthday('again', member, null);
    const better = [{ ...base, points: 2 }, ...asking.earning.slice(1)];
    await publish('again', { ...asking, earning: better }, 3);
    await rerate('again', 2, 3);
    expect(await stored('again')).toEqual([undefined, undefined, inWeek, inWeek]);
    expect(account).not.toBe('');
  }, 120_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import { accountId, addMs, factId, ledgerStream, Points, systemClock } from '@tallystick/kernel';
import { decideRedeem, decodeLedgerEvent, equationOf, valuation } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { Catalog, rulebookOf } from '../programs/catalog.js';
import { nobodyToAsk } from '../settle/birthdays.js';
import { maria, openClub, paul, publish, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';
import { Tally } from './figures.js';
import { postAccount, runOf } from './rerate-account.js';
import { reratingStreams } from './rerating.js';

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

const body = z.looseObject({ rerating: z.string(), status: z.string() });
let keys = 0;
const ask = async (club: Club, more: object = {}, key = `k${(keys += 1)}`) =>
  service.call('POST', '/v1/reratings', {
    key,
    body: { program: club.program, from: 1, to: 2, reason: 'half of it was promised', ...more },
  });
const pathOf = (club: Club, id: string) => `/v1/reratings/${club.program}/${id}`;
const until = async (club: Club, id: string, status: string) => {
  const find = () => service.call('GET', pathOf(club, id));
  await eventually(async () => body.parse((await find()).body).status === status, 60_000);
  return (await find()).body;
};
const approve = (club: Club, id: string, as = paul) =>
  service.call('POST', `${pathOf(club, id)}/approvals`, { as });
const counted = async (club: Club, more: object = {}): Promise<string> => {
  const { rerating } = body.parse((await ask(club, more)).body);
  await until(club, rerating, 'counted');
  return rerating;
};

const receipt = (club: Club, number: number, card: string, pounds: number, more: object = {}) => ({
  ...{ program: club.program, chain: 'acme', store: '1', till: '1', number: String(number) },
  ...{ businessDate: '2026-05-05', occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP', card },
  lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: pounds.toFixed(2) }],
  ...more,
});
const send = async (sent: object) => {
  const as = { ...maria, chains: ['*'], stores: ['*'] };
  const answer = await service.call('POST', '/v1/receipts', { body: sent, as });
  expect(answer.status).toBe(200);
  return answer.body;
};
const secondOf = (club: Club, more: object) =>
  publish(
    service,
    JSON.stringify({
      ...{ rulebook: 1, program: club.program, version: 2, name: 'Club', currency: 'GBP' },
      ...{ timeZone: 'Europe/London', effectiveFrom: addMs(systemClock(), 60_000) },
      earning: [{ id: 'base', points: 2, per: '1.00', rounding: 'down', level: 'receipt' }],
      ...more,
    }),
  );
const base = (points: number) => ({
  earning: [{ id: 'base', points, per: '1.00', rounding: 'down', level: 'receipt' }],
});
/** A programme whose first version gave `points` a pound, and accounts with a receipt of ten pounds each. */
const opened = async (points: number, names: readonly string[]): Promise<Club> => {
  const club = await openClub(service, base(points));
  for (const [index, name] of names.entries()) {
    await club.open(name);
    await club.attach(`card-${name}`, name);
    await send(receipt(club, index + 1, `card-${name}`, 10));
  }
  return club;
};
const worth = async (club: Club, name: string) => valuation(await club.state(name), systemClock());
const rerated = async (club: Club, name: string) => {
  const stream = ledgerStream(club.program, accountId(name));
  const events = (await service.store.readStreams([stream])).get(stream) ?? [];
  return events.filter(({ type }) => type === 'EarningRerated').map(decodeLedgerEvent);
};

describe('a run that rates again', () => {
  it('is counted first, approved by somebody else, posted once, and told on each receipt', async () => {
    const club = await opened(1, ['ann', 'bob']);
    await secondOf(club, base(2));
    const key = 'once';
    const asked = await ask(club, {}, key);
    expect(asked).toMatchObject({
      status: 202,
      body: { from: { version: 1 }, to: { version: 2 } },
    });
    expect(await ask(club, { reason: 'other' }, key)).toMatchObject({
      problem: 'idempotency-key-reused',
    });
    const id = body.parse(asked.body).rerating;
    const figures = {
      ...{ accounts: 2, accountsChanged: 2, facts: 2, up: 20, down: 0, owed: 0, skipped: 0 },
      rules: [{ rule: 'base', up: 20, down: 0 }],
    };
    expect(await until(club, id, 'counted')).toMatchObject({ counted: figures, posted: null });
    expect(await worth(club, 'ann')).toMatchObject({ available: 10 });
    expect(await approve(club, id, maria)).toMatchObject({
      ...{ status: 403, problem: 'rerating-same-person' },
    });
    expect((await approve(club, id)).status).toBe(201);
    expect(await until(club, id, 'posted')).toMatchObject({ posted: figures, approvedBy: 'paul' });
    expect(await worth(club, 'ann')).toMatchObject({ available: 20, arrears: 0 });
    expect(await rerated(club, 'ann')).toMatchObject([
      {
        data: {
          ...{ points: 10, from: { version: 1 }, rulebook: { version: 2 } },
          ...{ reason: 'half of it was promised', requestedBy: 'maria', approvedBy: 'paul' },
        },
      },
    ]);
    // The till is answered as it stands, and why.
    expect(await send(receipt(club, 1, 'card-ann', 10))).toMatchObject({ known: true, earned: 20 });
    const { program, chain, store, till, number, businessDate } = receipt(club, 1, 'card-ann', 10);
    const named = { program, chain, store, till, number, businessDate };
    const query = new URLSearchParams(named).toString();
    const as = { ...maria, chains: ['*'], stores: ['*'] };
    const why = await service.call('GET', `/v1/receipts/explanation?${query}`, { as });
    expect(why.body).toMatchObject({
      awards: [
        { points: 10, proven: true, rulebook: { version: 1 }, rerating: null },
        {
          ...{ points: 10, proven: true, rulebook: { version: 2 }, explanation: { points: 20 } },
          rerating: { from: { version: 1 }, reason: 'half of it was promised' },
        },
      ],
    });
    const second = await counted(club);
    expect(await until(club, second, 'counted')).toMatchObject({ counted: { facts: 0, up: 0 } });
  });

  it('takes what was too much, lets it be owed where it is spent, and leaves what comes late to its own version', async () => {
    const club = await opened(3, ['ann', 'bob']);
    await secondOf(club, base(1));
    await club.post('bob', (state, at) =>
      decideRedeem(
        state,
        {
          ...{ redemption: factId('redemption', club.program, 'mug'), factHash: 'h' },
          ...{ points: Points.points(25), kind: 'discount', reference: 'till' },
        },
        at,
      ),
    );
    const id = await counted(club);
    expect(await until(club, id, 'counted')).toMatchObject({
      counted: { down: 40, up: 0, owed: 15 },
    });
    await approve(club, id);
    await until(club, id, 'posted');
    expect(await worth(club, 'ann')).toMatchObject({ available: 10, arrears: 0 });
    expect(await worth(club, 'bob')).toMatchObject({ available: 0, arrears: 15 });
    expect(await send(receipt(club, 9, 'card-ann', 10))).toMatchObject({ earned: 30 });
    // Another run finds it, and nothing else.
    const again = await counted(club);
    expect(await until(club, again, 'counted')).toMatchObject({ counted: { facts: 1, down: 20 } });
    const rejections = `${pathOf(club, again)}/rejections`;
    expect(await service.call('POST', rejections, { body: { reason: 'no' } })).toMatchObject({
      status: 201,
      body: { status: 'rejected' },
    });
    expect(await approve(club, again)).toMatchObject({ problem: 'rerating-closed' });
  });

  it('leaves alone what a budget paid for, or would have, and rates the rest', async () => {
    const rules = (points: number) => ({
      earning: [
        ...base(points).earning,
        { id: 'spring', kind: 'bonus', points: 5, when: 'receipt.store == "2"', budget: 'spring' },
      ],
      budgets: [{ id: 'spring', points: 8 }],
    });
    const club = await openClub(service, rules(1));
    for (const name of ['ann', 'bob']) {
      await club.open(name);
      await club.attach(`card-${name}`, name);
    }
    await send(receipt(club, 1, 'card-ann', 10));
    // Of the second the budget pays all, of the third a part, and of the fourth it would.
    for (const number of [2, 3, 4])
      await send(receipt(club, number, 'card-bob', 10, { store: '2' }));
    await send(receipt(club, 5, 'card-bob', 10));
    await secondOf(club, rules(3));
    const id = await counted(club);
    const figures = {
      ...{ accounts: 2, accountsChanged: 2, facts: 2, up: 40, down: 0, owed: 0, skipped: 3 },
      rules: [{ rule: 'base', up: 40, down: 0 }],
    };
    expect((await approve(club, id)).status).toBe(201);
    expect(await until(club, id, 'posted')).toMatchObject({ counted: figures, posted: figures });
    expect(await worth(club, 'ann')).toMatchObject({ available: 30 });
    expect(await worth(club, 'bob')).toMatchObject({ available: 68 });
  });

  it('killed again and again in the middle comes to the same, each receipt once', async () => {
    const names = Array.from({ length: 6 }, (_, n) => `m${n}`);
    const club = await opened(2, names);
    for (let number = 20; number < 38; number += 1)
      await send(receipt(club, number, `card-${names[number % 6]}`, 5));
    await secondOf(club, base(1));
    const id = await counted(club);
    // Posted by hand, by processes that die at an append, before the store heard of it or before they heard the store.
    const found = await reratingStreams.read(service.store, { program: club.program, id });
    const published = await new Catalog(service.store).read(club.program);
    if (found === null || published === null) throw new Error('it is not there');
    const versions = {
      from: rulebookOf(published, found.asked.from).book,
      to: rulebookOf(published, found.asked.to),
    };
    const run = runOf(
      found.asked,
      reratingStreams.factOf({ program: club.program, id }),
      'paul',
      versions,
    );
    const at = systemClock();
    const metadata = {
      program: club.program,
      occurredAt: at,
      recordedAt: at,
      actor: 'x',
      correlationId: 'c',
    };
    let appends = 0;
    const dying: EventStore = new Proxy(service.store, {
      get: (target, name) => {
        if (name !== 'append') {
          const value: unknown = Reflect.get(target, name);
          const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
          return bound;
        }
        return async (...args: Parameters<EventStore['append']>) => {
          appends += 1;
          if (appends % 3 === 1) throw new StoreUnavailable(new Error('killed'));
          const result = await target.append(...args);
          if (appends % 3 === 2) throw new StoreUnavailable(new Error('killed'));
          return result;
        };
      },
    });
    let died = 0;
    for (const name of names.slice(0, 4)) {
      const parts = {
        store: dying,
        clock: systemClock,
        birthdays: nobodyToAsk,
        accounts: new Accounts({ store: dying, clock: systemClock, cache: new AccountCache() }),
      };
      const posting = postAccount(parts, run, accountId(name), new Tally(), metadata);
      await posting.catch(() => (died += 1));
    }
    expect(died).toBeGreaterThan(0);
    await approve(club, id);
    // 6 x 10 pounds and 18 x 5, a point a pound too much.
    expect(await until(club, id, 'posted')).toMatchObject({
      posted: { accounts: 6, accountsChanged: 6, facts: 24, up: 0, down: 150, owed: 0 },
    });
    for (const name of names) {
      const state = await club.state(name);
      expect(valuation(state, systemClock())).toMatchObject({ available: 25, arrears: 0 });
      const { cameIn, isThereOrWentOut } = equationOf(state);
      expect(cameIn).toBe(isThereOrWentOut);
      const events = await rerated(club, name);
      const facts = events.map((event) => 'fact' in event.data && event.data.fact);
      expect([facts.length, new Set(facts).size]).toEqual([4, 4]);
    }
  });

  it.each([
    ['no version', { from: 7 }, 'from'],
    ['the same version', { to: 1 }, 'to'],
  ])('of %s is refused with the field', async (_, more, field) => {
    const club = await opened(1, []);
    await secondOf(club, {});
    expect(await ask(club, more)).toMatchObject({
      ...{ status: 422, problem: 'rerating-invalid', fields: [field] },
    });
  });
});

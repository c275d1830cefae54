import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { pino } from 'pino';
import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import { Points, ledgerStream, type AccountId } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import { dyingStore, manager, type Response, type TestService } from '@tallystick/testing/service';
import { Programs } from '../programs/programs.js';
import type { Means } from '../orders/order.js';
import { orderIdOf } from '../redeem/redemption-stream.js';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store as till, type House } from '../testing/house.js';
import { OpenTransfers } from './open-transfers.js';
import { TransferSweeper } from './sweeper.js';
import { transfer } from './transfer.js';
import { transferFact } from './transfer-stream.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

interface Asked {
  readonly by: TestService;
  readonly as: typeof manager | null;
}
/** By the member whose account it is, where nothing else is said. */
const send = (
  key: string,
  from: { readonly account?: string; readonly card?: string },
  to: object,
  more: object = {},
  { by = house.service, as = memberOf(from.account ?? '') }: Partial<Asked> = {},
): Promise<Response> =>
  by.call('POST', '/v1/transfers', {
    ...{ key, as, body: { program, from, to, points: 3, reason: 'a present', ...more } },
  });
const quote = async (account: string): Promise<unknown> =>
  (
    await house.service.call('POST', '/v1/redemptions/quote', {
      ...{ as: till, body: { program, account } },
    })
  ).body;
const transfersOf = async (account: AccountId): Promise<number> => {
  const stream = ledgerStream(program, account);
  const recorded = (await house.service.store.readStreams([stream])).get(stream) ?? [];
  return recorded.filter(({ type }) => type === 'PointsTransferred').length;
};
const both = () => [house.service, house.neighbour];
const pair = async (name: string, points = 10) =>
  [await house.club.open(`${name}-from`, points), await house.club.open(`${name}-to`, 1)] as const;

/** A process that dies at its n-th append. */
const dyingAt = (nth: number, when: 'before' | 'after'): Means => {
  const { clock, service } = house;
  let appends = 0;
  const dead = dyingStore(service.store, when);
  const store: EventStore = new Proxy(service.store, {
    get: (target, name) => {
      if (name === 'append') {
        const append: EventStore['append'] = (writes) => {
          appends += 1;
          return appends < nth ? target.append(writes) : dead.append(writes);
        };
        return append;
      }
      const value: unknown = Reflect.get(target, name);
      const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
      return bound;
    },
  });
  const accounts = new Accounts({ store, clock, cache: new AccountCache() });
  return { store, clock, accounts, programs: new Programs(store) };
};
const sweeper = (): TransferSweeper => {
  const { clock, service } = house;
  const { store, db } = service;
  const accounts = new Accounts({ store, clock, cache: new AccountCache() });
  const means = { store, clock, accounts, programs: new Programs(store) };
  return new TransferSweeper(means, new OpenTransfers(db), pino({ level: 'silent' }));
};
const open = async (): Promise<number> =>
  (await house.service.db.query('select * from open_transfers')).rows.length;

describe('a transfer', () => {
  it('moves points from one account to another, once for its key', async () => {
    const [from, to] = await pair('plain');
    const first = await send('plain', { account: from }, { account: to });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      ...{ program, from, to, points: 3, available: 7 },
      position: first.headers.get('tallystick-position'),
    });
    for (const by of both()) {
      const again = await send('plain', { account: from }, { account: to }, {}, { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      for (const changed of [{ points: 4 }, { points: 4_000 }, { reason: 'none' }])
        expect(
          refusal(await send('plain', { account: from }, { account: to }, changed, { by })),
        ).toEqual([422, 'idempotency-key-reused']);
      expect(
        refusal(await send('plain', { account: from }, { account: from }, {}, { by })),
      ).toEqual([422, 'idempotency-key-reused']);
    }
    expect(await quote(from)).toMatchObject({ available: 7 });
    expect(await quote(to)).toMatchObject({ available: 4 });
    expect([await transfersOf(from), await transfersOf(to)]).toEqual([1, 1]);
  });

  it('that would bring the receiver more than an account takes is refused before anything is written', async () => {
    const from = await house.club.open('room-from', 10);
    const full = await house.club.open('room-to', Number.MAX_SAFE_INTEGER - 2);
    expect(refusal(await send('room', { account: from }, { account: full }))).toEqual([
      ...[409, 'beyond-limit'],
    ]);
    expect([await transfersOf(from), await transfersOf(full)]).toEqual([0, 0]);
    const less = { points: 2 };
    expect((await send('room', { account: from }, { account: full }, less)).status).toBe(201);
  });

  it('is told to both members and to managers: to others it is unknown', async () => {
    const [from, to] = await pair('told');
    const sent = await send('told', { account: from }, { account: to });
    const { transfer: id } = z.looseObject({ transfer: z.string() }).parse(sent.body);
    const read = (as: TokenClaims, name = id) =>
      house.service.call('GET', `/v1/transfers/${program}/${name}`, { as });
    for (const as of [memberOf(from), memberOf(to), manager]) {
      const { status, body } = await read(as);
      expect([status, body]).toMatchObject([
        200,
        { ...{ transfer: id, program, from, to, points: 3 }, status: 'arrived' },
      ]);
      expect(body).not.toHaveProperty('accounts');
    }
    expect(refusal(await read(memberOf('another')))).toEqual([404, 'transfer-unknown']);
    expect(refusal(await read(manager, 'none'))).toEqual([404, 'transfer-unknown']);
    expect((await read(till)).status).toBe(403);
  });

  it('is done once, however many send its key at the same moment', async () => {
    const [from, to] = await pair('stampede');
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        send(
          'stampede',
          { account: from },
          { account: to },
          {},
          { by: both()[n % 2] ?? house.service },
        ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await quote(to)).toMatchObject({ available: 4 });
  });

  it('of many at once in both directions loses no point', async () => {
    const [one, other] = await pair('crossing', 20);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        n % 2 === 0
          ? send(`crossing-${n}`, { account: one }, { account: other }, { points: 2 })
          : send(`crossing-${n}`, { account: other }, { account: one }, { points: 1 }),
      ),
    );
    const moved = answers.map(({ status }, n) => (status === 201 ? (n % 2 === 0 ? 2 : -1) : 0));
    const sum = moved.reduce<number>((total, points) => total + points, 0);
    expect(await quote(one)).toMatchObject({ available: 20 - sum });
    expect(await quote(other)).toMatchObject({ available: 1 + sum });
  });

  it('is refused before anything is written', async () => {
    const [from, to] = await pair('refused');
    expect(refusal(await send('r1', { account: from }, { account: 'nobody' }))).toEqual([
      404,
      'account-unknown',
    ]);
    expect(refusal(await send('r2', { account: 'nobody' }, { account: to }))).toEqual([
      404,
      'account-unknown',
    ]);
    expect(refusal(await send('r3', { account: from }, { account: from }))).toEqual([
      409,
      'same-account',
    ]);
    const short = await send('r4', { account: from }, { account: to }, { points: 11 });
    expect([short.problem, short.body]).toMatchObject(['insufficient-points', { available: 10 }]);
    expect((await send('r5', { account: from }, {})).fields).toEqual(['to']);
    expect((await send('r6', {}, { account: to })).fields).toEqual(['from']);
    expect(await transfersOf(from)).toBe(0);
    expect((await send('r4', { account: from }, { account: to }, { points: 9 })).status).toBe(201);
  });

  it('pays what the receiver owes', async () => {
    const [from, to] = [await house.club.open('rich', 10), await house.club.open('owing')];
    const sold = await house.club.sell(to, 5);
    await house.service.call('POST', '/v1/redemptions', {
      ...{ key: 'all', as: till, body: { program, account: to, points: 5, reference: 'r' } },
    });
    await house.club.takeBack(to, sold);
    await send('owing', { account: from }, { account: to }, { points: 7 });
    expect(await quote(to)).toMatchObject({ available: 2, arrears: 0 });
  });

  it('by cards goes to those whose they are, and to their successors', async () => {
    const [from, to] = await pair('cards');
    const young = await house.club.open('cards-young', 1);
    await house.club.link(house.tokenOf('55-1'), from);
    await house.club.link(house.tokenOf('55-2'), to);
    await house.service.caughtUp();
    const cards = [{ card: '55-1' }, { card: '55-2' }] as const;
    const as = memberOf(from);
    const first = await send('cards-1', ...cards, {}, { as });
    expect(first.body).toMatchObject({ from, to });
    await house.club.merge(to, young, true);
    for (const by of both())
      expect((await send('cards-1', ...cards, {}, { by, as })).body).toEqual(first.body);
    const followed = await send('cards-2', ...cards, {}, { as });
    expect(followed.body).toMatchObject({ from, to: young, available: 4 });
    expect((await send('cards-2', ...cards, {}, { as })).body).toEqual(followed.body);
    expect(await quote(young)).toMatchObject({ available: 8 });
    expect(refusal(await send('cards-3', { account: from }, { account: to }))).toEqual([
      409,
      'account-merged',
    ]);
    expect(refusal(await send('cards-4', { account: to }, { account: from }))).toEqual([
      409,
      'account-merged',
    ]);
  });

  it('is a member’s from its own account only, whatever else it may; nobody else’s', async () => {
    const [from, to] = await pair('whose');
    const between = [{ account: from }, { account: to }] as const;
    const statuses = [];
    for (const as of [
      ...[null, till, memberOf('other'), memberOf(from), manager],
      { ...memberOf(from), programs: ['other'] },
      { ...memberOf('other'), roles: ['member' as const, 'manager' as const] },
      { ...memberOf(from), sub: 'both', roles: ['member' as const, 'manager' as const] },
    ])
      statuses.push(
        (await send(`whose-${as?.sub ?? ''}`, ...between, { points: 1 }, { as })).status,
      );
    expect(statuses).toEqual([401, 403, 403, 201, 403, 403, 403, 201]);
  });
});

describe('a transfer whose process dies between its halves', () => {
  const request = { program, points: Points.points(3), reason: 'a present' };
  const dead = async (name: string, nth = 2, when: 'before' | 'after' = 'before') => {
    const [from, to] = await pair(name);
    const [left, arrives] = [from, to].map((account) => ({ account, follows: false }));
    if (left === undefined || arrives === undefined) throw new Error('two accounts');
    const between = { from: left, to: arrives };
    const cause = { actor: 'member:maria', correlationId: 'c' };
    const id = orderIdOf('transfer', program, memberOf(from).sub, name);
    const dying = transfer(dyingAt(nth, when), id, request, between, cause);
    await expect(dying).rejects.toThrow('killed');
    return [from, to] as const;
  };

  it.each([
    ['before the first', 1, 'before'],
    ['after the first, unheard', 1, 'after'],
    ['before the second', 2, 'before'],
    ['after the second, unheard', 2, 'after'],
  ] as const)('%s: its repetition finishes it', async (name, nth, when) => {
    const [from, to] = await dead(name.replaceAll(/\W+/g, '-'), nth, when);
    const again = await send(name.replaceAll(/\W+/g, '-'), { account: from }, { account: to });
    expect([again.status, again.body]).toMatchObject([201, { points: 3, available: 7 }]);
    expect(await quote(to)).toMatchObject({ available: 4 });
    expect([await transfersOf(from), await transfersOf(to)]).toEqual([1, 1]);
  });

  it('is finished by the sweeper, also at the successor of its receiver, and not twice', async () => {
    const [from, to] = await dead('swept');
    const id = orderIdOf('transfer', program, memberOf(from).sub, 'swept');
    const path = `/v1/transfers/${program}/${id}`;
    const status = async () => (await house.service.call('GET', path, { as: memberOf(to) })).body;
    const [, gone] = await dead('swept-merged');
    const young = await house.club.open('swept-young', 1);
    await house.club.merge(gone, young);
    await house.service.caughtUp();
    expect(await open()).toBeGreaterThanOrEqual(2);
    const asManager = await house.service.call('GET', path, { as: manager });
    expect(asManager.body).toMatchObject({ status: 'under-way', arrivedAt: null });
    await Promise.all([sweeper().sweep(0), sweeper().sweep(0)]);
    expect(await status()).toMatchObject({ status: 'arrived' });
    expect(await open()).toBe(0);
    expect(await quote(to)).toMatchObject({ available: 4 });
    expect(await quote(young)).toMatchObject({ available: 5 });
    const answer = await send('swept', { account: from }, { account: to });
    expect([answer.status, answer.body]).toMatchObject([201, { available: 7 }]);
    expect(await transfersOf(to)).toBe(1);
  });

  it('and which arrived long before a period was closed arrives no second time', async () => {
    const [from, to] = await pair('ancient');
    const first = await send('ancient', { account: from }, { account: to });
    house.pass(1_000);
    for (const account of [from, to]) await house.club.close(account);
    await house.service.caughtUp();
    for (const by of both())
      expect((await send('ancient', { account: from }, { account: to }, {}, { by })).body).toEqual(
        first.body,
      );
    await house.service.db.query(
      'insert into open_transfers (fact, program, sender) select $1, $2, $3 on conflict do nothing',
      [
        transferFact(program, z.looseObject({ transfer: z.string() }).parse(first.body).transfer),
        program,
        from,
      ],
    );
    await sweeper().sweep(0);
    expect(await transfersOf(to)).toBe(1);
  });

  it('long before a period was closed arrives all the same', async () => {
    const [, to] = await dead('late');
    house.pass(1_000);
    await house.club.close(to);
    await house.service.caughtUp();
    await sweeper().sweep(0);
    expect(await quote(to)).toMatchObject({ available: 4 });
  });
});

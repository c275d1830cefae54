import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { z } from 'zod';
import { AccountCache, Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { programId } from '@tallystick/kernel';
import { eventually, manager, type Response, type TestService } from '@tallystick/testing/service';
import type { Means } from '../orders/order.js';
import { Programs } from '../programs/programs.js';
import { program } from '../testing/club.js';
import { memberOf, openHouse, refusal, store as till, type House } from '../testing/house.js';
import { approveTransfer } from './change-request.js';
import { TransferRequestsSweeper } from './requests-sweeper.js';
import { TransferRequestsView } from './requests-view.js';
import { transferRequestStreams } from './transfer-request.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const all = '/v1/transfer-requests';
const paul = { ...manager, sub: 'paul' };
interface By {
  readonly by?: TestService;
  readonly as?: typeof manager | null;
}
const ask = (
  key: string,
  from: object,
  to: object,
  more: object = {},
  { by = house.service, as = manager }: By = {},
): Promise<Response> =>
  by.call('POST', all, {
    ...{ key, as, body: { program, from, to, points: 3, reason: 'a present', ...more } },
  });
const idOf = ({ body }: Response): string =>
  z.looseObject({ transfer: z.string() }).parse(body).transfer;
const approve = (id: string, { by = house.service, as = paul }: By = {}): Promise<Response> =>
  by.call('POST', `${all}/${program}/${id}/approvals`, { as });
const reject = (id: string, as = manager): Promise<Response> =>
  house.service.call('POST', `${all}/${program}/${id}/rejections`, {
    ...{ as, body: { reason: 'a mistake' } },
  });
const read = (id: string): Promise<Response> =>
  house.service.call('GET', `${all}/${program}/${id}`, { as: manager });
const available = async (account: string): Promise<number> => {
  const { body } = await house.service.call('POST', '/v1/redemptions/quote', {
    ...{ as: till, body: { program, account } },
  });
  return z.looseObject({ available: z.int() }).parse(body).available;
};
const pair = async (name: string, points = 10) =>
  [await house.club.open(`${name}-from`, points), await house.club.open(`${name}-to`, 1)] as const;
const asked = async (name: string, more: object = {}) => {
  const [from, to] = await pair(name);
  const answer = await ask(name, { account: from }, { account: to }, more);
  expect(answer.status).toBe(202);
  return { from, to, id: idOf(answer), answer };
};

describe('a transfer of another’s points', () => {
  it('moves nothing before another person approves it, and then what was asked for, once', async () => {
    const { from, to, id, answer } = await asked('plain');
    expect(answer.body).toMatchObject({
      ...{ program, from, to, points: 3, reason: 'a present', status: 'requested' },
      ...{ requestedBy: manager.sub, approvedBy: null, rejected: null },
    });
    expect([await available(from), await available(to)]).toEqual([10, 1]);
    const approved = await approve(id);
    expect([approved.status, approved.body]).toMatchObject([
      ...[201, { status: 'applied', approvedBy: 'paul' }],
    ]);
    expect([await available(from), await available(to)]).toEqual([7, 4]);
    // The same person again is told the same, and nothing else moves.
    for (const by of [house.service, house.neighbour])
      expect((await approve(id, { by })).body).toEqual(approved.body);
    expect(refusal(await approve(id, { as: { ...manager, sub: 'quinn' } }))).toEqual([
      ...[409, 'transfer-request-closed'],
    ]);
    expect(await available(to)).toBe(4);
    // Asked for again it is answered as the first time; to read what has become of it, there is GET.
    const again = await ask('plain', { account: from }, { account: to });
    expect(again.body).toEqual(answer.body);
    expect((await read(id)).body).toMatchObject({ status: 'applied' });
    const told = await house.service.call('GET', `/v1/transfers/${program}/${id}`, { as: manager });
    expect(told.body).toMatchObject({ transfer: id, status: 'arrived', points: 3 });
  });

  it('is not approved by who asked for it, whatever the name looks like', async () => {
    const { from, id } = await asked('same');
    for (const sub of [manager.sub, ` ${manager.sub.toUpperCase()} `])
      expect(refusal(await approve(id, { as: { ...manager, sub } }))).toEqual([403, 'same-person']);
    expect((await read(id)).body).toMatchObject({ status: 'requested' });
    expect(await available(from)).toBe(10);
  });

  it('of two approvals at once happens once', async () => {
    const { from, to, id } = await asked('race');
    const quinn = { ...manager, sub: 'quinn' };
    const answers = await Promise.all(
      [paul, quinn, paul, quinn].map((as, nth) =>
        approve(id, { as, by: nth % 2 === 0 ? house.service : house.neighbour }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409]);
    expect([await available(from), await available(to)]).toEqual([7, 4]);
  });

  it('is a manager’s only: to ask for, to approve, to reject', async () => {
    const { from, to, id } = await asked('rights');
    const elsewhere = { ...manager, programs: ['other'] };
    for (const as of [till, memberOf(from), elsewhere]) {
      expect((await ask('r', { account: from }, { account: to }, {}, { as })).status).toBe(403);
      expect((await approve(id, { as })).status).toBe(403);
      expect((await reject(id, as)).status).toBe(403);
    }
    expect((await ask('r', { account: from }, { account: to }, {}, { as: null })).status).toBe(401);
    // And a manager has no other way.
    const alone = await house.service.call('POST', '/v1/transfers', {
      ...{ key: 'alone', as: manager },
      body: { program, from: { account: from }, to: { account: to }, points: 3, reason: 'r' },
    });
    expect(alone.status).toBe(403);
    expect(await available(from)).toBe(10);
  });

  it('is not kept where it could not happen now, and a key is for one request', async () => {
    const [from, to] = await pair('never');
    expect(refusal(await ask('n1', { account: from }, { account: 'nobody' }))).toEqual([
      ...[404, 'account-unknown'],
    ]);
    expect(refusal(await ask('n2', { account: 'nobody' }, { account: to }))).toEqual([
      ...[404, 'account-unknown'],
    ]);
    expect(refusal(await ask('n3', { account: from }, { account: from }))).toEqual([
      ...[409, 'same-account'],
    ]);
    const short = await ask('n4', { account: from }, { account: to }, { points: 11 });
    expect(refusal(short)).toEqual([409, 'insufficient-points']);
    expect((await ask('n4', { account: from }, { account: to })).status).toBe(202);
    expect(refusal(await ask('n4', { account: from }, { account: to }, { points: 4 }))).toEqual([
      ...[422, 'idempotency-key-reused'],
    ]);
    expect(refusal(await approve('none'))).toEqual([404, 'transfer-request-unknown']);
    expect(refusal(await reject('none'))).toEqual([404, 'transfer-request-unknown']);
    expect(refusal(await read('none'))).toEqual([404, 'transfer-request-unknown']);
  });

  it('stays open where the points are not there when it is approved, and can be approved later', async () => {
    const { from, to, id } = await asked('spent');
    const spend = await house.service.call('POST', '/v1/redemptions', {
      ...{ key: 'spent', as: till, body: { program, account: from, points: 9, reference: 'r' } },
    });
    expect(spend.status).toBe(201);
    expect(refusal(await approve(id))).toEqual([409, 'insufficient-points']);
    expect((await read(id)).body).toMatchObject({ status: 'requested', approvedBy: null });
    await house.club.give(from, 5);
    expect((await approve(id)).body).toMatchObject({ status: 'applied' });
    expect([await available(from), await available(to)]).toEqual([3, 4]);
  });

  it('names the accounts that its cards led to when it was asked for; one that was merged since is told', async () => {
    const [from, to] = await pair('cards');
    await house.club.link(house.tokenOf('77-1'), from);
    await house.club.link(house.tokenOf('77-2'), to);
    await house.service.caughtUp();
    const first = await ask('cards', { card: '77-1' }, { card: '77-2' });
    expect(first.body).toMatchObject({ from, to });
    const young = await house.club.open('cards-young', 1);
    await house.club.merge(to, young, true);
    const late = await approve(idOf(first));
    expect([late.problem, late.body]).toMatchObject(['account-merged', { successor: young }]);
    expect((await reject(idOf(first))).body).toMatchObject({ status: 'rejected' });
    expect(refusal(await approve(idOf(first)))).toEqual([409, 'transfer-request-closed']);
    const followed = await ask('cards-2', { card: '77-1' }, { card: '77-2' });
    expect(followed.body).toMatchObject({ from, to: young });
    const stream = transferRequestStreams.streamOf({
      program: programId(program),
      id: idOf(first),
    });
    const [event] = (await house.service.store.readStreams([stream])).get(stream) ?? [];
    expect(JSON.stringify(event?.data)).not.toContain('77-1');
  });

  it('is listed for managers and auditors until it is over, the oldest first', async () => {
    const listed = async (as = manager) => {
      const answer = await house.service.call('GET', `${all}?program=${program}&limit=200`, { as });
      return z
        .looseObject({ transfers: z.array(z.looseObject({ transfer: z.string() })) })
        .parse(answer.body)
        .transfers.map(({ transfer }) => transfer);
    };
    const [first, second] = [await asked('list-1'), await asked('list-2')];
    const ours = async () => (await listed()).filter((id) => [first.id, second.id].includes(id));
    await house.service.caughtUp();
    expect(await ours()).toEqual([first.id, second.id]);
    expect(await listed({ ...manager, roles: ['auditor'] })).toEqual(await listed());
    await approve(first.id);
    await reject(second.id);
    await eventually(async () => (await ours()).length === 0);
  });
});

describe('an approved transfer whose process dies', () => {
  /** It dies at its n-th append: 1 is the approval, 2 and 3 the halves, 4 that it is applied. */
  const dyingAt = (nth: number, when: 'before' | 'after'): Means => {
    const { clock, service } = house;
    let appends = 0;
    const store: EventStore = new Proxy(service.store, {
      get: (target, name) => {
        if (name === 'append') {
          const append: EventStore['append'] = async (writes) => {
            appends += 1;
            if (appends > nth || (appends === nth && when === 'before')) throw new Error('killed');
            const result = await target.append(writes);
            if (appends === nth) throw new Error('killed');
            return result;
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
  const dead = async (name: string, nth: number, when: 'before' | 'after') => {
    const request = await asked(name);
    const at = house.clock();
    const metadata = { program: programId(program), occurredAt: at, recordedAt: at };
    const signer = { program: programId(program), id: request.id, by: 'paul' };
    const dying = approveTransfer(dyingAt(nth, when), signer, {
      ...{ ...metadata, actor: 'manager:paul', correlationId: 'c' },
    });
    await expect(dying).rejects.toThrow('killed');
    return request;
  };
  const sweep = async (): Promise<void> => {
    const { clock, service } = house;
    const { store, db } = service;
    const accounts = new Accounts({ store, clock, cache: new AccountCache() });
    const means = { store, clock, accounts, programs: new Programs(store) };
    const view = new TransferRequestsView(db);
    await new TransferRequestsSweeper(means, view, pino({ level: 'silent' })).sweep(0);
  };

  it.each([
    ['after the approval', 1, 'after'],
    ['after the first half', 2, 'after'],
    ['before the second half', 3, 'before'],
    ['before it says that it is applied', 4, 'before'],
    ['after it says that it is applied', 4, 'after'],
  ] as const)('%s: the sweeper finishes it, once', async (name, nth, when) => {
    const { from, to, id } = await dead(name.replaceAll(' ', '-'), nth, when);
    await house.service.caughtUp();
    await Promise.all([sweep(), sweep()]);
    expect((await read(id)).body).toMatchObject({ status: 'applied', approvedBy: 'paul' });
    expect([await available(from), await available(to)]).toEqual([7, 4]);
  });

  it('is finished by who approves it again', async () => {
    const { from, to, id } = await dead('again', 1, 'after');
    expect((await approve(id)).body).toMatchObject({ status: 'applied' });
    expect([await available(from), await available(to)]).toEqual([7, 4]);
  });

  it('is open again where the account would not do it any more in the last moment', async () => {
    const { from, to, id } = await dead('drained', 1, 'after');
    await house.service.call('POST', '/v1/redemptions', {
      ...{ key: 'drained', as: till, body: { program, account: from, points: 9, reference: 'r' } },
    });
    await house.service.caughtUp();
    await sweep();
    expect((await read(id)).body).toMatchObject({ status: 'requested', approvedBy: null });
    expect([await available(from), await available(to)]).toEqual([1, 1]);
  });
});

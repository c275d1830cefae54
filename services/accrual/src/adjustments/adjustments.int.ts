import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, newEvent, type EventStore } from '@tallystick/event-store';
import { Points, accountId, addMs, systemClock } from '@tallystick/kernel';
import { decideMergeOut } from '@tallystick/ledger';
import {
  dyingStore,
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { Catalog } from '../programs/catalog.js';
import { maria, openClub, paul, type Club } from '../testing/club.js';
import { storeUntil } from '../testing/store-until.js';
import { startAccrual } from '../testing/start-accrual.js';
import { adjustmentStreams, type AskedChange } from './adjustment.js';
import { approveAdjustment } from './close-adjustment.js';

const points = (count: number) => Points.points(count);
const up = (count: number, more: object = {}) => ({ kind: 'up', points: count, ...more });

let deployment: Deployment;
let service: TestService;
let club: Club;
let keys = 0;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const ask = (account: string, change: object, { key = `k${++keys}`, as = maria, ...more } = {}) =>
  service.call('POST', '/v1/adjustments', {
    body: { program: club.program, account, change, reason: 'goodwill', ...more },
    key,
    as,
  });
const idOf = (body: unknown): string => (body as { adjustment: string }).adjustment;
const asked = async (account: string, change: object): Promise<string> => {
  const { status, body } = await ask(account, change);
  expect(status).toBe(202);
  return idOf(body);
};
const path = (id: string, what = ''): string => `/v1/adjustments/${club.program}/${id}${what}`;
const approve = (id: string, as = paul) => service.call('POST', path(id, '/approvals'), { as });
const reject = (id: string, as = paul, reason = 'no receipt') =>
  service.call('POST', path(id, '/rejections'), { as, body: { reason } });
const mergeAway = (source: string, target: string): Promise<void> =>
  club.post(source, (account, at) => {
    const named = {
      fact: adjustmentStreams.factOf({ program: club.program, id: `merge-${source}` }),
      factHash: 'h',
    };
    const command = { ...named, target: accountId(target), reason: 'test', keepFrom: at };
    return decideMergeOut(account, command, at);
  });
/** As an older release kept it, which refused less. */
const keptAsAsked = async (account: string, change: AskedChange): Promise<string> => {
  const adjustment = `older-${account}`;
  const { program } = club;
  const fact = adjustmentStreams.factOf({ program, id: adjustment });
  const named = { adjustment, program, account, reason: 'x', requestedBy: 'maria', hash: 'h' };
  const event = { type: 'AdjustmentRequested', data: { ...named, change } };
  await service.store.append([
    {
      stream: adjustmentStreams.streamOf({ program, id: adjustment }),
      expected: 'noStream',
      events: [newEvent(fact, 0, event, metadataOf())],
    },
  ]);
  return adjustment;
};
const metadataOf = () => ({
  ...{ program: club.program, occurredAt: systemClock(), recordedAt: systemClock() },
  ...{ actor: 'test', correlationId: 'c' },
});
const find = async (id: string) => (await service.call('GET', path(id))).body;

describe('an adjustment', () => {
  it('is asked for by one manager and happens when another approves it', async () => {
    await club.open('ann');
    const requested = await ask('ann', up(100, { expiresAt: '2099-01-01T00:00:00Z' }));
    expect(requested.status).toBe(202);
    expect(requested.headers.get('tallystick-position')).toMatch(/^\d+$/);
    expect(requested.body).toMatchObject({
      ...{ program: club.program, account: 'ann', status: 'requested', requestedBy: 'maria' },
      change: { kind: 'up', points: 100, funder: 'chain', expiresAt: '2099-01-01T00:00:00.000Z' },
    });
    expect((await club.value('ann')).available).toBe(0);
    const id = idOf(requested.body);
    const approved = await approve(id);
    expect(approved.status).toBe(201);
    expect(approved.body).toMatchObject({
      ...{ adjustment: id, status: 'applied', approvedBy: 'paul' },
      applied: { points: 100, arrearsPaid: 0 },
    });
    expect((await club.value('ann')).available).toBe(100);
    expect(await find(id)).toMatchObject({ status: 'applied', approvedBy: 'paul' });
    const [, adjusted] = await club.events('ann');
    expect(JSON.parse(adjusted?.data ?? '')).toMatchObject({
      authority: { by: 'people', requestedBy: 'maria', approvedBy: 'paul' },
    });
  });

  it('is never approved by who asked for it, however the name is written', async () => {
    await club.open('own');
    const id = await asked('own', up(5));
    for (const sub of ['maria', 'Maria', ' maria ']) {
      const own = await approve(id, { ...maria, sub });
      expect([own.status, own.problem]).toEqual([403, 'same-person']);
    }
    expect(await find(id)).toMatchObject({ status: 'requested' });
    expect((await club.value('own')).available).toBe(0);
  });

  it('is asked for once for a key: the same again is answered as before, another request is refused', async () => {
    await club.open('key');
    const first = await ask('key', up(7), { key: 'once' });
    await approve(idOf(first.body));
    const again = await Promise.all([1, 2, 3].map(() => ask('key', up(7), { key: 'once' })));
    for (const one of again) expect(one).toMatchObject({ status: 202, body: first.body });
    const changed = await ask('key', up(8), { key: 'once' });
    expect([changed.status, changed.problem]).toEqual([422, 'idempotency-key-reused']);
    const without = await service.call('POST', '/v1/adjustments', {
      body: { program: club.program, account: 'key', change: up(1), reason: 'x' },
    });
    expect(without.problem).toBe('idempotency-key-missing');
    const other = await ask('key', up(7), { key: 'once', as: paul });
    expect(idOf(other.body)).not.toBe(idOf(first.body));
  });

  it('happens once, however many ask for it and approve it at the same moment', async () => {
    await club.open('race');
    const requests = await Promise.all(
      Array.from({ length: 6 }, () => ask('race', up(10), { key: 'race' })),
    );
    expect(new Set(requests.map(({ body }) => idOf(body))).size).toBe(1);
    const id = idOf(requests[0]?.body);
    const answers = await Promise.all(Array.from({ length: 6 }, () => approve(id)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await club.value('race')).available).toBe(10);
  });

  it('is approved or rejected, never both, and by one person', async () => {
    await club.open('both');
    const id = await asked('both', up(3));
    const quinn = { ...maria, sub: 'quinn' };
    const answers = await Promise.all([
      approve(id),
      reject(id),
      approve(id, quinn),
      reject(id, quinn),
    ]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, problem } of answers)
      if (status !== 201) expect([status, problem]).toEqual([409, 'adjustment-closed']);
    const { status } = (await find(id)) as { status: string };
    expect((await club.value('both')).available).toBe(status === 'applied' ? 3 : 0);
  });

  it('is rejected with a reason, also by who asked for it, and does nothing then', async () => {
    await club.open('rej');
    const id = await asked('rej', up(3));
    const rejected = await reject(id, maria, 'a mistake');
    expect(rejected).toMatchObject({
      status: 201,
      body: { status: 'rejected', rejected: { by: 'maria', reason: 'a mistake' } },
    });
    expect((await reject(id, maria, 'a mistake')).body).toEqual(rejected.body);
    expect((await approve(id)).problem).toBe('adjustment-closed');
    expect((await club.value('rej')).available).toBe(0);
  });

  it('down takes what is there and no more: without as many nothing happens, and the request stays open', async () => {
    await club.open('dan', [{ points: points(40) }]);
    const id = await asked('dan', { kind: 'down', points: 50 });
    const refused = await approve(id);
    expect([refused.status, refused.problem]).toEqual([409, 'insufficient-points']);
    expect(refused.body).toMatchObject({ available: 40 });
    expect(await find(id)).toMatchObject({ status: 'requested' });
    await approve(await asked('dan', up(10)));
    expect((await approve(id)).status).toBe(201);
    expect(await club.value('dan')).toMatchObject({ unspent: 0, arrears: 0 });
  });

  it('waives arrears, or takes money for them, up to what is owed', async () => {
    await club.open('eve');
    await club.owe('eve', 30);
    const money = {
      ...{ kind: 'arrears-paid-in-money', points: 20 },
      payment: { amount: '12.50', currency: 'GBP', reference: 'POS 7' },
    };
    const tooMuch = await approve(await asked('eve', { kind: 'waive-arrears', points: 31 }));
    expect([tooMuch.status, tooMuch.problem]).toEqual([409, 'exceeds-arrears']);
    expect((await approve(await asked('eve', { kind: 'waive-arrears', points: 10 }))).status).toBe(
      201,
    );
    expect((await club.value('eve')).arrears).toBe(20);
    expect((await approve(await asked('eve', money))).status).toBe(201);
    expect((await club.value('eve')).arrears).toBe(0);
    const paid = JSON.parse((await club.events('eve')).at(-1)?.data ?? '') as object;
    expect(paid).toMatchObject({ payment: { minor: 1250, currency: 'GBP', reference: 'POS 7' } });
  });

  it('up pays what is owed first', async () => {
    await club.open('fay');
    await club.owe('fay', 30);
    const approved = await approve(await asked('fay', up(50)));
    expect(approved.body).toMatchObject({ applied: { points: 50, arrearsPaid: 30 } });
    expect(await club.value('fay')).toMatchObject({ available: 20, arrears: 0 });
  });

  it('whose points have expired is refused, and not approved where they expired meanwhile', async () => {
    await club.open('gil');
    const over = await ask('gil', up(5, { expiresAt: '2020-01-01T00:00:00Z' }));
    expect([over.status, over.problem, over.fields]).toEqual([
      ...[422, 'adjustment-invalid', ['change.expiresAt']],
    ]);
    const soon = addMs(systemClock(), 1_500);
    const requested = await ask('gil', up(5, { expiresAt: soon }), { key: 'soon' });
    const id = idOf(requested.body);
    await eventually(() => Promise.resolve(systemClock() > soon));
    const approved = await approve(id);
    expect([approved.status, approved.problem]).toEqual([409, 'adjustment-expired']);
    expect(await find(id)).toMatchObject({ status: 'requested' });
    expect((await ask('gil', up(5, { expiresAt: soon }), { key: 'soon' })).body).toEqual(
      requested.body,
    );
  });

  it('takes money for what is owed in the programme’s currency alone, also where it was asked for before', async () => {
    await club.open('uma');
    await club.owe('uma', 20);
    const payment = { amount: '12.50', currency: 'EUR', reference: 'POS 7' };
    const euros = await ask('uma', { kind: 'arrears-paid-in-money', points: 20, payment });
    expect([euros.status, euros.problem, euros.fields]).toEqual([
      ...[422, 'adjustment-invalid', ['change.payment.currency']],
    ]);
    const before = await keptAsAsked('uma', {
      ...{ kind: 'arrears-paid-in-money', points: points(20) },
      payment: { minor: 1250, currency: 'EUR', reference: 'POS 7' },
    });
    const approved = await approve(before);
    expect([approved.status, approved.problem]).toEqual([409, 'other-currency']);
    expect((await club.value('uma')).arrears).toBe(20);
  });

  it('up to more than an account can hold is refused, and not approved where others came first', async () => {
    await club.open('max', [{ points: points(Number.MAX_SAFE_INTEGER - 10) }]);
    const more = await ask('max', up(11));
    expect([more.status, more.problem, more.fields]).toEqual([
      ...[422, 'adjustment-invalid', ['change.points']],
    ]);
    const ids = [await asked('max', up(6)), await asked('max', up(6))];
    const answers = [];
    for (const id of ids) answers.push(await approve(id));
    expect(answers.map(({ status, problem }) => [status, problem])).toEqual([
      [201, undefined],
      [409, 'beyond-limit'],
    ]);
    expect(await find(ids[1] ?? '')).toMatchObject({ status: 'requested' });
    expect((await club.value('max')).available).toBe(Number.MAX_SAFE_INTEGER - 4);
  });

  it('names an account that is there: an unknown one is 404, a merged one 409 with its successor', async () => {
    expect((await ask('nobody', up(1))).problem).toBe('account-unknown');
    await club.open('old');
    await club.open('new');
    const before = await asked('old', up(1));
    await mergeAway('old', 'new');
    const merged = await ask('old', up(1));
    expect([merged.status, merged.problem]).toEqual([409, 'account-merged']);
    expect(merged.body).toMatchObject({ account: 'old', successor: 'new' });
    const approved = await approve(before);
    expect([approved.status, approved.problem]).toEqual([409, 'account-merged']);
    expect(approved.body).toMatchObject({ successor: 'new' });
    expect(await find(before)).toMatchObject({ status: 'requested' });
  });

  it('is only for managers of the programme, and as the schema says', async () => {
    const elsewhere = { ...maria, programs: ['other'] };
    const store = { ...maria, roles: ['store' as const] };
    await club.open('hal');
    for (const as of [elsewhere, store]) {
      expect((await ask('hal', up(1), { as })).status).toBe(403);
      expect((await approve('any', as)).status).toBe(403);
      expect((await reject('any', as)).status).toBe(403);
    }
    expect((await approve('none')).problem).toBe('adjustment-unknown');
    expect((await service.call('GET', path('none'))).problem).toBe('adjustment-unknown');
    const wrong = await ask('hal', { kind: 'up', points: 0.5 });
    expect([wrong.status, wrong.problem]).toEqual([400, 'validation']);
    const unfunded = await ask('hal', { kind: 'up', points: 5, funder: 'rubbish' });
    expect([unfunded.status, unfunded.fields]).toEqual([400, ['change.funder']]);
    const fine = { amount: '1.005', currency: 'GBP', reference: 'x' };
    const finer = await ask('hal', { kind: 'arrears-paid-in-money', points: 1, payment: fine });
    expect(finer.fields).toEqual(['change.payment.amount']);
  });
});

describe('the open adjustments of a programme', () => {
  it('are listed page by page, the oldest first, and are gone when they are over', async () => {
    const other = await openClub(service);
    await other.open('ida');
    const list = async (query: string) => {
      const { body } = await service.call(
        'GET',
        `/v1/adjustments?program=${other.program}${query}`,
      );
      return body as { adjustments: { adjustment: string }[]; next: string | null };
    };
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { body } = await service.call('POST', '/v1/adjustments', {
        body: { program: other.program, account: 'ida', change: up(n + 1), reason: 'x' },
        key: `list-${n}`,
      });
      ids.push(idOf(body));
    }
    await service.caughtUp();
    const pages: string[][] = [];
    for (
      let next: string | null = '', cursor = '';
      next !== null;
      cursor = `&cursor=${next ?? ''}`
    ) {
      const page = await list(`&limit=2${cursor}`);
      pages.push(page.adjustments.map(({ adjustment }) => adjustment));
      next = page.next;
    }
    expect(pages.flat()).toEqual(ids);
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    const of = (id: string, what: string) =>
      service.call('POST', `/v1/adjustments/${other.program}/${id}/${what}`, {
        as: paul,
        ...(what === 'rejections' ? { body: { reason: 'x' } } : {}),
      });
    await of(ids[0] ?? '', 'approvals');
    await of(ids[1] ?? '', 'rejections');
    await service.caughtUp();
    expect((await list('')).adjustments.map(({ adjustment }) => adjustment)).toEqual(ids.slice(2));
    const wrong = await service.call('GET', `/v1/adjustments?program=${other.program}&cursor=no`);
    expect(wrong.fields).toEqual(['cursor']);
  });
});

describe('a crash while an adjustment is approved', () => {
  const partsOn = (store: EventStore) => ({
    ...{ store, catalog: new Catalog(store), clock: systemClock },
    accounts: new Accounts({ store, clock: systemClock, cache: new AccountCache() }),
  });

  it('before or after the approval was kept is healed by who sends it again, once', async () => {
    for (const when of ['before', 'after'] as const) {
      await club.open(`crash-${when}`);
      const adjustment = await asked(`crash-${when}`, up(9));
      const named = { program: club.program, id: adjustment, by: 'paul' };
      await expect(
        approveAdjustment(partsOn(dyingStore(service.store, when)), named, metadataOf()),
      ).rejects.toThrow(StoreUnavailable);
      expect(await find(adjustment)).toMatchObject({
        status: when === 'after' ? 'approved' : 'requested',
      });
      expect((await approve(adjustment)).status).toBe(201);
      expect((await club.value(`crash-${when}`)).available).toBe(9);
    }
  });

  it('between the approval and the account is finished by the sweeper, whoever else comes', async () => {
    await club.open('swept');
    const adjustment = await asked('swept', up(9));
    await approvalKept(adjustment);
    await service.caughtUp();
    await service.db.query(`update adjustments set noted_at = now() - interval '1 hour'`);
    await eventually(async () => (await club.value('swept')).available === 9, 20_000);
    await eventually(
      async () => ((await find(adjustment)) as { status: string }).status === 'applied',
    );
    expect((await approve(adjustment)).status).toBe(201);
    expect((await club.value('swept')).available).toBe(9);
  });

  it('between the account and the last word is told from the account, though that has become part of another', async () => {
    await club.open('late');
    await club.open('heir');
    const adjustment = await asked('late', up(9));
    const named = { program: club.program, id: adjustment, by: 'paul' };
    const cut = partsOn(storeUntil(service.store, 2));
    await expect(approveAdjustment(cut, named, metadataOf())).rejects.toThrow(StoreUnavailable);
    expect(await find(adjustment)).toMatchObject({ status: 'approved' });
    await mergeAway('late', 'heir');
    expect((await approve(adjustment)).body).toMatchObject({ applied: { points: 9 } });
    expect(await club.events('late')).toHaveLength(3);
  });

  const approvalKept = async (adjustment: string): Promise<void> => {
    await service.store.append([
      {
        stream: adjustmentStreams.streamOf({ program: club.program, id: adjustment }),
        expected: 0,
        events: [
          newEvent(
            adjustmentStreams.factOf({ program: club.program, id: adjustment }),
            1,
            { type: 'AdjustmentApproved', data: { adjustment, approvedBy: 'paul' } },
            metadataOf(),
          ),
        ],
      },
    ]);
  };
});

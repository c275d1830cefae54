import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, contentHash, type EventStore } from '@tallystick/event-store';
import {
  Points,
  accountId,
  addMs,
  factId,
  startOfWindow,
  systemClock,
  timeZone,
} from '@tallystick/kernel';
import { decideCapture, decideHold, equationOf } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { Catalog } from '../programs/catalog.js';
import { maria, openClub, paul, type Club } from '../testing/club.js';
import { mergeByTwo } from '../testing/merging.js';
import { startAccrual } from '../testing/start-accrual.js';
import { storeUntil } from '../testing/store-until.js';
import { approveMerge } from './change-merge.js';
import { MergeRegister, mergesStream } from './merge-register.js';

const london = timeZone('Europe/London');
const p = (count: number) => Points.points(count);
const lots = (count: number) => [{ points: p(count) }];

let deployment: Deployment;
let service: TestService;
let other: TestService;
let club: Club;
let keys = 0;
/** The register of the programme whose open merges are listed. */
let listed = '';

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  other = await startAccrual(deployment);
  club = await openClub(service, { returns: { windowDays: 30 } });
});
afterAll(async () => {
  await service.close();
  await other.close();
  await deployment.drop();
});

const ask = (
  source: string,
  target: string,
  { key = `k${++keys}`, as = maria, on = service, reason = 'one household' } = {},
) =>
  on.call('POST', '/v1/merges', {
    body: { program: club.program, source, target, reason },
    key,
    as,
  });
const idOf = (body: unknown): string => z.looseObject({ merge: z.string() }).parse(body).merge;
const asked = async (source: string, target: string): Promise<string> => {
  const { status, body } = await ask(source, target);
  expect(status).toBe(202);
  return idOf(body);
};
const path = (id: string, what = ''): string => `/v1/merges/${club.program}/${id}${what}`;
const approve = (id: string, { as = paul, on = service } = {}) =>
  on.call('POST', path(id, '/approvals'), { as });
const reject = (id: string, as = paul, reason = 'two households') =>
  service.call('POST', path(id, '/rejections'), { as, body: { reason } });
const find = async (id: string) => (await service.call('GET', path(id))).body;
/** Asked for by one, approved by another. */
const merge = (source: string, target: string, { key = `k${++keys}`, on = service } = {}) =>
  mergeByTwo(on, { program: club.program, source, target }, { key });
const refused = async (of: ReturnType<typeof merge>) => {
  const { status, problem, body } = await of;
  return [status, problem, (body as { successor?: string }).successor ?? null];
};
const sums = async (...names: string[]): Promise<number> => {
  let unspent = 0;
  for (const name of names) {
    unspent += (await club.value(name)).unspent;
    const { cameIn, isThereOrWentOut } = equationOf(await club.state(name));
    expect(cameIn).toBe(isThereOrWentOut);
  }
  return unspent;
};

describe('a merge', () => {
  it('moves points, open holds and debts, and what was held is captured at the target', async () => {
    await club.open('ann', lots(100));
    await club.open('bob', lots(20));
    const hold = factId('hold', club.program, 'ann');
    const lapsesAt = addMs(systemClock(), 3_600_000);
    await club.post('ann', (account, at) =>
      decideHold(
        account,
        {
          ...{ hold, factHash: 'h', points: p(30), kind: 'discount', reference: 'r' },
          lapsesAt,
        },
        at,
      ),
    );
    await club.owe('ann', 7);
    const merged = await merge('ann', 'bob');
    expect(merged).toMatchObject({
      status: 201,
      body: {
        ...{ program: club.program, source: 'ann', target: 'bob', status: 'applied' },
        moved: { points: 70, lots: 1, held: 30, holds: 1, arrears: 7, certificates: 0 },
      },
    });
    expect(merged.headers.get('tallystick-position')).toMatch(/^\d+$/);
    expect(await club.value('ann')).toMatchObject({ unspent: 0, held: 0, arrears: 0 });
    expect(await club.value('bob')).toMatchObject({ unspent: 83, held: 30, arrears: 0 });
    await club.post('bob', (account, at) => {
      const fact = factId('capture', club.program, 'ann');
      const capture = { fact, factHash: 'h', hold, points: p(30), last: true };
      const decision = decideCapture(account, capture, at);
      return {
        kind: decision.kind,
        ...(decision.kind === 'captured' && decision.events[0] !== undefined
          ? { event: decision.events[0] }
          : {}),
      };
    });
    expect(await club.value('bob')).toMatchObject({ unspent: 83, held: 0 });
    await sums('ann', 'bob');
  });

  it('is asked for by one manager, says what would move, and happens when another approves it', async () => {
    await club.open('one', lots(5));
    await club.open('two', lots(6));
    const requested = await ask('one', 'two');
    const moves = { points: 5, lots: 1, held: 0, holds: 0, arrears: 0, certificates: 0 };
    expect(requested).toMatchObject({
      status: 202,
      body: { status: 'requested', requestedBy: 'maria', approvedBy: null, moves, moved: null },
    });
    expect(requested.headers.get('tallystick-position')).toMatch(/^\d+$/);
    expect((await club.value('two')).unspent).toBe(6);
    const id = idOf(requested.body);
    await club.give('one', 'more', lots(3));
    const grown = { ...moves, points: 8, lots: 2 };
    expect(await find(id)).toMatchObject({ status: 'requested', moves: grown, stale: null });
    expect((await approve(id)).body).toMatchObject({
      ...{ merge: id, status: 'applied', approvedBy: 'paul', moves, moved: grown },
    });
    expect((await club.value('two')).unspent).toBe(14);
    expect(await find(id)).toMatchObject({ status: 'applied', moved: grown });
    const register = [];
    for await (const { data } of service.store.readStream(mergesStream(club.program)))
      register.push(JSON.parse(data));
    expect(register.at(-1)).toMatchObject({ merge: id, requestedBy: 'maria', approvedBy: 'paul' });
  });

  it('is never approved by who asked for it, however the name is written', async () => {
    await club.open('own-a', lots(5));
    await club.open('own-b');
    const id = await asked('own-a', 'own-b');
    for (const sub of ['maria', 'Maria', ' maria '])
      expect(await refused(approve(id, { as: { ...maria, sub } }))).toEqual([
        ...[403, 'same-person', null],
      ]);
    expect(await find(id)).toMatchObject({ status: 'requested' });
    expect((await club.value('own-a')).unspent).toBe(5);
  });

  it('is asked for once for a key: the same again is answered as before, another request is refused', async () => {
    await club.open('key-a', lots(5));
    await club.open('key-b');
    const first = await ask('key-a', 'key-b', { key: 'once' });
    await approve(idOf(first.body));
    for (const on of [service, other])
      expect(await ask('key-a', 'key-b', { key: 'once', on })).toMatchObject({
        ...{ status: 202, body: first.body },
      });
    expect(await refused(ask('key-a', 'key-b', { key: 'once', reason: 'else' }))).toEqual([
      ...[422, 'idempotency-key-reused', null],
    ]);
  });

  it('happens once, however many ask for it and approve it at the same moment', async () => {
    await club.open('race-a', lots(5));
    await club.open('race-b', lots(6));
    const everywhere = [service, other, service, other];
    const requests = await Promise.all(
      everywhere.map((on) => ask('race-a', 'race-b', { key: 'race', on })),
    );
    expect(new Set(requests.map(({ body }) => idOf(body))).size).toBe(1);
    const id = idOf(requests[0]?.body);
    const answers = await Promise.all(everywhere.map((on) => approve(id, { on })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await club.value('race-b')).unspent).toBe(11);
    expect(await club.events('race-b')).toHaveLength(3);
  });

  it('is approved or rejected, never both, and by one person', async () => {
    await club.open('both-a', lots(3));
    await club.open('both-b');
    const id = await asked('both-a', 'both-b');
    const quinn = { ...maria, sub: 'quinn' };
    const answers = await Promise.all([
      approve(id),
      reject(id),
      approve(id, { as: quinn, on: other }),
      reject(id, quinn),
    ]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, problem } of answers)
      if (status !== 201) expect([status, problem]).toEqual([409, 'merge-closed']);
    const { status } = z.looseObject({ status: z.string() }).parse(await find(id));
    expect((await club.value('both-b')).unspent).toBe(status === 'applied' ? 3 : 0);
  });

  it('is rejected with a reason, also by who asked for it, and does nothing then', async () => {
    await club.open('rej-a', lots(3));
    await club.open('rej-b');
    const id = await asked('rej-a', 'rej-b');
    const rejected = await reject(id, maria, 'a mistake');
    expect(rejected).toMatchObject({
      status: 201,
      body: { status: 'rejected', rejected: { by: 'maria', reason: 'a mistake' } },
    });
    expect((await reject(id, maria, 'a mistake')).body).toEqual(rejected.body);
    expect(await refused(approve(id))).toEqual([409, 'merge-closed', null]);
    expect((await club.value('rej-a')).unspent).toBe(3);
  });

  it('is stale when an account of it became part of another one: it says so, and is only rejected', async () => {
    for (const name of ['st-a', 'st-b', 'st-c']) await club.open(name, lots(1));
    const [away, into, back] = [
      await asked('st-a', 'st-c'),
      await asked('st-c', 'st-a'),
      await asked('st-b', 'st-a'),
    ];
    await merge('st-a', 'st-b');
    const stale = { account: 'st-a', successor: 'st-b' };
    for (const id of [away, into, back]) {
      expect(await find(id)).toMatchObject({ status: 'requested', stale });
      expect(await refused(approve(id))).toEqual([409, 'merge-stale', 'st-b']);
      expect(await find(id)).toMatchObject({ status: 'requested' });
    }
    expect((await reject(away)).status).toBe(201);
    expect((await club.value('st-b')).unspent).toBe(2);
  });

  it('is refused with an account that is not there, with itself, and back', async () => {
    await club.open('cid', lots(1));
    await club.open('dan');
    expect(await refused(merge('cid', 'nobody'))).toEqual([404, 'account-unknown', null]);
    expect(await refused(merge('nobody', 'cid'))).toEqual([404, 'account-unknown', null]);
    expect(await refused(merge('cid', 'cid'))).toEqual([409, 'same-account', null]);
    expect((await merge('cid', 'dan')).status).toBe(201);
    expect(await refused(merge('dan', 'cid'))).toEqual([409, 'same-account', null]);
    expect(await refused(merge('cid', 'dan'))).toEqual([409, 'account-merged', 'dan']);
    expect((await club.value('dan')).unspent).toBe(1);
  });

  it('goes on in chains: whoever asks is told the last successor, and no chain closes', async () => {
    for (const name of ['c1', 'c2', 'c3', 'c4']) await club.open(name, lots(1));
    expect((await merge('c1', 'c2')).status).toBe(201);
    expect((await merge('c2', 'c3')).body).toMatchObject({ moved: { points: 2 } });
    expect(await refused(merge('c3', 'c1'))).toEqual([409, 'same-account', null]);
    expect(await refused(merge('c4', 'c1'))).toEqual([409, 'account-merged', 'c3']);
    expect(await refused(merge('c1', 'c4'))).toEqual([409, 'account-merged', 'c3']);
    expect((await merge('c3', 'c4')).body).toMatchObject({ moved: { points: 3 } });
    expect((await club.value('c4')).unspent).toBe(4);
  });

  it('each into the other at one moment, by two processes: one happens, no point is lost', async () => {
    for (let round = 0; round < 6; round += 1) {
      const [a, b, c] = [`ra${round}`, `rb${round}`, `rc${round}`];
      for (const name of [a, b, c]) await club.open(name, lots(10));
      const answers = await Promise.all([
        merge(a, b, { on: service }),
        merge(b, a, { on: other }),
        merge(b, c, { on: service }),
        merge(c, a, { on: other }),
      ]);
      for (const { status, problem } of answers)
        if (status !== 201) expect(problem).toMatch(/^(account-merged|same-account|merge-stale)$/);
      expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
      expect(await sums(a, b, c)).toBe(30);
    }
  });

  it('takes along what can still be returned, and leaves older facts behind', async () => {
    await club.open('old', lots(1));
    await club.open('new');
    const begun = systemClock();
    await merge('old', 'new');
    const left = JSON.parse((await club.events('old')).at(-1)?.data ?? '{}') as {
      keepFrom: string;
    };
    expect([begun, systemClock()].map((at) => startOfWindow(at, 30 + 31, london))).toContain(
      left.keepFrom,
    );
  });

  it('is only for managers of a programme that there is', async () => {
    const store = { ...maria, roles: ['store' as const] };
    const elsewhere = { ...maria, programs: ['other'] };
    for (const as of [store, elsewhere]) {
      for (const call of [ask('ann', 'bob', { as }), approve('any', { as }), reject('any', as)])
        expect(await refused(call)).toEqual([403, 'forbidden', null]);
      const list = `/v1/merges?program=${club.program}`;
      for (const read of [path('any'), list])
        expect((await service.call('GET', read, { as })).status).toBe(403);
    }
    expect(await refused(approve('none'))).toEqual([404, 'merge-unknown', null]);
    expect(await refused(service.call('GET', path('none')))).toEqual([404, 'merge-unknown', null]);
    const body = { program: 'none', source: 'a', target: 'b', reason: 'x' };
    const unknown = await service.call('POST', '/v1/merges', { body, key: 'none' });
    expect([unknown.status, unknown.problem]).toEqual([404, 'program-unknown']);
    const without = await service.call('POST', '/v1/merges', { body });
    expect(without.problem).toBe('idempotency-key-missing');
    const empty = await service.call('POST', '/v1/merges', {
      body: { ...body, source: '' },
      key: 'x',
    });
    expect(empty.fields).toEqual(['source']);
  });
});

describe('the open merges of a programme', () => {
  it('are listed page by page, the oldest first, with what each would move, and are gone when they are over', async () => {
    const at = await openClub(service);
    listed = mergesStream(at.program);
    const list = async (query = '') => {
      const { body } = await service.call('GET', `/v1/merges?program=${at.program}${query}`);
      return z
        .strictObject({
          merges: z.array(
            z.looseObject({ merge: z.string(), moves: z.looseObject({ points: z.int() }) }),
          ),
          next: z.string().nullable(),
        })
        .parse(body);
    };
    const ids: string[] = [];
    await at.open('to');
    for (const n of [1, 2, 3]) {
      await at.open(`from-${n}`, lots(n));
      const { body } = await service.call('POST', '/v1/merges', {
        body: { program: at.program, source: `from-${n}`, target: 'to', reason: 'x' },
        key: `list-${n}`,
      });
      ids.push(idOf(body));
    }
    await service.caughtUp();
    const first = await list('&limit=2');
    expect(first.merges.map(({ merge: id, moves }) => [id, moves.points])).toEqual([
      ...[
        [ids[0], 1],
        [ids[1], 2],
      ],
    ]);
    const second = await list(`&limit=2&cursor=${first.next ?? ''}`);
    expect(second).toMatchObject({ merges: [{ merge: ids[2] }], next: null });
    const steps = `/v1/merges/${at.program}`;
    await service.call('POST', `${steps}/${ids[0] ?? ''}/approvals`, { as: paul });
    await service.call('POST', `${steps}/${ids[1] ?? ''}/rejections`, { body: { reason: 'x' } });
    // Also before the bus has told of it.
    expect((await list()).merges.map(({ merge: id }) => id)).toEqual([ids[2]]);
    await service.caughtUp();
    expect((await list()).merges.map(({ merge: id }) => id)).toEqual([ids[2]]);
  });
});

describe('a crash while accounts are merged', () => {
  const metadata = () => ({
    ...{ program: club.program, occurredAt: systemClock(), recordedAt: systemClock() },
    ...{ actor: 'test', correlationId: 'c' },
  });
  const partsOn = (store: EventStore) => ({
    ...{ store, catalog: new Catalog(store), register: new MergeRegister(store) },
    ...{ clock: systemClock },
    accounts: new Accounts({ store, clock: systemClock, cache: new AccountCache() }),
  });
  const legacyId = (key: string): string =>
    contentHash({ program: club.program, subject: maria.sub, key }).slice(0, 32);
  /** Asked for, and approved by a process that dies after so many appends. */
  const crash = async (name: string, appends: number): Promise<string> => {
    await club.open(`${name}-s`, lots(8));
    await club.open(`${name}-t`, lots(1));
    const id = await asked(`${name}-s`, `${name}-t`);
    const cut = partsOn(storeUntil(service.store, appends));
    const who = { program: club.program, id, by: paul.sub };
    await expect(approveMerge(cut, who, metadata())).rejects.toThrow(StoreUnavailable);
    return id;
  };

  it('wherever it came, is healed by who approves it again', async () => {
    // The approval, the register, the source, the target, that it is done.
    for (const appends of [0, 1, 2, 3, 4]) {
      const name = `again-${appends}`;
      const id = await crash(name, appends);
      const again = await approve(id);
      expect(again).toMatchObject({ status: 201, body: { moved: { points: 8 } } });
      expect((await club.value(`${name}-t`)).unspent).toBe(9);
      expect(await club.events(`${name}-t`)).toHaveLength(3);
    }
  });

  it('after it was approved leaves it open again where the accounts cannot become one any more', async () => {
    const id = await crash('late', 1);
    await merge('late-t', 'late-s');
    expect(await refused(approve(id))).toEqual([409, 'merge-stale', 'late-s']);
    expect(await find(id)).toMatchObject({ status: 'requested', approvedBy: null });
    expect((await reject(id)).status).toBe(201);
    expect((await club.value('late-s')).unspent).toBe(9);
  });

  it('of an older release, which let one person merge, is finished: asked for again, read, and told', async () => {
    for (const name of ['before-s', 'before-t']) await club.open(name, lots(2));
    const request = {
      ...{ program: club.program, reason: 'one household' },
      ...{ source: accountId('before-s'), target: accountId('before-t') },
    };
    const id = legacyId('before');
    const register = new MergeRegister(service.store);
    const { revision } = await register.read(club.program);
    const kept = { merge: id, ...request, keepFrom: systemClock(), requestedBy: maria.sub };
    await register.write({ ...kept, hash: contentHash(request) }, revision, metadata());
    expect(await find(id)).toMatchObject({ status: 'approved', approvedBy: null, moved: null });
    const again = await ask('before-s', 'before-t', { key: 'before' });
    const applied = { status: 'applied', requestedBy: 'maria', approvedBy: null };
    expect(again).toMatchObject({ status: 202, body: { ...applied, moved: { points: 2 } } });
    expect(await find(id)).toMatchObject({ ...applied, moved: { points: 2 } });
    expect((await ask('before-s', 'before-t', { key: 'before', reason: 'else' })).problem).toBe(
      'idempotency-key-reused',
    );
    expect((await club.value('before-t')).unspent).toBe(4);
    expect((await approve(id)).problem).toBe('merge-unknown');
  });

  it('is finished first when another merge of the same account comes', async () => {
    await crash('first', 2);
    expect(await refused(merge('first-t', 'first-s'))).toEqual([409, 'same-account', null]);
    expect((await club.value('first-t')).unspent).toBe(9);
  });

  it('is finished by the sweeper, which finds nothing to do where the bus tells it again', async () => {
    const ids: string[] = [];
    for (const appends of [1, 2, 3, 4]) ids.push(await crash(`swept-${appends}`, appends));
    await service.caughtUp();
    const older = `noted_at = now() - interval '1 hour'`;
    await service.db.query(`update merge_requests set ${older}`);
    for (const id of ids)
      await eventually(
        async () =>
          z.looseObject({ status: z.string() }).parse(await find(id)).status === 'applied',
        20_000,
      );
    for (const appends of [1, 2, 3, 4])
      expect((await club.value(`swept-${appends}-t`)).unspent).toBe(9);
    await eventually(async () => {
      const { rows } = await service.db.query('select 1 from merges where not done');
      return rows.length === 0;
    });
    const events = async () => (await club.events('swept-2-t')).length;
    const before = await events();
    await service.db.query(`update merges set done = false, ${older}`);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await events()).toBe(before);
  });
});

it('the register of merges is one stream for a programme, of those that were approved', async () => {
  const found = [];
  for await (const { type, stream } of service.store.readAll({ categories: ['merge'] }))
    if (type === 'MergeRequested') found.push(stream);
  expect(new Set(found)).toEqual(new Set([`merge-${club.program.replace('-', '%2D')}`, listed]));
});

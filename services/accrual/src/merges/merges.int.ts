import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
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
import { maria, openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';
import { storeUntil } from '../testing/store-until.js';
import { mergeAccounts } from './merge-accounts.js';
import { MergeRegister } from './merge-register.js';

const london = timeZone('Europe/London');
const p = (count: number) => Points.points(count);
const lots = (count: number) => [{ points: p(count) }];

let deployment: Deployment;
let service: TestService;
let other: TestService;
let club: Club;
let keys = 0;

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

const merge = (
  source: string,
  target: string,
  { key = `k${++keys}`, as = maria, on = service, reason = 'one household' } = {},
) =>
  on.call('POST', '/v1/merges', {
    body: { program: club.program, source, target, reason },
    key,
    as,
  });
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
        ...{ program: club.program, source: 'ann', target: 'bob' },
        ...{ points: 70, held: 30, holds: 1, arrears: 7 },
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

  it('happens once for a key, however many send it at once; with another request the key is refused', async () => {
    await club.open('one', lots(5));
    await club.open('two', lots(6));
    const answers = await Promise.all(
      [service, other, service, other].map((on) => merge('one', 'two', { key: 'once', on })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const told = answers.map(({ body }) => ({ ...(body as object), position: null }));
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(told[0]).toMatchObject({ points: 5, arrears: 0 });
    expect(await refused(merge('one', 'two', { key: 'once', reason: 'else' }))).toEqual([
      ...[422, 'idempotency-key-reused', null],
    ]);
    expect((await club.value('two')).unspent).toBe(11);
    expect(await club.events('two')).toHaveLength(3);
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
    expect((await merge('c2', 'c3')).body).toMatchObject({ points: 2 });
    expect(await refused(merge('c3', 'c1'))).toEqual([409, 'same-account', null]);
    expect(await refused(merge('c4', 'c1'))).toEqual([409, 'account-merged', 'c3']);
    expect(await refused(merge('c1', 'c4'))).toEqual([409, 'account-merged', 'c3']);
    expect((await merge('c3', 'c4')).body).toMatchObject({ points: 3 });
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
        if (status !== 201) expect(problem).toMatch(/^(account-merged|same-account)$/);
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
    expect(await refused(merge('ann', 'bob', { as: store }))).toEqual([403, 'forbidden', null]);
    const elsewhere = { ...maria, programs: ['other'] };
    expect(await refused(merge('ann', 'bob', { as: elsewhere }))).toEqual([403, 'forbidden', null]);
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
  const crash = async (name: string, appends: number): Promise<void> => {
    await club.open(`${name}-s`, lots(8));
    await club.open(`${name}-t`, lots(1));
    const request = {
      ...{ program: club.program, reason: 'one household' },
      ...{ source: accountId(`${name}-s`), target: accountId(`${name}-t`) },
    };
    const by = { subject: maria.sub, key: name };
    const cut = partsOn(storeUntil(service.store, appends));
    await expect(mergeAccounts(cut, by, request, metadata())).rejects.toThrow(StoreUnavailable);
  };

  it('after it was registered, or after the first half, is healed by who sends it again', async () => {
    for (const appends of [0, 1, 2]) {
      const name = `again-${appends}`;
      await crash(name, appends);
      const again = await merge(`${name}-s`, `${name}-t`, { key: name });
      expect(again).toMatchObject({ status: 201, body: { points: 8 } });
      expect((await club.value(`${name}-t`)).unspent).toBe(9);
    }
  });

  it('is finished first when another merge of the same account comes', async () => {
    await crash('first', 1);
    expect(await refused(merge('first-t', 'first-s'))).toEqual([409, 'same-account', null]);
    expect((await club.value('first-t')).unspent).toBe(9);
  });

  it('is finished by the sweeper, which finds nothing to do where the bus tells it again', async () => {
    for (const appends of [1, 2]) await crash(`swept-${appends}`, appends);
    await service.caughtUp();
    await service.db.query(`update merges set noted_at = now() - interval '1 hour'`);
    for (const appends of [1, 2])
      await eventually(async () => (await club.value(`swept-${appends}-t`)).unspent === 9, 20_000);
    await eventually(async () => {
      const { rows } = await service.db.query('select 1 from merges where not done');
      return rows.length === 0;
    });
    const events = async () => (await club.events('swept-2-t')).length;
    const before = await events();
    await service.db.query(`update merges set done = false, noted_at = now() - interval '1 hour'`);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await events()).toBe(before);
  });
});

it('the register of merges is one stream for a programme', async () => {
  const found = [];
  for await (const { type, stream } of service.store.readAll({ categories: ['merge'] }))
    found.push(`${type} ${stream}`);
  expect(new Set(found)).toEqual(
    new Set([`MergeRequested merge-${club.program.replace('-', '%2D')}`]),
  );
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import { Points, accountId, factId, instant, systemClock } from '@tallystick/kernel';
import { decideClose } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { maria, openClub, type Club } from '../testing/club.js';
import { importByTwo } from '../testing/importing.js';
import { mergeByTwo } from '../testing/merging.js';
import { startAccrual } from '../testing/start-accrual.js';
import { importBalance } from './import-balance.js';
import { UnfinishedBalances } from './unfinished-balances.js';

interface Item {
  readonly status: number;
  readonly outcome?: { readonly account: string; readonly known: boolean; readonly points: number };
  readonly problem?: { readonly type: string; readonly errors?: readonly { field: string }[] };
}

let deployment: Deployment;
let service: TestService;
let other: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  other = await startAccrual(deployment);
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await other.close();
  await deployment.drop();
});

const send = (items: readonly object[], { as = maria, on = service, system = 'legacy' } = {}) =>
  importByTwo(on, { program: club.program, system, items }, as);
const sent = async (...items: readonly object[]): Promise<readonly Item[]> => {
  const { status, body } = await send(items);
  expect(status).toBe(200);
  return (body as { items: Item[] }).items;
};
const lots = (...points: readonly number[]) => points.map((count) => ({ points: count }));
const told = ({ status, outcome, problem }: Item): unknown[] =>
  outcome === undefined
    ? [status, problem?.type.replace('urn:tallystick:problem:', '')]
    : [status, outcome.account, outcome.points, outcome.known];

describe('an opening balance', () => {
  it('keeps the dates, funders and spend that the old system gave it', async () => {
    await club.open('ann');
    const item = {
      ...{ account: 'ann', reference: '4711', spend: { 2025: 123_45 } },
      lots: [
        { points: 70, expiresAt: '2098-01-01T00:00:00+01:00', funder: 'partner:cinema' },
        { points: 30, availableAt: '2097-01-01T00:00:00Z', kind: 'bonus', qualifies: false },
      ],
    };
    expect((await sent(item)).map(told)).toEqual([[200, 'ann', 100, false]]);
    expect(await club.value('ann')).toMatchObject({ available: 70, pending: 30 });
    const state = await club.state('ann');
    expect([...state.spend]).toEqual([['2025', 12_345]]);
    expect([...state.lots.values()].map(({ lot }) => [lot.funder, lot.kind, lot.rule])).toEqual([
      ['partner:cinema', 'base', 'opening-balance'],
      ['chain', 'bonus', 'opening-balance'],
    ]);
  });

  it('is imported once, however often, from however many and however late it is sent', async () => {
    const items = Array.from({ length: 200 }, (_, n) => ({
      ...{ account: `once-${n % 40}`, reference: `once-${n}`, lots: lots(n + 1) },
    }));
    for (let n = 0; n < 40; n += 1) await club.open(`once-${n}`);
    const answers = await Promise.all([service, other, service].map((on) => send(items, { on })));
    for (const { status } of answers) expect(status).toBe(200);
    const taken = answers.flatMap(({ body }) => (body as { items: Item[] }).items);
    expect(taken.filter(({ outcome }) => outcome?.known === false)).toHaveLength(200);
    expect(taken.filter(({ outcome }) => outcome?.known === true)).toHaveLength(400);
    const sums = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => Number((await club.value(`once-${n}`)).available)),
    );
    expect(sums.reduce((a, b) => a + b)).toBe(20_100);
    const through = systemClock();
    for (let n = 0; n < 40; n += 1)
      await club.post(`once-${n}`, (account, at) =>
        decideClose(
          account,
          {
            ...{ fact: factId('closing', club.program, `once-${n}`), factHash: 'h', through },
            keepFrom: through,
          },
          at,
        ),
      );
    const late = (await sent(...items)).map(({ outcome }) => outcome?.known);
    expect(new Set(late)).toEqual(new Set([true]));
    expect((await club.value('once-0')).available).toBe(sums[0]);
  });

  it('of one reference has one content: another one is refused, on whatever account', async () => {
    await club.open('bob');
    await club.open('bea');
    const item = { account: 'bob', reference: 'same', lots: lots(5) };
    const others = [{ ...item, lots: lots(6) }, { ...item, account: 'bea' }, item];
    const answers = await sent(item, ...others);
    expect(answers.map(told).filter(([status]) => status === 200)).toHaveLength(2);
    expect((await sent(...others)).map(told)).toEqual([
      [409, 'reference-taken'],
      [409, 'reference-taken'],
      [200, 'bob', 5, true],
    ]);
    expect((await club.value('bea')).available).toBe(0);
    const elsewhere = await send([{ ...item, account: 'bea' }], { system: 'another' });
    expect((elsewhere.body as { items: Item[] }).items.map(told)).toEqual([[200, 'bea', 5, false]]);
  });

  it('goes to whose card it is; a card that nobody has is refused, and its number is kept nowhere', async () => {
    await club.open('cid');
    await club.attach('4004', 'cid');
    const items = [
      { card: '4004', reference: 'by-card', lots: lots(9) },
      { card: '40049999', reference: 'stranger', lots: lots(9) },
    ];
    expect((await sent(...items)).map(told)).toEqual([
      [200, 'cid', 9, false],
      [404, 'card-unknown'],
    ]);
    expect((await sent(...items)).map(told)[0]).toEqual([200, 'cid', 9, true]);
    for await (const { data, stream } of service.store.readAll())
      expect(`${stream} ${data}`).not.toContain('4004');
    expect(service.logs()).not.toContain('40049999');
  });

  it('follows a card whose account became part of another; an account that did is refused with its successor', async () => {
    await club.open('dan');
    await club.open('eve');
    await club.attach('5005', 'dan');
    await sent({ account: 'dan', reference: 'before', lots: lots(1) });
    const which = { program: club.program, source: 'dan', target: 'eve' };
    expect(await mergeByTwo(service, which, { key: 'm' })).toMatchObject({ status: 201 });
    const answers = await sent(
      { account: 'dan', reference: 'after', lots: lots(2) },
      { card: '5005', reference: 'after-by-card', lots: lots(3) },
      { account: 'dan', reference: 'before', lots: lots(1) },
    );
    expect(answers.map(told)).toEqual([
      [409, 'account-merged'],
      [200, 'eve', 3, false],
      [200, 'eve', 1, true],
    ]);
    expect(answers[0]?.problem).toMatchObject({ successor: 'eve' });
    expect((await club.value('eve')).available).toBe(4);
  });

  it('pays what the account owes, but not with points that have lapsed', async () => {
    await club.open('fay');
    await club.owe('fay', 10);
    const lapsed = { points: 100, expiresAt: '2020-01-01T00:00:00Z' };
    await sent({ account: 'fay', reference: 'owes', lots: [lapsed, { points: 15 }] });
    expect(await club.value('fay')).toMatchObject({ available: 5, arrears: 0 });
  });

  it('that is wrong is refused by itself, with the field at fault', async () => {
    await club.open('gil');
    const item = { account: 'gil', reference: 'wrong' };
    const answers = await sent(
      { ...item },
      { ...item, card: '1', lots: lots(1) },
      { ...item, lots: [{ points: 1.5 }] },
      { ...item, lots: lots(1), spend: { 25: 1 } },
      { account: 'nobody', reference: 'nobody', lots: lots(1) },
      { ...item, reference: 'right', lots: lots(1) },
    );
    expect(answers.map(told)).toEqual([
      ...Array.from({ length: 4 }, () => [422, 'opening-balance-invalid']),
      [404, 'account-unknown'],
      [200, 'gil', 1, false],
    ]);
    const fields = answers.map(({ problem }) => problem?.errors?.[0]?.field);
    expect(fields.slice(0, 4)).toEqual(['lots', 'account', 'lots.0.points', 'spend.25']);
  });

  it('whose points nobody could ever spend is refused: they lapse before they are available', async () => {
    await club.open('pam');
    const lot = { points: 5, availableAt: '2097-01-01T00:00:00Z' };
    const answers = await sent(
      {
        ...{ account: 'pam', reference: 'never' },
        lots: [{ points: 1 }, { ...lot, expiresAt: '2097-01-01T00:00:00Z' }],
      },
      { account: 'pam', reference: 'late', lots: [{ ...lot, expiresAt: '2097-01-01T00:00:01Z' }] },
    );
    expect(answers.map(told)).toEqual([
      [422, 'opening-balance-invalid'],
      [200, 'pam', 5, false],
    ]);
    expect(answers[0]?.problem?.errors?.map(({ field }) => field)).toEqual(['lots.1.expiresAt']);
  });

  it('that an account has no room for is refused by itself, and the others of its batch are taken', async () => {
    for (const name of ['max', 'ned', 'oda']) await club.open(name);
    const most = lots(...Array.from({ length: 200 }, () => 1_000_000_000_000));
    const items = [
      ...Array.from({ length: 47 }, (_, n) => ({
        ...{ account: 'max', reference: `max-${n}`, lots: most },
      })),
      { account: 'ned', reference: 'spend', spend: { 2025: Number.MAX_SAFE_INTEGER - 1, 2024: 1 } },
      { account: 'ned', reference: 'more', spend: { 2024: 1, 2025: 2 } },
      { account: 'oda', reference: 'other', lots: lots(3) },
    ];
    // A batch has no more than an account.
    expect((await send(items)).status).toBe(400);
    const inParts = async () => [
      ...(await sent(...items.slice(0, 45))),
      ...(await sent(...items.slice(45, 48))),
      ...(await sent(...items.slice(48))),
    ];
    const answers = await inParts();
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.map(told)).toEqual(refused.map(() => [422, 'opening-balance-invalid']));
    expect(refused.map(({ problem }) => problem?.errors?.[0]?.field)).toEqual([
      ...['lots', 'lots', 'spend.2025'],
    ]);
    expect((await club.value('max')).available).toBe(9_000_000_000_000_000);
    expect((await club.value('oda')).available).toBe(3);
    expect([...(await club.state('ned')).spend.values()]).toEqual([1, Number.MAX_SAFE_INTEGER - 1]);
    expect((await inParts()).map(({ status }) => status)).toEqual(
      answers.map(({ status }) => status),
    );
  });

  it('is only for managers of a programme that there is, up to 1,000 at once', async () => {
    const item = { account: 'gil', reference: 'x', lots: lots(1) };
    const store = { ...maria, roles: ['store' as const] };
    expect((await send([item], { as: store })).status).toBe(403);
    expect((await send([item], { as: { ...maria, programs: ['other'] } })).status).toBe(403);
    expect((await send(Array.from({ length: 1_001 }, () => item))).status).toBe(400);
    const of = { program: 'none', system: 'legacy', items: [item] };
    const unknown = await importByTwo(service, of);
    expect([unknown.status, unknown.problem]).toEqual([404, 'program-unknown']);
  });
});

describe('a crash between a balance and its account, on a store that writes one stream after another', () => {
  /** Dies after the first stream of each append over several. */
  const oneByOne = (alive: EventStore, dies: boolean): EventStore => ({
    capabilities: { atomicAcrossStreams: false },
    append: async (writes) => {
      const [first] = writes;
      if (dies && writes.length > 1 && first !== undefined) {
        await alive.append([first]);
        throw new StoreUnavailable(new Error('killed'));
      }
      return alive.append(writes);
    },
    readStream: (stream, options) => alive.readStream(stream, options),
    readStreams: (streams, options) => alive.readStreams(streams, options),
    readAll: (options) => alive.readAll(options),
    readAllBare: (options) => alive.readAllBare(options),
    follow: (options) => alive.follow(options),
    head: () => alive.head(),
    close: () => alive.close(),
  });
  const attempt = (name: string, dies: boolean) => {
    const store = oneByOne(service.store, dies);
    const accounts = new Accounts({ store, clock: systemClock, cache: new AccountCache() });
    const at = instant('2026-01-01T00:00:00Z');
    return importBalance(
      { store, accounts },
      { kind: 'account', account: accountId(name) },
      {
        ...{ program: club.program, system: 'cut', reference: name, hash: 'h', spend: {} },
        lots: [
          {
            ...{ points: Points.points(7), availableAt: null, expiresAt: null },
            ...{ funder: 'chain', kind: 'base', qualifies: true },
          },
        ],
      },
      {
        ...{ program: club.program, occurredAt: at, recordedAt: at },
        ...{ actor: 'test', correlationId: 'c' },
      },
      undefined,
    );
  };

  it('is healed by who sends it again', async () => {
    await club.open('hal');
    await expect(attempt('hal', true)).rejects.toThrow(StoreUnavailable);
    expect(await attempt('hal', false)).toMatchObject({ kind: 'imported', known: false });
    expect(await attempt('hal', false)).toMatchObject({ kind: 'imported', known: true });
    expect((await club.value('hal')).available).toBe(7);
  });

  it('is finished by the sweeper, where it is not sent again', async () => {
    await club.open('kit');
    await expect(attempt('kit', true)).rejects.toThrow(StoreUnavailable);
    const unfinished = new UnfinishedBalances(service.db);
    await unfinished.begun({ program: club.program, system: 'cut', reference: 'kit' });
    await service.db.query(`update unfinished_balances set noted_at = now() - interval '1 hour'`);
    await eventually(async () => (await club.value('kit')).available === 7);
    await eventually(async () => (await unfinished.olderThan(0, 10)).length === 0);
    expect(await attempt('kit', false)).toMatchObject({ kind: 'imported', known: true });
  });

  it('is healed on the successor, where the account became part of another meanwhile', async () => {
    await club.open('ida');
    await club.open('jon');
    await expect(attempt('ida', true)).rejects.toThrow(StoreUnavailable);
    const which = { program: club.program, source: 'ida', target: 'jon' };
    expect(await mergeByTwo(service, which, { key: 'ij' })).toMatchObject({ status: 201 });
    expect(await attempt('ida', false)).toMatchObject({ account: 'jon', known: false });
    expect(await attempt('ida', false)).toMatchObject({ account: 'jon', known: true });
    expect((await club.value('jon')).available).toBe(7);
  });
});

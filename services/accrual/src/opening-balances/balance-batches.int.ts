import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { accountId, systemClock } from '@tallystick/kernel';
import {
  eventually,
  testDeployment,
  type Deployment,
  type Response,
  type TestService,
} from '@tallystick/testing/service';
import { maria, openClub, paul, type Club } from '../testing/club.js';
import { importByTwo, proposeBalances } from '../testing/importing.js';
import { startAccrual } from '../testing/start-accrual.js';
import { batchStreams } from './balance-batch.js';
import { contentOf, openingBalance } from './balance-form.js';
import { importBalance } from './import-balance.js';

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

const all = '/v1/opening-balances/batches';
const system = 'legacy';
const quinn = { ...maria, sub: 'quinn' };
const refusal = ({ status, problem }: Response) => [status, problem];
const balance = (account: string, points: number, reference = account) => ({
  ...{ account, reference, lots: [{ points }], spend: { 2025: 100 } },
});
const propose = (items: readonly object[], name: string = randomUUID(), as = maria, on = service) =>
  proposeBalances(on, { program: club.program, system, items, name }, as);
const idOf = ({ body }: Response): string => z.looseObject({ batch: z.string() }).parse(body).batch;
const step = (what: 'approvals' | 'rejections', id: string, as = paul, on = service) =>
  on.call('POST', `${all}/${club.program}/${id}/${what}`, {
    ...{ as, ...(what === 'rejections' ? { body: { reason: 'the wrong file' } } : {}) },
  });
const post = (id: string, items: readonly object[], as = maria, on = service) =>
  on.call('POST', `${all}/${club.program}/${id}/pages`, { as, body: { items } });
const outcomes = ({ body }: Response) =>
  z
    .looseObject({
      items: z.array(z.looseObject({ outcome: z.looseObject({}).optional() })),
    })
    .parse(body)
    .items.map(({ outcome }) => outcome);
const points = async (account: string) => (await club.value(account)).available;

describe('a batch of opening balances', () => {
  it('posts nothing before another person has approved it, and then what was proposed, once', async () => {
    await club.open('ann');
    const items = [balance('ann', 70), balance('ann', 30, 'ann-2')];
    const proposed = await propose(items, 'balances.csv');
    expect([proposed.status, proposed.body]).toMatchObject([
      202,
      {
        ...{ program: club.program, system, name: 'balances.csv', pages: 1, status: 'requested' },
        ...{ balances: 2, points: 100, spend: 200, requestedBy: maria.sub, approvedBy: null },
      },
    ]);
    const id = idOf(proposed);
    expect(refusal(await post(id, items))).toEqual([409, 'balance-batch-not-approved']);
    expect(await points('ann')).toBe(0);
    const approved = await step('approvals', id);
    expect([approved.status, approved.body]).toMatchObject([
      ...[201, { status: 'approved', approvedBy: 'paul' }],
    ]);
    expect(await points('ann')).toBe(0);
    const posted = await Promise.all([post(id, items), post(id, items, paul, other)]);
    expect(posted.map(({ status }) => status)).toEqual([200, 200]);
    expect(await points('ann')).toBe(100);
    expect(outcomes(await post(id, items))).toMatchObject([{ known: true }, { known: true }]);
    expect(await points('ann')).toBe(100);
    for await (const { type, data } of service.store.readAll())
      if (type === 'OpeningBalanceRequested' && data.includes('ann')) expect(data).toContain(id);
  });

  it('is not approved by who proposed it, whatever the name looks like', async () => {
    const id = idOf(await propose([balance('ann', 1, 'same')]));
    for (const sub of [maria.sub, ` ${maria.sub.toUpperCase()} `])
      expect(refusal(await step('approvals', id, { ...maria, sub }))).toEqual([
        ...[403, 'same-person'],
      ]);
    expect(refusal(await post(id, [balance('ann', 1, 'same')]))).toEqual([
      ...[409, 'balance-batch-not-approved'],
    ]);
  });

  it('proposed again is the same one, also by another person and by many at once; approved twice it is approved once', async () => {
    const items = [balance('ann', 1, 'again')];
    const answers = await Promise.all(
      [maria, quinn, maria, quinn].map((as, nth) =>
        propose(items, 'again', as, nth % 2 === 0 ? service : other),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const id = idOf(answers[0] ?? (await propose(items, 'again')));
    const [one, two] = [paul, { ...maria, sub: 'rose' }];
    const approvals = await Promise.all(
      [one, two, one, two].map((as, nth) =>
        step('approvals', id, as, nth % 2 === 0 ? service : other),
      ),
    );
    expect(approvals.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409]);
    expect((await propose(items, 'again')).body).toMatchObject({ batch: id, status: 'approved' });
  });

  it('that has changed under its name is a conflict, and is told; so is a page that nobody approved', async () => {
    await club.open('bob');
    const items = [balance('bob', 5)];
    const id = idOf(await propose(items, 'changed'));
    const more = [balance('bob', 5_000)];
    const changed = await propose(more, 'changed', quinn);
    expect(refusal(changed)).toEqual([409, 'balance-batch-differs']);
    expect(changed.body).toMatchObject({ batch: id, batchStatus: 'requested' });
    await step('approvals', id);
    expect(refusal(await propose(more, 'changed'))).toEqual([409, 'balance-batch-differs']);
    for (const others of [more, [...items, ...more], [{ ...items[0], account: 'ann' }]])
      expect(refusal(await post(id, others))).toEqual([409, 'balance-page-not-approved']);
    expect(outcomes(await post(id, [{}]))).toEqual([undefined]);
    expect(await points('bob')).toBe(0);
    expect((await post(id, items)).status).toBe(200);
    expect(await points('bob')).toBe(5);
    // The same name of another system is another batch.
    const elsewhere = { program: club.program, system: 'another', items: more, name: 'changed' };
    expect((await proposeBalances(service, elsewhere)).status).toBe(202);
  });

  it('whose figures are not those of its pages is never posted', async () => {
    await club.open('eve');
    const items = [balance('eve', 1_000_000)];
    const check = await service.call('POST', '/v1/opening-balances/pages', {
      ...{ as: maria, body: { program: club.program, system, items } },
    });
    const { page } = z
      .looseObject({ page: z.looseObject({ points: z.int(), balances: z.int(), spend: z.int() }) })
      .parse(check.body);
    expect(page).toMatchObject({ points: 1_000_000, balances: 1, spend: 100 });
    for (const lie of [{ points: 10 }, { balances: 2 }, { spend: 0 }]) {
      const pages = [{ ...page, ...lie }];
      const asked = await service.call('POST', all, {
        ...{ as: maria, body: { program: club.program, system, name: randomUUID(), pages } },
      });
      const id = idOf(asked);
      expect((await step('approvals', id)).status).toBe(201);
      expect(refusal(await post(id, items))).toEqual([409, 'balance-page-not-approved']);
    }
    expect(await points('eve')).toBe(0);
  });

  it('is posted page by page, in any order, and goes on where it was cut off', async () => {
    const pages = Array.from({ length: 4 }, (_, page) =>
      Array.from({ length: 3 }, (__, n) => balance(`p${page}-${n}`, 10)),
    );
    for (const { account } of pages.flat()) await club.open(account);
    const figures = [];
    for (const items of pages) {
      const check = await service.call('POST', '/v1/opening-balances/pages', {
        ...{ as: maria, body: { program: club.program, system, items } },
      });
      figures.push(z.looseObject({ page: z.looseObject({}) }).parse(check.body).page);
    }
    const asked = await service.call('POST', all, {
      ...{ as: maria, body: { program: club.program, system, name: 'pages', pages: figures } },
    });
    expect(asked.body).toMatchObject({ pages: 4, balances: 12, points: 120 });
    const id = idOf(asked);
    await step('approvals', id);
    for (const nth of [2, 0, 2]) expect((await post(id, pages[nth] ?? [])).status).toBe(200);
    expect([await points('p0-0'), await points('p1-0'), await points('p2-2')]).toEqual([10, 0, 10]);
    for (const items of pages) expect((await post(id, items, maria, other)).status).toBe(200);
    for (const { account } of pages.flat()) expect(await points(account)).toBe(10);
  });

  it('tells what is wrong before it is proposed; what is not valid is no part of it', async () => {
    await club.open('cid');
    const items = [
      balance('cid', 5),
      { account: 'cid' },
      { ...balance('x', 3), account: undefined, card: '9911' },
    ];
    const check = await service.call('POST', '/v1/opening-balances/pages', {
      ...{ as: maria, body: { program: club.program, system, items } },
    });
    expect(check.body).toMatchObject({
      page: { balances: 2, points: 8 },
      items: [
        { status: 200, outcome: { reference: 'cid', points: 5 } },
        { status: 422 },
        { status: 404 },
      ],
    });
    const id = idOf(await propose(items, 'wrong'));
    await step('approvals', id);
    expect(outcomes(await post(id, items))).toMatchObject([{ points: 5 }, undefined, undefined]);
    // Somebody has the card by now: the same file posts what was missing, and nothing else.
    await club.open('dora');
    await club.attach('9911', 'dora');
    expect(outcomes(await post(id, items))).toMatchObject([
      { known: true },
      undefined,
      { account: 'dora', known: false },
    ]);
    const stream = batchStreams.streamOf({ program: club.program, id });
    for await (const { data } of service.store.readStream(stream))
      expect(data).not.toContain('9911');
  });

  it('that was rejected is never posted, and its name is not free again', async () => {
    const items = [balance('ann', 9, 'rejected')];
    const id = idOf(await propose(items, 'rejected'));
    const rejected = await step('rejections', id, maria);
    expect([rejected.status, rejected.body]).toMatchObject([
      ...[201, { status: 'rejected', rejected: { by: maria.sub, reason: 'the wrong file' } }],
    ]);
    expect(refusal(await step('approvals', id))).toEqual([409, 'balance-batch-closed']);
    expect(refusal(await post(id, items))).toEqual([409, 'balance-batch-not-approved']);
    expect((await propose(items, 'rejected')).body).toMatchObject({ status: 'rejected' });
    const approved = idOf(await propose(items, 'right'));
    await step('approvals', approved);
    expect(refusal(await step('rejections', approved))).toEqual([409, 'balance-batch-closed']);
  });

  it('is a manager’s to propose, approve, reject and post; an auditor sees it', async () => {
    const items = [balance('ann', 1, 'rights')];
    const id = idOf(await propose(items, 'rights'));
    const store = { ...maria, roles: ['store' as const] };
    const auditor = { ...maria, roles: ['auditor' as const] };
    for (const as of [store, auditor, { ...maria, programs: ['other'] }]) {
      expect((await propose(items, 'x', as)).status).toBe(403);
      expect((await step('approvals', id, as)).status).toBe(403);
      expect((await step('rejections', id, as)).status).toBe(403);
      expect((await post(id, items, as)).status).toBe(403);
    }
    const seen = await service.call('GET', `${all}/${club.program}/${id}`, { as: auditor });
    expect([seen.status, seen.body]).toMatchObject([200, { batch: id, points: 1 }]);
    const query = `${all}?program=${club.program}`;
    const named = await service.call('GET', `${query}&system=${system}&name=rights`, {
      as: auditor,
    });
    expect(named.body).toMatchObject({ batches: [{ batch: id }] });
    const none = await service.call('GET', `${query}&system=${system}&name=none`, { as: auditor });
    expect(none.body).toEqual({ batches: [], next: null });
    expect((await service.call('GET', `${query}&name=rights`, { as: auditor })).status).toBe(400);
    const open = async () => {
      const { body } = await service.call('GET', `${query}&limit=200`, { as: auditor });
      const { batches } = z
        .looseObject({ batches: z.array(z.looseObject({ batch: z.string() })) })
        .parse(body);
      return batches.some(({ batch }) => batch === id);
    };
    await eventually(open);
    await step('approvals', id);
    await eventually(async () => !(await open()));
  });

  it('takes what an older release had one person import for known', async () => {
    await club.open('old');
    const item = balance('old', 4);
    const content = contentOf(club.program, 'older', openingBalance.parse(item), null);
    const accounts = new Accounts({
      ...{ store: service.store, clock: systemClock, cache: new AccountCache() },
    });
    const at = systemClock();
    const metadata = { program: club.program, occurredAt: at, recordedAt: at };
    const imported = await importBalance(
      { store: service.store, accounts },
      { kind: 'account', account: accountId('old') },
      content,
      { ...metadata, actor: 'manager:maria', correlationId: 'c' },
      undefined,
    );
    expect(imported).toMatchObject({ kind: 'imported', known: false });
    const which = { program: club.program, system: 'older', items: [item] };
    expect(outcomes(await importByTwo(service, which))).toMatchObject([{ known: true }]);
    expect(await points('old')).toBe(4);
  });
});

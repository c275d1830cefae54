import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { newEvent } from '@tallystick/event-store';
import { Points, addMs, systemClock } from '@tallystick/kernel';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { adjustmentStreams } from './adjustments/adjustment.js';
import { maria, openClub, paul, publish, type Club } from './testing/club.js';
import { importByTwo } from './testing/importing.js';
import { startAccrual } from './testing/start-accrual.js';

const described = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(z.string(), z.looseObject({ description: z.string().optional() })),
      }),
    ),
  ),
});
/** Said of every route, by the host. */
const common = new Set(['validation', 'forbidden', 'idempotency-key-missing']);

let deployment: Deployment;
let service: TestService;
let club: Club;
/** What was answered, as `<method> <path>: <status> <type>`. */
const seen = new Set<string>();

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

let keys = 0;
const see = async (
  method: 'get' | 'post',
  template: string,
  { of = {}, query = '', ...call }: SeeOptions = {},
) => {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => of[name] ?? club.program);
  const key = `k${(keys += 1)}`;
  const answer = await service.call(method.toUpperCase(), `${path}${query}`, { key, ...call });
  const { status, problem } = answer;
  if (problem !== undefined && !common.has(problem))
    seen.add(`${method} ${template}: ${status} ${problem}`);
  return answer;
};
interface SeeOptions {
  readonly of?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly as?: typeof maria;
}

/** Of accrual's own routes: those of dead letters are the host's, in every service. */
const listed = async (): Promise<string[]> => {
  const { body } = await service.call('GET', '/openapi/accrual.json', { as: null });
  const own = Object.entries(described.parse(body).paths).filter(([path]) => /^\/v1\//.test(path));
  return own.flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { description = '' }]) =>
        /^[45]/.test(status)
          ? description
              .split(', ')
              .filter((type) => type !== '' && !common.has(type))
              .map((type) => `${method} ${path}: ${status} ${type}`)
          : [],
      ),
    ),
  );
};

const adjustments = async (): Promise<void> => {
  const all = '/v1/adjustments';
  const one = `${all}/{program}/{adjustment}`;
  const soon = addMs(systemClock(), 1_500);
  const change = { kind: 'up', points: 1 };
  const payment = { amount: '1', currency: 'EUR', reference: 'x' };
  const paid = { kind: 'arrears-paid-in-money', points: 1 };
  const ask = async (account: string, asked: object, key?: string): Promise<string> => {
    const { program } = club;
    const body = { program, account, change: asked, reason: 'x' };
    const answer = await see('post', all, { body, ...(key === undefined ? {} : { key }) });
    return z.looseObject({ adjustment: z.string().default('') }).parse(answer.body).adjustment;
  };
  const approve = (adjustment: string, as = paul) =>
    see('post', `${one}/approvals`, { of: { adjustment }, as });
  const reject = (adjustment: string) =>
    see('post', `${one}/rejections`, { of: { adjustment }, body: { reason: 'x' } });

  await club.open('ann');
  await club.owe('ann', 5);
  await club.open('full', [{ points: Points.points(Number.MAX_SAFE_INTEGER - 1) }]);
  const late = await ask('ann', { ...change, expiresAt: soon });
  const moved = await ask('gone', change);
  await ask('gone', change, 'twice');
  await ask('gone', { ...change, points: 2 }, 'twice');
  const [own, first, second] = [
    await ask('ann', change),
    await ask('full', change),
    await ask('full', change),
  ];
  await approve(own, maria);
  await approve(own);
  await approve(own, { ...maria, sub: 'quinn' });
  await reject(own);
  await approve(first);
  await approve(second);
  await approve(await ask('ann', { kind: 'down', points: 9 }));
  await approve(await ask('ann', { kind: 'waive-arrears', points: 9 }));
  await ask('nobody', change);
  await ask('ann', { ...paid, payment });
  await approve(await keptByOlderRelease({ ...paid, payment: { ...payment, minor: 1 } }));
  await see('get', one, { of: { adjustment: 'none' } });
  await approve('none');
  await reject('none');
  await see('get', all, { query: `?program=${club.program}` });
  await approveMerge(await askedMerge('gone', 'ann'));
  await ask('gone', change);
  await approve(moved);
  await eventually(() => Promise.resolve(systemClock() > soon));
  await approve(late);
};

/** It refused less than this one. */
const keptByOlderRelease = async (change: object): Promise<string> => {
  const { program } = club;
  const at = systemClock();
  const named = { adjustment: 'older', program, account: 'ann', reason: 'x' };
  const data = { ...named, change, requestedBy: 'maria', hash: 'h' };
  const metadata = { program, occurredAt: at, recordedAt: at, actor: 'x', correlationId: 'x' };
  const fact = adjustmentStreams.factOf({ program, id: 'older' });
  const event = newEvent(fact, 0, { type: 'AdjustmentRequested', data }, metadata);
  await service.store.append([
    {
      stream: adjustmentStreams.streamOf({ program, id: 'older' }),
      expected: 'noStream',
      events: [event],
    },
  ]);
  return 'older';
};

const merge = (source: string, target: string, more: { key?: string; program?: string } = {}) => {
  const { program = club.program, ...rest } = more;
  return see('post', '/v1/merges', { body: { program, source, target, reason: 'x' }, ...rest });
};
const oneMerge = '/v1/merges/{program}/{merge}';
const approveMerge = (id: string, as = paul) =>
  see('post', `${oneMerge}/approvals`, { of: { merge: id }, as });
const rejectMerge = (id: string) =>
  see('post', `${oneMerge}/rejections`, { of: { merge: id }, body: { reason: 'x' } });
const askedMerge = async (source: string, target: string): Promise<string> =>
  z.looseObject({ merge: z.string() }).parse((await merge(source, target)).body).merge;
const balances = '/v1/opening-balances';
const oneBatch = `${balances}/batches/{program}/{batch}`;
const propose = async (items: readonly object[], program: string = club.program, name = 'x') => {
  const check = await see('post', `${balances}/pages`, { body: { program, system: 'old', items } });
  const { page = { hash: '0'.repeat(64), balances: 1, points: 1, spend: 0 } } = z
    .looseObject({ page: z.looseObject({}).optional() })
    .parse(check.body);
  const body = { program, system: 'old', name, pages: [page] };
  const answer = await see('post', `${balances}/batches`, { body });
  return z.looseObject({ batch: z.string().default('none') }).parse(answer.body).batch;
};
const approveBatch = (batch: string, as = paul) =>
  see('post', `${oneBatch}/approvals`, { of: { batch }, as });
const rejectBatch = (batch: string) =>
  see('post', `${oneBatch}/rejections`, { of: { batch }, body: { reason: 'x' } });
const postPage = (batch: string, items: readonly object[]) =>
  see('post', `${oneBatch}/pages`, { of: { batch }, body: { items } });

const merges = async (): Promise<void> => {
  for (const name of ['bea', 'cid', 'dan', 'eve', 'rich', 'richer', 'small', 'grown'])
    await club.open(name);
  const [first, second] = [await askedMerge('bea', 'cid'), await askedMerge('bea', 'dan')];
  await merge('bea', 'cid', { key: 'm' });
  await merge('bea', 'dan', { key: 'm' });
  await approveMerge(first, maria);
  await approveMerge(first);
  await approveMerge(first, { ...maria, sub: 'quinn' });
  await rejectMerge(first);
  await approveMerge(second);
  await merge('bea', 'dan');
  await see('get', oneMerge, { of: { merge: 'none' } });
  await approveMerge('none');
  await rejectMerge('none');
  await see('get', '/v1/merges', { query: `?program=${club.program}` });
  await merge('dan', 'dan');
  await merge('dan', 'nobody');
  await merge('dan', 'eve', { program: 'none' });
  const [large, much] = [await askedMerge('grown', 'small'), await askedMerge('rich', 'richer')];
  // More than one append takes.
  const many = Array.from({ length: 56_000 }, () => ({ points: Points.points(1) }));
  await club.open('big', many);
  await merge('big', 'dan');
  await club.give('grown', 'grown', many);
  await approveMerge(large);
  for (const name of ['rich', 'richer'])
    await club.give(name, name, [{ points: Points.points(Number.MAX_SAFE_INTEGER - 1) }]);
  await approveMerge(much);
  const items = [{ account: 'eve', reference: 'eve', lots: [{ points: 1 }] }];
  await importByTwo(service, { program: club.program, system: 'old', items });
  await merge('full', 'eve');
};

const openingBalances = async (): Promise<void> => {
  const items = [{ account: 'ann', reference: 'ann', lots: [{ points: 1 }] }];
  await propose(items, 'none');
  const batch = await propose(items);
  await propose([{ ...items[0], reference: 'other' }]);
  await postPage(batch, items);
  await approveBatch(batch, maria);
  await approveBatch(batch);
  await approveBatch(batch, { ...maria, sub: 'quinn' });
  await rejectBatch(batch);
  await postPage(batch, [{ ...items[0], reference: 'other' }]);
  await approveBatch('none');
  await rejectBatch('none');
  await postPage('none', items);
  await see('get', oneBatch, { of: { batch: 'none' } });
  await see('get', `${balances}/batches`, { query: `?program=${club.program}` });
};

const closings = async (): Promise<void> => {
  const close = (program: string, through: string) =>
    see('post', '/v1/closings', { body: { program, through } });
  await close('none', '2025-01-31');
  await close(club.program, '2099-01-31');
  await see('get', '/v1/closings/{program}/{through}', { of: { through: '2024-01-31' } });
};

const programmes = async (): Promise<void> => {
  const all = '/v1/programs';
  const draft = (document: object) =>
    see('post', all, { body: { document: JSON.stringify(document) } });
  const { program } = club;
  const first = {
    ...{ rulebook: 1, program, version: 1, name: 'Other', effectiveFrom: '2020-01-01T00:00:00Z' },
    ...{ currency: 'GBP', timeZone: 'Europe/London' },
    earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
  };
  const second = { ...first, version: 2 };
  const soon = addMs(systemClock(), 3_000);
  const hashOf = ({ body }: { readonly body: unknown }): string =>
    z.looseObject({ hash: z.string() }).parse(body).hash;
  const one = `${all}/{program}/versions/{version}`;
  const step = (name: string, version: string, hash: string, as = maria) => {
    const reason = name === 'withdrawals' ? { reason: 'x' } : {};
    return see('post', `${one}/${name}`, { of: { version }, body: { hash, ...reason }, as });
  };
  const other = '0'.repeat(64);
  await draft({ nothing: true });
  await draft(first);
  await draft({ ...first, version: 9 });
  await draft({ ...second, currency: 'EUR' });
  const hash = hashOf(await draft({ ...second, effectiveFrom: soon }));
  for (const name of ['proposals', 'approvals', 'withdrawals']) {
    await step(name, '1', other);
    await step(name, '2', other);
    await step(name, '9', other);
  }
  await step('approvals', '2', hash, paul);
  await step('withdrawals', '2', hash);
  await step('proposals', '2', hash);
  await draft({ ...second, effectiveFrom: addMs(soon, 1) });
  await step('approvals', '2', hash);
  await eventually(() => Promise.resolve(systemClock() > soon));
  await step('approvals', '2', hash, paul);
  await step('withdrawals', '2', hash, paul);
  await step('proposals', '2', hash);
  await see('get', `${all}/{program}`, { of: { program: 'none' } });
  await see('get', one, { of: { program: 'none', version: '1' } });
  await see('get', one, { of: { version: '9' } });
  await see('get', `${all}/{program}/budgets`, { of: { program: 'none' } });
  const memberships = `${all}/{program}/memberships/{account}`;
  await see('get', memberships, { of: { program: 'none', account: 'ann' } });
  await see('get', memberships, { of: { account: 'nobody' } });
};

const today = (): string => systemClock().slice(0, 10);

const reratings = async (): Promise<void> => {
  const all = '/v1/reratings';
  const one = `${all}/{program}/{rerating}`;
  const of = { rerating: 'none' };
  const other = await openClub(service);
  const body = { program: other.program, from: 1, to: 2, reason: 'x' };
  const document = {
    ...{ rulebook: 1, program: other.program, version: 2, name: 'Club', currency: 'GBP' },
    ...{ timeZone: 'Europe/London', effectiveFrom: addMs(systemClock(), 60_000) },
    earning: [{ id: 'base', points: 2, per: '1.00', rounding: 'down', level: 'receipt' }],
  };
  await see('post', all, { body: { ...body, program: 'none' } });
  await see('post', all, { body });
  await publish(service, JSON.stringify(document));
  const asked = await see('post', all, { body, key: 'rerate' });
  await see('post', all, { body: { ...body, reason: 'y' }, key: 'rerate' });
  const named = z.looseObject({ rerating: z.string() }).parse(asked.body);
  const here = { program: other.program, ...named };
  const approve = (as = paul) => see('post', `${one}/approvals`, { of: here, as });
  const reject = () => see('post', `${one}/rejections`, { of: here, body: { reason: 'x' } });
  await approve();
  const path = `/v1/reratings/${other.program}/${named.rerating}`;
  await eventually(async () => {
    const { body: found } = await service.call('GET', path);
    return z.looseObject({ status: z.string() }).parse(found).status === 'counted';
  });
  await approve(maria);
  await approve();
  await approve({ ...maria, sub: 'quinn' });
  await reject();
  await see('get', one, { of });
  await see('post', `${one}/approvals`, { of });
  await see('post', `${one}/rejections`, { of, body: { reason: 'x' } });
};

const receipts = async (): Promise<void> => {
  const till = { ...maria, chains: ['*'], stores: ['*'] };
  const named = { chain: 'c', store: 's', till: 't', number: '1', businessDate: today() };
  const send = (unitPrice: string, program: string = club.program, count = 1) =>
    see('post', '/v1/receipts', {
      as: till,
      body: {
        ...{ program, ...named, occurredAt: systemClock(), currency: 'GBP', card: '4711' },
        lines: Array.from({ length: count }, (_, index) => ({
          ordinal: index + 1,
          product: 'tea',
          quantity: '1',
          unitPrice,
        })),
      },
    });
  // Of all that a receipt may cost, more points than a ledger counts.
  const base = { id: 'base', points: 1_000_000, per: '1.00', rounding: 'down', level: 'receipt' };
  const generous = await openClub(service, { earning: [base] });
  await generous.open('ann');
  await generous.attach('4711', 'ann');
  await send('much');
  await send('1.00', 'none');
  await send('1.00', generous.program, 10_000);
  await send('900000000000', generous.program);
  const query = new URLSearchParams({ program: club.program, ...named }).toString();
  await see('get', '/v1/receipts', { as: till, query: `?${query}` });
  await see('get', '/v1/receipts/explanation', { as: till, query: `?${query}` });
  const event = `?program=${club.program}&partner=none&event=none`;
  await see('get', '/v1/partner-awards/explanation', { query: event });
  const calculate = (more: object) =>
    see('post', '/v1/receipts/calculate', {
      as: till,
      body: {
        ...{ program: club.program, ...named, occurredAt: systemClock(), currency: 'GBP' },
        lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '1.00' }],
        ...more,
      },
    });
  await calculate({ program: 'none' });
  await calculate({ lines: [] });
};

const claims = async (): Promise<void> => {
  const till = { ...maria, chains: ['*'], stores: ['*'] };
  const send = (program: string, number: string, more: object = {}) =>
    service.call('POST', '/v1/receipts', {
      as: till,
      body: {
        ...{ program, chain: 'c', store: 's', till: 't', number, businessDate: '2026-05-05' },
        ...{ occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP' },
        lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '1.00' }],
        ...more,
      },
    });
  const claimFor = (whose: object, number: string, program: string = club.program) =>
    see('post', '/v1/receipts/claims', {
      as: till,
      body: {
        ...{ program, chain: 'c', store: 's', till: 't', number, businessDate: '2026-05-05' },
        ...whose,
      },
    });
  const claim = (number: string, account: string, program?: string) =>
    claimFor({ account }, number, program);
  const strict = await openClub(service, { claims: { windowDays: 30 } });
  for (const name of ['claimer', 'rival']) await club.open(name);
  await strict.open('claimer');
  await send(club.program, 'claims-1');
  await send(club.program, 'claims-2', { card: 'nobodys' });
  await send(club.program, 'claims-3', { currency: 'EUR' });
  await send(strict.program, 'claims-4');
  await claim('claims-0', 'claimer');
  await claimFor({ card: 'nobodys' }, 'claims-1');
  await claim('claims-1', 'nobody');
  await claim('claims-1', 'claimer');
  await claim('claims-1', 'rival');
  await claim('claims-2', 'claimer');
  await claim('claims-3', 'claimer');
  await claim('claims-4', 'claimer', strict.program);
};

const certificates = async (): Promise<void> => {
  const list = (account: string, program: string = club.program) =>
    see('get', '/v1/certificates/{program}/{account}', { of: { program, account } });
  await list('ann', 'none');
  await list('nobody');
  // It was merged.
  await list('bea');
};

it('each route lists the problems that it answers, and no other', async () => {
  await club.open('gone');
  await adjustments();
  await merges();
  await closings();
  await openingBalances();
  await programmes();
  await reratings();
  await receipts();
  await claims();
  await certificates();
  expect([...seen].toSorted()).toEqual((await listed()).toSorted());
}, 180_000);

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { newEvent } from '@tallystick/event-store';
import { addMs, factId, instant, programId, systemClock } from '@tallystick/kernel';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { maria, paul } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';
import { programStream } from './catalog.js';

const quinn = { ...maria, sub: 'quinn' };
const auditor = { sub: 'vera', roles: ['auditor' as const], programs: ['*'] };
const till = { sub: 'till', roles: ['store' as const], programs: ['*'] };

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

const soon = (ms = 60_000) => addMs(systemClock(), ms);
let programs = 0;
const named = () => `club-${(programs += 1)}`;
const documentOf = (program: string, more: object = {}) =>
  JSON.stringify({
    ...{ rulebook: 1, program, version: 1, name: 'Club', effectiveFrom: '2020-01-01T00:00:00Z' },
    ...{ currency: 'GBP', timeZone: 'Europe/London', redemption: { points: 100, value: '1.00' } },
    earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
    ...more,
  });
const answered = z.looseObject({ hash: z.string(), status: z.string() });
const draft = (document: string, as = maria) =>
  service.call('POST', '/v1/programs', { as, body: { document } });
const hashOf = async (...asked: Parameters<typeof draft>): Promise<string> =>
  answered.parse((await draft(...asked)).body).hash;
const step = (
  program: string,
  name: 'proposals' | 'approvals' | 'withdrawals',
  hash: string,
  { as = maria, version = 1 } = {},
) =>
  service.call('POST', `/v1/programs/${program}/versions/${version}/${name}`, {
    ...{ as, body: { hash, ...(name === 'withdrawals' ? { reason: 'a slip' } : {}) } },
  });
const types = async (program: string): Promise<string[]> => {
  const stream = programStream(programId(program));
  return ((await service.store.readStreams([stream])).get(stream) ?? []).map(({ type }) => type);
};
/** A programme whose first version is in force. */
const opened = async (more: object = {}): Promise<string> => {
  const program = named();
  const hash = await hashOf(documentOf(program, more));
  await step(program, 'proposals', hash);
  await step(program, 'approvals', hash, { as: paul });
  return program;
};

describe('a version', () => {
  it('is drafted, proposed, approved by somebody else, and each step is kept with its hash and name', async () => {
    const program = named();
    const drafted = await draft(documentOf(program));
    expect(drafted).toMatchObject({ status: 201, body: { status: 'draft', draftedBy: 'maria' } });
    const { hash } = answered.parse(drafted.body);
    expect(await step(program, 'approvals', hash, { as: paul })).toMatchObject({
      problem: 'rulebook-not-proposed',
    });
    expect(await step(program, 'proposals', hash)).toMatchObject({
      ...{ status: 201, body: { status: 'proposed', proposedBy: 'maria' } },
    });
    expect(await step(program, 'approvals', hash, { as: paul })).toMatchObject({
      status: 201,
      body: { status: 'approved', draftedBy: 'maria', proposedBy: 'maria', approvedBy: 'paul' },
    });
    expect(await types(program)).toEqual([
      'RulebookDrafted',
      'RulebookProposed',
      'RulebookPublished',
    ]);
    // The same again changes nothing.
    for (const again of [
      await draft(documentOf(program)),
      await step(program, 'proposals', hash),
      await step(program, 'approvals', hash, { as: quinn }),
    ])
      expect(again).toMatchObject({ status: 200, body: { approvedBy: 'paul' } });
    expect(await types(program)).toHaveLength(3);
  });

  it.each([
    ['who proposed it', maria, maria, maria],
    ['who wrote it, whoever proposed it', maria, paul, maria],
    ['somebody of the same name in other letters', maria, maria, { ...maria, sub: ' Maria ' }],
  ])('is not approved by %s', async (_, writes, proposes, approves) => {
    const program = named();
    const hash = await hashOf(documentOf(program), writes);
    await step(program, 'proposals', hash, { as: proposes });
    expect(await step(program, 'approvals', hash, { as: approves })).toMatchObject({
      ...{ status: 403, problem: 'rulebook-same-person' },
    });
    expect(await step(program, 'approvals', hash, { as: quinn })).toMatchObject({ status: 201 });
  });

  it('is approved as it was seen, or not at all', async () => {
    const program = named();
    const seen = await hashOf(documentOf(program));
    await step(program, 'proposals', seen);
    // Nobody exchanges it under the eyes of who is to approve it.
    expect(await draft(documentOf(program, { name: 'Other' }))).toMatchObject({
      ...{ status: 409, problem: 'rulebook-proposal-open' },
    });
    await step(program, 'withdrawals', seen);
    const changed = await hashOf(documentOf(program, { name: 'Other' }));
    await step(program, 'proposals', changed);
    expect(await step(program, 'approvals', seen, { as: paul })).toMatchObject({
      ...{ status: 409, problem: 'rulebook-changed', body: { hash: changed } },
    });
    expect(await step(program, 'approvals', changed, { as: paul })).toMatchObject({ status: 201 });
    expect(await types(program)).toEqual([
      ...['RulebookDrafted', 'RulebookProposed', 'RulebookWithdrawn'],
      ...['RulebookDrafted', 'RulebookProposed', 'RulebookPublished'],
    ]);
  });

  it('is approved once by many at the same moment', async () => {
    const program = named();
    const hash = await hashOf(documentOf(program));
    await step(program, 'proposals', hash);
    const many = Array.from({ length: 8 }, (_, n) => ({ ...maria, sub: `manager-${n}` }));
    const answers = await Promise.all(many.map((as) => step(program, 'approvals', hash, { as })));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    const said = answers.map(({ body }) => z.looseObject({ approvedBy: z.string() }).parse(body));
    expect(new Set(said.map(({ approvedBy }) => approvedBy)).size).toBe(1);
    expect((await types(program)).filter((type) => type === 'RulebookPublished')).toHaveLength(1);
  });

  it('rates nothing, and is nothing to a shop, before it is approved', async () => {
    const program = named();
    const hash = await hashOf(documentOf(program));
    await step(program, 'proposals', hash);
    const path = `/v1/programs/${program}`;
    expect(await service.call('GET', path, { as: till })).toMatchObject({
      problem: 'program-unknown',
    });
    expect(await service.call('GET', `${path}/versions/1`, { as: auditor })).toMatchObject({
      ...{ status: 200, body: { status: 'proposed', rulebook: { name: 'Club' } } },
    });
    const sale = {
      ...{ program, chain: 'c', store: 's', till: 't', number: '1', businessDate: '2026-05-05' },
      ...{ occurredAt: '2026-05-05T12:00:00Z', currency: 'GBP' },
      lines: [{ ordinal: 1, product: 'tea', quantity: '1', unitPrice: '1.00' }],
    };
    const anyTill = { ...till, chains: ['*'], stores: ['*'] };
    const answer = await service.call('POST', '/v1/receipts', { as: anyTill, body: sale });
    expect(answer).toMatchObject({ problem: 'program-unknown' });
  });
});

describe('a next version', () => {
  it.each([
    ['another currency', { currency: 'EUR' }, 'currency', /must stay GBP/],
    ['another time zone', { timeZone: 'Europe/Paris' }, 'timeZone', /must stay Europe\/London/],
    [
      'a beginning before the first',
      { effectiveFrom: '2019-12-31T00:00:00Z' },
      'effectiveFrom',
      /must not be before 2020-01-01T00:00:00Z, when version 1 begins/,
    ],
    [
      'a beginning that is over',
      { effectiveFrom: '2026-01-01T00:00:00Z' },
      'effectiveFrom',
      /is over/,
    ],
  ])('with %s is refused with the field', async (_, more, field, message) => {
    const program = await opened();
    const next = { version: 2, effectiveFrom: soon(), ...more };
    const answer = await draft(documentOf(program, next));
    expect(answer).toMatchObject({
      status: 422,
      problem: 'rulebook-cannot-follow',
      fields: [field],
    });
    expect(JSON.stringify(answer.body)).toMatch(message);
  });

  it.each([
    ['a certificate of another period', 'certificates', { period: 'year' }, 'period'],
    ['a budget in another unit', 'budgets', { points: undefined, money: '50' }, 'money'],
    ['a budget for each sender that was for all', 'budgets', { each: 'sender' }, null],
  ])('with %s is refused with the place, and with another id it is not', async (...all) => {
    const [, part, more, field] = all;
    const certificate = {
      ...{ id: 'gift', by: 'spend', period: 'month', validDays: 60 },
      steps: [{ from: '100', value: '5' }],
    };
    const own = part === 'budgets' ? { id: 'gift', points: 1_000 } : certificate;
    const program = await opened({ [part]: [own] });
    const next = async (version: number, ...items: readonly object[]) => {
      const document = { version, effectiveFrom: soon(), ...(items[0] && { [part]: items }) };
      return draft(documentOf(program, document));
    };
    const without = answered.parse((await next(2)).body);
    await step(program, 'proposals', without.hash, { version: 2 });
    await step(program, 'approvals', without.hash, { version: 2, as: paul });
    const refused = await next(3, { ...own, id: 'new' }, { ...own, ...more });
    expect(refused).toMatchObject({
      ...{ status: 422, problem: 'rulebook-cannot-follow' },
      fields: [[part, '1', ...(field === null ? [] : [field])].join('.')],
    });
    expect(JSON.stringify(refused.body)).toMatch(
      /line 1, column [2-9]\d\d: (certificate|budget) gift was .*, now .*: give it another id/,
    );
    expect(await next(3, { ...own, ...more, id: 'other' })).toMatchObject({ status: 201 });
    expect(await next(3, own)).toMatchObject({ status: 201 });
  });

  it('does not begin before one that is approved and still to come', async () => {
    const program = await opened();
    const from = soon();
    const hash = await hashOf(documentOf(program, { version: 2, effectiveFrom: from }));
    await step(program, 'proposals', hash, { version: 2 });
    await step(program, 'approvals', hash, { version: 2, as: paul });
    const third = (effectiveFrom: string) =>
      draft(documentOf(program, { version: 3, effectiveFrom }));
    expect(await third(addMs(from, -1))).toMatchObject({ fields: ['effectiveFrom'] });
    // It may take its place.
    expect(await third(from)).toMatchObject({ status: 201 });
  });

  it('whose moment passes while it waits is not approved any more', async () => {
    const program = await opened();
    const from = soon(1_500);
    const hash = await hashOf(documentOf(program, { version: 2, effectiveFrom: from }));
    await step(program, 'proposals', hash, { version: 2 });
    while (systemClock() <= from) await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await step(program, 'approvals', hash, { version: 2, as: paul });
    expect(late).toMatchObject({ problem: 'rulebook-cannot-follow', fields: ['effectiveFrom'] });
  });
});

it.each<[what: string, document: string, problem: string]>([
  ['ten megabytes', 'x'.repeat(10_000_000), 'validation'],
  ['more than any body', 'x'.repeat(20_000_000), 'body-too-large'],
  ['nesting', '['.repeat(100_000), 'rulebook-faulty'],
  [
    'aliases of aliases',
    `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]`).join('\n')}`,
    'rulebook-faulty',
  ],
  ['a list of itself', '&a [*a]', 'rulebook-faulty'],
  [
    'a name that every object has',
    documentOf('club-odd', {
      earning: [{ id: 'a', points: 1, when: 'constructor == constructor' }],
    }),
    'rulebook-faulty',
  ],
])('%s is no rulebook, and the service goes on', async (_what, document, problem) => {
  expect(await draft(document)).toMatchObject({ problem });
  expect(await draft(documentOf(named()))).toMatchObject({ status: 201 });
});

it('what an older release published is a version like any other', async () => {
  const program = named();
  const book = JSON.stringify({ program, version: 1, effectiveFrom: '2020-01-01T00:00:00Z' });
  const at = instant('2020-01-01T00:00:00Z');
  const data = { program, version: 1, hash: 'h', effectiveFrom: at, document: book };
  const metadata = {
    ...{ program: programId(program), occurredAt: at, recordedAt: at },
    ...{ actor: 'manager:maria', correlationId: 'c' },
  };
  const fact = factId('rulebook', program, '1');
  const event = newEvent(fact, 0, { type: 'RulebookPublished', data }, metadata);
  const stream = programStream(programId(program));
  await service.store.append([{ stream, expected: 'noStream', events: [event] }]);
  expect(await service.call('GET', `/v1/programs/${program}`)).toMatchObject({
    status: 200,
    body: { versions: [{ version: 1, status: 'approved', approvedBy: null }] },
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { createCardTokens, type TokenClaims } from '@tallystick/service-host';
import {
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = 'bonus';
const tokenOf = (card: string): string =>
  createCardTokens(Buffer.alloc(32, 1)).tokenOf(programId(program), card);

let deployment: Deployment;
let service: TestService;
let neighbour: TestService;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  neighbour = await startEnrollment(deployment);
  await publishProgram(service, program);
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const enrolled = z.object({ member: z.string(), account: z.string() });
const unlinked = z.object({ token: z.string(), from: z.string(), until: z.string() });

const enrol = async (key: string, body: object = {}) => {
  const answer = await service.call('POST', '/v1/members', { key, body: { program, ...body } });
  expect(answer.status).toBe(201);
  return enrolled.parse(answer.body);
};
const link = (member: string, card: string, key: string, by = service) =>
  by.call('POST', `/v1/members/${program}/${member}/cards`, { key, body: { card } });
const unlink = (
  member: string,
  body: object,
  key: string,
  { as = manager, by = service }: { as?: TokenClaims | null; by?: TestService } = {},
) =>
  by.call('POST', `/v1/members/${program}/${member}/cards/unlinkings`, {
    ...{ key, as, body },
  });
const ownerOf = async (card: string): Promise<string | null> => {
  const { status, body } = await service.call('POST', '/v1/cards/lookup', {
    body: { program, card },
  });
  return status === 404 ? null : enrolled.parse(body).member;
};

describe('a card that leaves an account', () => {
  it('leads to nobody from then on, and its event says from when until when', async () => {
    const { member, account } = await enrol('leaves', { cards: ['100', '101'] });
    const answer = await unlink(member, { card: '100' }, 'k');
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ token: tokenOf('100'), account });
    const { from, until } = unlinked.parse(answer.body);
    expect(until > from).toBe(true);
    expect([await ownerOf('100'), await ownerOf('101')]).toEqual([null, member]);
    const read = await service.call('GET', `/v1/members/${program}/${member}`);
    expect(read.body).toMatchObject({ cards: [{ token: tokenOf('101') }] });
    const last = [];
    for await (const { type, data } of service.store.readAll({ categories: ['member'] }))
      if (data.includes(member)) last.push([type, JSON.parse(data) as unknown]);
    expect(last.at(-1)).toEqual([
      'CardUnlinked',
      { program, member, account, card: tokenOf('100'), from, until },
    ]);
  });

  it('may be named by its token: a lost card has taken its number along', async () => {
    const { member } = await enrol('lost', { cards: ['110'] });
    expect((await unlink(member, { token: tokenOf('110') }, 'k')).status).toBe(201);
    expect(await ownerOf('110')).toBeNull();
  });

  it('repeated is answered as before; another card with this key is refused', async () => {
    const { member } = await enrol('again', { cards: ['120', '121'] });
    const [first, again] = [
      await unlink(member, { card: '120' }, 'k'),
      await unlink(member, { card: '120' }, 'k'),
    ];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const other = await unlink(member, { card: '121' }, 'k');
    expect([other.status, other.problem]).toEqual([422, 'idempotency-key-reused']);
    expect(await ownerOf('121')).toBe(member);
  });

  it('is linked to another member, or again to the same one, and begins where it ended', async () => {
    const [one, other] = [await enrol('one', { cards: ['130'] }), await enrol('other')];
    const { until } = unlinked.parse((await unlink(one.member, { card: '130' }, 'k')).body);
    const next = await link(other.member, '130', 'k');
    expect(next.status).toBe(201);
    expect(z.object({ from: z.string() }).parse(next.body).from >= until).toBe(true);
    expect(await ownerOf('130')).toBe(other.member);
    await unlink(other.member, { card: '130' }, 'k');
    expect((await link(one.member, '130', 'back')).status).toBe(201);
    expect(await ownerOf('130')).toBe(one.member);
    // The first request is still answered as before, and takes nothing away again.
    expect((await unlink(one.member, { card: '130' }, 'k')).status).toBe(200);
    expect(await ownerOf('130')).toBe(one.member);
  });

  it('is not enrolled for a time at which it was somebody else’s', async () => {
    const { member } = await enrol('before', { cards: ['140'] });
    await unlink(member, { card: '140' }, 'k');
    const body = { program, cards: ['140'], from: '2020-01-01T00:00:00Z' };
    const early = await service.call('POST', '/v1/members', { key: 'early', body });
    expect([early.status, early.problem]).toEqual([409, 'card-linked-elsewhere']);
    const { member: next } = await enrol('from-now', { cards: ['140'] });
    expect(await ownerOf('140')).toBe(next);
  });

  it('is not taken from who does not have it, nor twice', async () => {
    const { member } = await enrol('has-none');
    await enrol('has-one', { cards: ['150'] });
    for (const card of ['150', 'nobodys']) {
      const { status, problem } = await unlink(member, { card }, card);
      expect([status, problem]).toEqual([404, 'card-unknown']);
    }
    await link(member, '151', 'k');
    await unlink(member, { card: '151' }, 'k1');
    const twice = await unlink(member, { card: '151' }, 'k2');
    expect([twice.status, twice.problem]).toEqual([404, 'card-unknown']);
    const nobody = await unlink('nobody', { card: '150' }, 'k');
    expect([nobody.status, nobody.problem]).toEqual([404, 'member-unknown']);
  });

  it('who takes it and who wants it at one instant, in two processes: it is never two people’s', async () => {
    const [one, other] = [await enrol('racer-1'), await enrol('racer-2')];
    for (let round = 0; round < 15; round += 1) {
      const card = `contested-${round}`;
      await link(one.member, card, `k${round}`);
      const [taken, wanted] = await Promise.all([
        unlink(one.member, { card }, `k${round}`),
        link(other.member, card, `k${round}`, neighbour),
      ]);
      expect(taken.status).toBe(201);
      expect([201, 409]).toContain(wanted.status);
      expect(await ownerOf(card)).toBe(wanted.status === 201 ? other.member : null);
    }
  });

  it('is nobody’s too after all rows were lost and made again from the store', async () => {
    const { member } = await enrol('rebuilt', { cards: ['160', '161'] });
    const next = await enrol('rebuilt-next');
    await unlink(member, { card: '160' }, 'k1');
    await unlink(member, { card: '161' }, 'k2');
    await link(next.member, '161', 'k');
    await service.db.query('truncate members, cards, left_cards');
    await service.db.query('update rebuilt_to set position = 0');
    const restarted = await startEnrollment(deployment);
    try {
      expect([await ownerOf('160'), await ownerOf('161')]).toEqual([null, next.member]);
      const body = { program, cards: ['160'], from: '2020-01-01T00:00:00Z' };
      const early = await restarted.call('POST', '/v1/members', { key: 'rebuilt-early', body });
      expect([early.status, early.problem]).toEqual([409, 'card-linked-elsewhere']);
    } finally {
      await restarted.close();
    }
  });

  it('is given free by the same request when the process died after the event', async () => {
    const { member } = await enrol('died', { cards: ['170'] });
    await unlink(member, { card: '170' }, 'k');
    // What a crash between event and row leaves.
    await service.db.query('delete from left_cards where card = $1', [tokenOf('170')]);
    await service.db.query(
      `insert into cards (program, card, member, account, since, fact, ordinal, context, appended)
       select $1, $2, member, account, since, 'f-died', 0, context, true from members where member = $3`,
      [program, tokenOf('170'), member],
    );
    expect(await ownerOf('170')).toBe(member);
    expect((await unlink(member, { card: '170' }, 'k')).status).toBe(200);
    expect(await ownerOf('170')).toBeNull();
  });
});

describe('who may take a card from a member', () => {
  const self = (member: string): TokenClaims => ({
    ...{ sub: 'm', roles: ['member'], programs: [program], member },
  });

  it.each<[string, TokenClaims | null, number]>([
    ['nobody without a token', null, 401],
    ['a manager', manager, 201],
    ['no manager of another programme', { ...manager, programs: ['other'] }, 403],
    ['no store: it has seen the card, and that is all', { ...manager, roles: ['store'] }, 403],
    ['no other member', self('other'), 403],
    ['no auditor', { ...manager, roles: ['auditor'] }, 403],
  ])('%s', async (who, as, expected) => {
    const { member } = await enrol(who.replaceAll(/\W/g, '-'), { cards: [`card of ${who}`] });
    expect((await unlink(member, { card: `card of ${who}` }, 'k', { as })).status).toBe(expected);
  });

  it('the member itself', async () => {
    const { member } = await enrol('self', { cards: ['180'] });
    expect((await unlink(member, { card: '180' }, 'k', { as: self(member) })).status).toBe(201);
  });

  it('names the card once: by its number or by its token', async () => {
    const { member } = await enrol('names', { cards: ['190'] });
    for (const body of [{}, { card: '190', token: tokenOf('190') }])
      expect((await unlink(member, body, 'k')).fields).toEqual(['card']);
  });
});

describe('a second member in an account', () => {
  const share = (key: string, account: string, more: object = {}, as = manager) =>
    service.call('POST', '/v1/members', { key, as, body: { program, account, ...more } });

  it('has its own pseudonym and cards, which lead to the account of the first', async () => {
    const first = await enrol('first', { cards: ['200'] });
    const answer = await share('second', first.account, { cards: ['201'] });
    expect(answer.status).toBe(201);
    const second = enrolled.parse(answer.body);
    expect(second.account).toBe(first.account);
    expect(second.member).not.toBe(first.member);
    expect([await ownerOf('200'), await ownerOf('201')]).toEqual([first.member, second.member]);
    expect((await share('second', first.account, { cards: ['201'] })).status).toBe(200);
    const own = await service.call('POST', '/v1/members', {
      ...{ key: 'second', body: { program, cards: ['201'] } },
    });
    expect([own.status, own.problem]).toEqual([422, 'idempotency-key-reused']);
    // A card of the one is not the other's to link or to take.
    const taken = await link(second.member, '200', 'k');
    expect([taken.status, taken.problem]).toEqual([409, 'card-linked-elsewhere']);
    expect((await unlink(second.member, { card: '200' }, 'k')).status).toBe(404);
  });

  it('says in its event that the account is shared', async () => {
    const first = await enrol('told-first');
    const { member } = enrolled.parse((await share('told', first.account)).body);
    for await (const { type, data } of service.store.readAll({ categories: ['member'] }))
      if (type === 'MemberEnrolled' && data.includes(member))
        expect(JSON.parse(data)).toEqual({
          ...{ program, member, account: first.account, shared: true },
        });
  });

  it('is refused in an account that nobody has, or that became part of another one', async () => {
    const none = await share('none', 'nowhere');
    expect([none.status, none.problem]).toEqual([404, 'account-unknown']);
    const { account } = await enrol('merged');
    const successor = 'successor';
    await service.db.query('insert into merged_accounts values ($1, $2, $3)', [
      ...[program, account, successor],
    ]);
    const merged = await share('into-merged', account);
    expect([merged.status, merged.problem]).toEqual([409, 'account-merged']);
    expect(merged.body).toMatchObject({ successor });
  });

  it('is for a manager to enrol: who shares an account spends what is on it', async () => {
    const { account } = await enrol('by-manager');
    const store: TokenClaims = { ...manager, roles: ['store'] };
    expect((await share('by-store', account, {}, store)).status).toBe(403);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '@tallystick/service-host';
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
const store: TokenClaims = { sub: 'till-7', roles: ['store'], programs: [program] };

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
const enrol = async (key: string, cards: readonly string[] = []) => {
  const { body } = await service.call('POST', '/v1/members', { key, body: { program, cards } });
  return enrolled.parse(body);
};

interface LinkOptions {
  readonly as?: TokenClaims | null;
  readonly by?: TestService;
}

const link = (
  member: string,
  card: unknown,
  key: string,
  { as = store, by = service }: LinkOptions = {},
) => by.call('POST', `/v1/members/${program}/${member}/cards`, { key, as, body: { card } });

const lookup = async (card: string) => {
  const { status, problem, body } = await service.call('POST', '/v1/cards/lookup', {
    as: store,
    body: { program, card },
  });
  return { status, problem, found: enrolled.optional().catch(undefined).parse(body) };
};

const linksOf = async (card: string): Promise<number> => {
  let links = 0;
  for await (const { type, data } of service.store.readAll({ categories: ['member'] }))
    if (type === 'CardLinked' && data.includes(`"${card}"`)) links += 1;
  return links;
};

describe('linking a card', () => {
  it('makes it lead to the account', async () => {
    const { member, account } = await enrol('one');
    expect(await lookup('9821')).toMatchObject({ status: 404, problem: 'card-unknown' });
    const { status, body, headers } = await link(member, ' 9821', 'k1');
    expect(status).toBe(201);
    expect(body).toMatchObject({ account, position: headers.get('tallystick-position') });
    expect((await lookup('9821 ')).found).toEqual({ member, account });
  });

  it('repeated is answered as before', async () => {
    const { member } = await enrol('again');
    const [first, again] = [await link(member, '100', 'k'), await link(member, '100', 'k')];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
  });

  it('that is linked already is answered likewise, under any key', async () => {
    const { member } = await enrol('twice', ['200']);
    expect((await link(member, '200', 'k')).status).toBe(200);
    const first = await link(member, '201', 'k1');
    const other = await link(member, '201', 'k2');
    expect([first.status, other.status]).toEqual([201, 200]);
    expect(other.body).toEqual(first.body);
  });

  it('with the key of another card is refused', async () => {
    const { member } = await enrol('reuse');
    await link(member, '300', 'k');
    const { status, problem } = await link(member, '301', 'k');
    expect([status, problem]).toEqual([422, 'idempotency-key-reused']);
    expect((await lookup('301')).status).toBe(404);
  });

  it('that leads to another account is refused', async () => {
    await enrol('owner', ['400']);
    const { member } = await enrol('thief');
    const { status, problem } = await link(member, '400', 'k');
    expect([status, problem]).toEqual([409, 'card-linked-elsewhere']);
  });

  it('to nobody is refused', async () => {
    const { status, problem } = await link('nobody', '500', 'k');
    expect([status, problem]).toEqual([404, 'member-unknown']);
    expect((await lookup('500')).status).toBe(404);
  });

  it.each([[''], ['9'.repeat(101)], ['98\t21'], [null], [9821]])('%j is refused', async (card) => {
    const { member } = await enrol('rubbish');
    const { status, fields } = await link(member, card, 'k');
    expect([status, fields]).toEqual([400, ['card']]);
  });

  it('in a path with a NUL is refused', async () => {
    expect((await link('a%00b', '1', 'k')).status).toBe(400);
  });
});

describe('who may link and look up', () => {
  it.each<[string, TokenClaims | null, number]>([
    ['nobody without a token', null, 401],
    ['a store of the programme', store, 201],
    ['a manager', manager, 201],
    ['no store of another programme', { ...store, programs: ['other'] }, 403],
    ['no member', { sub: 'm', roles: ['member'], programs: ['*'] }, 403],
    ['no partner', { sub: 'p', roles: ['partner'], programs: ['*'] }, 403],
    ['no auditor', { sub: 'a', roles: ['auditor'], programs: ['*'] }, 403],
  ])('%s', async (who, as, expected) => {
    const { member } = await enrol('auth');
    expect((await link(member, who, who.replaceAll(' ', '-'), { as })).status).toBe(expected);
    const body = { program, card: who };
    const asked = await service.call('POST', '/v1/cards/lookup', { as, body });
    expect(asked.status).toBe(expected === 201 ? 200 : expected);
  });
});

describe('at one instant', () => {
  it('two members who come for one card in two processes: exactly one gets it, each time', async () => {
    const [one, other] = [await enrol('racer-1'), await enrol('racer-2')];
    for (let round = 0; round < 20; round += 1) {
      const card = `contested-${round}`;
      const answers = await Promise.all([
        link(one.member, card, `k${round}`),
        link(other.member, card, `k${round}`, { by: neighbour }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
      const winner = answers[0].status === 201 ? one : other;
      expect((await lookup(card)).found).toEqual(winner);
    }
  });

  it('20 cards are linked to one member by two processes', async () => {
    const { member } = await enrol('collector');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        link(member, `many-${index}`, `k${index}`, { by: index % 2 === 0 ? service : neighbour }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  });

  it('20 requests with one key link one card once', async () => {
    const { member } = await enrol('stampede');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        link(member, 'stampede', 'k', { by: index % 2 === 0 ? service : neighbour }),
      ),
    );
    expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const { token } = z.object({ token: z.string() }).parse(answers[0]?.body);
    expect(await linksOf(token)).toBe(1);
  });
});

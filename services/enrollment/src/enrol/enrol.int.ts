import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { createCardTokens, type TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = 'bonus';
const store: TokenClaims = { sub: 'till-7', roles: ['store'], programs: [program] };
const tokenOf = (card: string): string =>
  createCardTokens(Buffer.alloc(32, 1)).tokenOf(programId(program), card);

let deployment: Deployment;
let service: TestService;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  await publishProgram(service, program);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const answered = z.object({
  program: z.string(),
  member: z.uuid(),
  account: z.uuid(),
  cards: z.array(z.object({ token: z.string(), from: z.string() })),
  position: z.string(),
});

const enrol = async (
  key: string,
  body: Record<string, unknown> = {},
  as: TokenClaims | null = store,
) => {
  const response = await service.call('POST', '/v1/members', {
    key,
    as,
    body: { program, ...body },
  });
  return { ...response, enrolled: answered.optional().catch(undefined).parse(response.body) };
};

const eventsOf = async (member = 'nobody') => {
  const events = [];
  for await (const { type, data } of service.store.readAll({ categories: ['member'] })) {
    const parsed: unknown = JSON.parse(data);
    if (data.includes(member)) events.push({ type, data: parsed });
  }
  return events;
};

describe('enrolling a member', () => {
  it('gives it an account, links its cards, and says so in the store', async () => {
    const { status, enrolled, headers } = await enrol('one', { cards: [' 9821 ', '7777'] });
    expect(status).toBe(201);
    if (enrolled === undefined) throw new Error('no answer');
    const { member, account, cards } = enrolled;
    expect(cards.map(({ token }) => token)).toEqual([tokenOf('9821'), tokenOf('7777')]);
    expect(headers.get('tallystick-position')).toBe(enrolled.position);
    expect(await eventsOf(member)).toEqual([
      { type: 'MemberEnrolled', data: { program, member, account } },
      ...cards.map(({ token, from }) => ({
        type: 'CardLinked',
        data: { program, member, account, card: token, from },
      })),
    ]);
  });

  it('repeated is answered as before, whoever repeats it', async () => {
    const body = { cards: ['5001'], personal: { name: 'Zofia', birthday: '1990-02-28' } };
    const first = await enrol('again', body);
    const again = await enrol('again', body, { ...store, sub: 'till-8' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('tallystick-position')).toBe(first.enrolled?.position);
    expect(await eventsOf(first.enrolled?.member)).toHaveLength(2);
  });

  it.each([
    ['another card', { cards: ['6002'], personal: { name: 'Zofia' } }],
    ['no card', { personal: { name: 'Zofia' } }],
    ['another name', { cards: ['6001'], personal: { name: 'Zosia' } }],
    ['nothing personal', { cards: ['6001'] }],
    [
      'another beginning',
      { cards: ['6001'], personal: { name: 'Zofia' }, from: '2020-01-01T00:00:00Z' },
    ],
  ])('repeated with %s is refused', async (_, changed) => {
    await enrol('changed', { cards: ['6001'], personal: { name: 'Zofia' } });
    const { status, problem } = await enrol('changed', changed);
    expect([status, problem]).toEqual([422, 'idempotency-key-reused']);
  });

  it('may say since when', async () => {
    const { enrolled } = await enrol('since', {
      cards: ['5100'],
      from: '2010-12-01T08:26:00+01:00',
    });
    expect(enrolled?.cards[0]?.from).toBe('2010-12-01T07:26:00.000Z');
  });

  it('with a card of another member is refused, and leaves nothing behind', async () => {
    await enrol('owner', { cards: ['4000'] });
    const { status, problem } = await enrol('thief', { cards: ['4001', '4000'] });
    expect([status, problem]).toEqual([409, 'card-linked-elsewhere']);
    expect((await enrol('honest', { cards: ['4001'] })).status).toBe(201);
  });

  it('needs a programme that was published', async () => {
    const { status, problem, body } = await enrol(
      'nowhere',
      { program: 'nobody-knows' },
      { ...store, programs: ['*'] },
    );
    expect([status, problem]).toEqual([404, 'program-unknown']);
    expect(JSON.stringify(body)).toContain('POST /v1/programs');
  });

  it('of a programme that was published just now works with Tallystick-After', async () => {
    const published = await publishProgram(service, 'new-one', { wait: false });
    const { status } = await service.call('POST', '/v1/members', {
      key: 'k',
      body: { program: 'new-one' },
      headers: { 'tallystick-after': published.toString() },
    });
    expect(status).toBe(201);
  });
});

describe('who may enrol', () => {
  it.each<[string, TokenClaims | null, number]>([
    ['nobody without a token', null, 401],
    ['a store of the programme', store, 201],
    ['a manager', { sub: 'm', roles: ['manager'], programs: [program] }, 201],
    ['no store of another programme', { ...store, programs: ['other'] }, 403],
    ['no store without a programme', { sub: 's', roles: ['store'] }, 403],
    ['no member', { sub: 'm', roles: ['member'], programs: ['*'] }, 403],
    ['no partner', { sub: 'p', roles: ['partner'], programs: ['*'], partner: 'fly' }, 403],
    ['no auditor', { sub: 'a', roles: ['auditor'], programs: ['*'] }, 403],
    ['no ops', { sub: 'o', roles: ['ops'], programs: ['*'] }, 403],
  ])('%s', async (who, as, expected) => {
    const one = await enrol(who.replaceAll(' ', '-'), {}, as);
    expect(one.status).toBe(expected);
    const batch = await service.call('POST', '/v1/members/batch', {
      as,
      body: { program, items: [{ key: 'x' }] },
    });
    expect(batch.status).toBe(expected === 201 ? 200 : expected);
  });
});

describe('rubbish', () => {
  it('without an Idempotency-Key is refused', async () => {
    const { status, problem } = await service.call('POST', '/v1/members', { body: { program } });
    expect([status, problem]).toEqual([400, 'idempotency-key-missing']);
  });

  it.each<[string, unknown, string]>([
    ['no object', '[]', 'body'],
    ['no programme', {}, 'program'],
    ['a programme with a NUL', { program: 'a\u0000b' }, 'program'],
    ['an empty card', { program, cards: ['  '] }, 'cards.0'],
    ['a card of 101 characters', { program, cards: ['9'.repeat(101)] }, 'cards.0'],
    ['a card with a line break', { program, cards: ['98\n21'] }, 'cards.0'],
    ['a card that is a number', { program, cards: [9821] }, 'cards.0'],
    ['a card twice', { program, cards: ['1', ' 1'] }, 'cards'],
    [
      'too many cards',
      { program, cards: Array.from({ length: 21 }, (_, i) => String(i)) },
      'cards',
    ],
    [
      '29 February of a common year',
      { program, personal: { birthday: '1995-02-29' } },
      'personal.birthday',
    ],
    ['a birthday to come', { program, personal: { birthday: '2999-01-01' } }, 'personal.birthday'],
    ['an email that is none', { program, personal: { email: 'zofia' } }, 'personal.email'],
    ['a beginning to come', { program, from: '2999-01-01T00:00:00Z' }, 'from'],
    ['a time without an offset', { program, from: '2020-01-01T00:00:00' }, 'from'],
    ['an unknown field', { program, points: 1000 }, 'body'],
  ])('%s is refused with the field at fault', async (_, body, field) => {
    const answer = await service.call('POST', '/v1/members', { key: 'rubbish', body });
    expect([answer.status, answer.problem]).toEqual([400, 'validation']);
    expect(answer.fields).toContain(field);
  });

  it('that is not JSON is refused', async () => {
    const answer = await service.call('POST', '/v1/members', { key: 'r', body: '{"program":' });
    expect(answer.status).toBe(400);
  });
});

describe('many at once', () => {
  it('20 requests with one key enrol one member, and all get the same answer', async () => {
    const body = { cards: ['3001', '3002'], personal: { name: 'Zofia' } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => enrol('stampede', body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(await eventsOf(answers[0]?.enrolled?.member)).toHaveLength(3);
  });

  it('20 members who come for one card: one gets it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        enrol(`racer-${index}`, { cards: ['3100', `3101-${index}`] }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });
});

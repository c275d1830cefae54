import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memberId, programId } from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import { testDeployment, type Deployment, type TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import { memberStream } from '../member/ids.js';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = 'bonus';
const store: TokenClaims = { sub: 'importer', roles: ['store'], programs: [program] };

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

const answered = z.object({
  items: z.array(
    z.union([
      z.object({ status: z.literal([200, 201]), member: z.uuid(), account: z.uuid() }),
      z.object({ status: z.int().min(400), problem: z.looseObject({ type: z.string() }) }),
    ]),
  ),
  position: z.string().nullable(),
});

const batch = async (items: readonly unknown[], by: TestService = service) => {
  const response = await by.call('POST', '/v1/members/batch', {
    as: store,
    body: { program, items },
  });
  expect(response.status).toBe(200);
  const { items: answers, position } = answered.parse(response.body);
  return {
    position,
    header: response.headers.get('tallystick-position'),
    statuses: answers.map(({ status }) => status),
    members: answers.map((item) => ('member' in item ? item.member : item.problem.type)),
  };
};

const customers = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}-${index}`,
    cards: [`${prefix}-card-${index}`],
    from: '2010-12-01T08:26:00Z',
  }));

describe('a batch', () => {
  it('answers each item for itself, in order', async () => {
    await batch([{ key: 'owner', cards: ['taken'] }]);
    const { statuses, members, position, header } = await batch([
      { key: 'a', cards: ['1'] },
      { key: 'b', cards: ['taken'] },
      { key: 'c', cards: ['\u0000'] },
      'rubbish',
      { key: 'a', cards: ['1'] },
      { key: 'a', cards: ['2'] },
      { key: 'd', cards: ['1'] },
      { key: 'e e' },
      { key: 'f' },
    ]);
    expect(statuses).toEqual([201, 409, 400, 400, 200, 422, 409, 400, 201]);
    expect(members[4]).toBe(members[0]);
    expect(members[1]).toBe('urn:tallystick:problem:card-linked-elsewhere');
    expect(header).toBe(position);
  });

  it('gives a card to the next who wants it when the first cannot have all of its own', async () => {
    await batch([{ key: 'holder', cards: ['held'] }]);
    const { statuses } = await batch([
      { key: 'greedy', cards: ['free', 'held'] },
      { key: 'modest', cards: ['free'] },
    ]);
    expect(statuses).toEqual([409, 201]);
  });

  it('of one key leads to the member that a single request with that key leads to', async () => {
    const { members } = await batch([{ key: 'same', cards: ['same'] }]);
    const single = await service.call('POST', '/v1/members', {
      as: store,
      key: 'same',
      body: { program, cards: ['same'] },
    });
    expect(single.status).toBe(200);
    expect(z.object({ member: z.string() }).parse(single.body).member).toBe(members[0]);
  });

  it('of nothing but refusals has no position', async () => {
    const { statuses, position, header } = await batch([{}]);
    expect([statuses, position, header]).toEqual([[400], null, null]);
  });

  it.each([
    [[]],
    [Array.from({ length: 1001 }, (_, index) => ({ key: String(index) }))],
    ['items'],
  ])('is refused whole when it is none', async (items) => {
    const body = { program, items };
    const { status, problem } = await service.call('POST', '/v1/members/batch', { body });
    expect([status, problem]).toEqual([400, 'validation']);
  });

  it('of 1,000 takes a moment, and so does its repetition', async () => {
    const items = customers('thousand', 1000);
    const cpuMs = () => process.cpuUsage().user / 1000;
    const begun = cpuMs();
    const first = await batch(items);
    const enrolled = cpuMs();
    const again = await batch(items);
    const repeated = cpuMs();
    expect(first.statuses).toEqual(items.map(() => 201));
    expect(again.statuses).toEqual(items.map(() => 200));
    expect(again.members).toEqual(first.members);
    expect(again.position).toBe(first.position);
    // Computing time, since machines that test do much else; it is about 0.2 s, and any step per item shows.
    expect(enrolled - begun).toBeLessThan(2_000);
    expect(repeated - enrolled).toBeLessThan(2_000);
  });
});

describe('a batch of members with as many cards as they may have', () => {
  it('is enrolled whole, in more than one append', async () => {
    const items = Array.from({ length: 150 }, (_, index) => ({
      key: `rich-${index}`,
      cards: Array.from({ length: 20 }, (__, card) => `rich-${index}-${card}`),
    }));
    const first = await batch(items);
    expect(first.statuses).toEqual(items.map(() => 201));
    expect((await batch(items)).statuses).toEqual(items.map(() => 200));
  });
});

describe('two processes with overlapping batches', () => {
  it('enrol everyone once, and wait for each other in no ring', async () => {
    for (let round = 0; round < 5; round += 1) {
      const items = customers(`overlap-${round}`, 100);
      const answers = await Promise.all([
        batch(items),
        batch([...items].reverse(), neighbour),
        batch(items.slice(30), neighbour),
        batch(items.slice(0, 70).reverse()),
      ]);
      const statuses = new Set(answers.flatMap((answer) => answer.statuses));
      expect([...statuses].sort()).toEqual([200, 201]);
      const [{ members }, { members: reversed }] = answers;
      expect(reversed.toReversed()).toEqual(members);
      const streams = await service.store.readStreams(
        members.map((member) => memberStream(programId(program), memberId(member))),
      );
      expect([...streams.values()].map((events) => events.length)).toEqual(items.map(() => 2));
    }
  });

  it('that want the same cards for different members give each card to one', async () => {
    const cards = Array.from({ length: 100 }, (_, index) => `contested-${index}`);
    const answers = await Promise.all(
      [service, neighbour, service, neighbour].map((by, process) =>
        batch(
          cards.map((card, index) => ({
            key: `${process}-${card}`,
            cards:
              index % 2 === 0
                ? [card, `own-${process}-${index}`]
                : [`own-${process}-${index}`, card],
          })),
          by,
        ),
      ),
    );
    for (let index = 0; index < cards.length; index += 1) {
      const statuses = answers.map((answer) => answer.statuses[index]).sort();
      expect(statuses).toEqual([201, 409, 409, 409]);
    }
  });
});

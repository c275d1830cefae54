import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEvent } from '@tallystick/event-store';
import {
  accountId,
  instant,
  ledgerStream,
  programId,
  streamName,
  type StreamName,
} from '@tallystick/kernel';
import type { TokenClaims } from '@tallystick/service-host';
import {
  eventually,
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { partnerEventFact } from '../partner/ids.js';
import { deliver, program, registerPartner } from '../testing/fixtures.js';
import { startPartners } from '../testing/start-partners.js';

const partner = 'fly';
let deployment: Deployment;
let service: TestService;
let secret: string;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startPartners(deployment);
  ({ secret } = await registerPartner(service, partner));
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const factOf = (event: string) => partnerEventFact({ program: programId(program), partner, event });

const read = (event: string, as: TokenClaims | null = manager, by = service) =>
  by.call('GET', `/v1/partner-events/${program}/${partner}/${event}`, { as });

let told = 0;
/** Accrual speaks: one event at the beginning of a stream of its own. */
const tell = async (
  stream: StreamName,
  event: string,
  type: string,
  data: object,
): Promise<void> => {
  const at = instant('2026-01-31T09:30:00Z');
  told += 1;
  const result = await service.store.append([
    {
      stream,
      expected: 'noStream',
      events: [
        newEvent(
          factOf(event),
          told,
          { type, data: { fact: factOf(event), ...data } },
          {
            program: programId(program),
            occurredAt: at,
            recordedAt: at,
            actor: 'service:accrual',
            correlationId: 'c',
          },
        ),
      ],
    },
  ]);
  expect(result.kind).toBe('appended');
};

const ledger = (event: string) => ledgerStream(programId(program), accountId(event));
const card = (event: string) => streamName('card', program, event);
const award = (event: string) => streamName('partneraward', program, partner, event);

const becomes = async (event: string, expected: Record<string, unknown>): Promise<void> => {
  await eventually(async () => {
    const { body } = await read(event);
    return Object.entries(expected).every(([name, value]) =>
      JSON.stringify(body).includes(`${JSON.stringify(name)}:${JSON.stringify(value)}`),
    );
  });
  expect((await read(event)).body).toMatchObject(expected);
};

describe('what becomes of an event', () => {
  it('is points, once the ledger says so', async () => {
    await deliver(service, { partner, secret, id: 'awarded' });
    await becomes('awarded', { status: 'accepted', points: 0 });
    await tell(ledger('awarded'), 'awarded', 'PointsEarned', { points: 30, reason: null });
    await becomes('awarded', { status: 'awarded', points: 30, reason: null });
  });

  it('is nothing, with the reason, by the ledger or by accrual', async () => {
    await deliver(service, { partner, secret, id: 'nothing-1' });
    await tell(ledger('nothing-1'), 'nothing-1', 'PointsEarned', { points: 0, reason: 'no-rule' });
    await becomes('nothing-1', { status: 'nothing', points: 0, reason: 'no-rule' });
    await deliver(service, { partner, secret, id: 'nothing-2' });
    const pin = { nothing: 'no-rulebook', rulebook: null, parts: [] };
    await tell(award('nothing-2'), 'nothing-2', 'PartnerEventRegistered', { pin });
    await becomes('nothing-2', { status: 'nothing', reason: 'no-rulebook' });
  });

  it('is to wait while its card is nobody’s, and then points', async () => {
    await deliver(service, { partner, secret, id: 'waiting' });
    await tell(card('waiting'), 'waiting', 'FactParked', { card: 't', stream: 's' });
    await becomes('waiting', { status: 'waiting', reason: 'card-unknown' });
    await tell(ledger('waiting'), 'waiting', 'PointsEarned', { points: 5, reason: null });
    await becomes('waiting', { status: 'awarded', points: 5 });
  });

  it('is points even if the news that it waits comes after', async () => {
    await deliver(service, { partner, secret, id: 'overtaken' });
    await tell(ledger('overtaken'), 'overtaken', 'PointsEarned', { points: 7, reason: null });
    await becomes('overtaken', { status: 'awarded' });
    await tell(card('overtaken'), 'overtaken', 'FactParked', { card: 't', stream: 's' });
    await service.caughtUp();
    await becomes('overtaken', { status: 'awarded', points: 7 });
  });

  it('is not lost behind a malformed message, which goes to the dead letters', async () => {
    await deliver(service, { partner, secret, id: 'behind' });
    const value = JSON.stringify({ fact: factOf('behind') });
    await service.bus.publish([
      { topic: 'ledger', key: ledger('behind'), id: 'bad', headers: {}, value },
    ]);
    await tell(ledger('behind'), 'behind', 'PointsEarned', { points: 2, reason: null });
    await becomes('behind', { status: 'awarded', points: 2 });
    // What became of it is kept before the bus has put the other one aside.
    await service.caughtUp();
    const dead = [];
    for await (const { id, group } of service.bus.deadLetters('ledger')) dead.push({ id, group });
    expect(dead).toEqual([{ id: 'bad', group: 'partners' }]);
  });
});

describe('who may read it', () => {
  it.each<[string, TokenClaims | null, number]>([
    ['a manager', manager, 200],
    ['the partner', { sub: 'p', roles: ['partner'], programs: [program], partner }, 200],
    [
      'not another partner',
      { sub: 'p', roles: ['partner'], programs: ['*'], partner: 'hotel' },
      404,
    ],
    ['not a partner without a name', { sub: 'p', roles: ['partner'], programs: ['*'] }, 404],
    [
      'not the partner in another programme',
      { sub: 'p', roles: ['partner'], programs: ['other'], partner },
      403,
    ],
    ['not a store', { sub: 's', roles: ['store'], programs: ['*'] }, 403],
    ['not a member', { sub: 'm', roles: ['member'], programs: ['*'] }, 403],
    ['not anyone', null, 401],
  ])('%s', async (_, as, expected) => {
    expect((await read('awarded', as)).status).toBe(expected);
  });

  it('an event of nobody is unknown', async () => {
    expect((await read('never-sent')).problem).toBe('partner-event-unknown');
    expect((await read('a%00b')).status).toBe(400);
  });
});

describe('rows that are lost', () => {
  it('are made again before the service opens: partners, keys without secrets, events, outcomes', async () => {
    await service.db.query('truncate partners, keys, events, outcomes, conflicts');
    await service.db.query('update rebuilt_to set position = 0, outcomes = false');
    const restarted = await startPartners(deployment);
    try {
      expect((await read('awarded', manager, restarted)).body).toMatchObject({
        status: 'awarded',
        points: 30,
      });
      // Without its secret the old key is of no use; a new one is.
      expect((await deliver(restarted, { partner, secret, id: 'awarded' })).status).toBe(401);
      const issued = await restarted.call('POST', `/v1/partners/${program}/${partner}/keys`, {
        key: 'after-the-loss',
      });
      expect(issued.status).toBe(201);
      const { secret: fresh } = z.object({ secret: z.string() }).parse(issued.body);
      const again = await deliver(restarted, { partner, secret: fresh, id: 'awarded' });
      expect([again.status, again.body]).toEqual([202, expect.objectContaining({ known: true })]);
      const other = await deliver(restarted, {
        partner,
        secret: fresh,
        id: 'awarded',
        event: { type: 'visit', occurredAt: '2026-01-31T09:30:00Z', card: 'another' },
      });
      expect(other.problem).toBe('partner-event-conflict');
    } finally {
      await restarted.close();
    }
  });
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partnerEventReceived } from '@tallystick/contracts';
import { partnerEventFact, partnerEventStream } from '../partner/ids.js';
import { programId } from '@tallystick/kernel';
import { createCardTokens } from '@tallystick/service-host';
import {
  everyRow,
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import {
  deliver,
  issueKey,
  program,
  registerPartner,
  signature,
  visit,
} from '../testing/fixtures.js';
import { startPartners } from '../testing/start-partners.js';

const partner = 'fly';
let deployment: Deployment;
let service: TestService;
let neighbour: TestService;
let secret: string;
let keyId: string;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startPartners(deployment);
  neighbour = await startPartners(deployment);
  ({ secret, keyId } = await registerPartner(service, partner));
});
afterAll(async () => {
  await neighbour.close();
  await service.close();
  await deployment.drop();
});

const accepted = z.object({
  event: z.string(),
  status: z.literal('accepted'),
  known: z.boolean(),
  position: z.string(),
});

const stored = async (event: string) => {
  const stream = partnerEventStream({ program: programId(program), partner, event });
  const events = [];
  for await (const { type, data, metadata } of service.store.readStream(stream))
    events.push({ type, data: partnerEventReceived.parse(JSON.parse(data)), metadata });
  return events;
};

const read = (event: string) =>
  service.call('GET', `/v1/partner-events/${program}/${partner}/${encodeURIComponent(event)}`);

describe('a signed event', () => {
  it('is accepted, and said in the store with a token of the card and the evidence', async () => {
    const event = { ...visit, type: 'purchase', amount: '12.50', currency: 'PLN' };
    const { status, body, headers } = await deliver(service, { partner, secret, id: 'e/1', event });
    expect(status).toBe(202);
    const answer = accepted.parse(body);
    expect(answer).toMatchObject({ event: 'e/1', known: false });
    expect(headers.get('tallystick-position')).toBe(answer.position);

    const [one, ...more] = await stored('e/1');
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      type: 'PartnerEventReceived',
      data: {
        program,
        partner,
        event: 'e/1',
        type: 'purchase',
        occurredAt: '2026-01-31T09:30:00.000Z',
        card: createCardTokens(Buffer.alloc(32, 1)).tokenOf(programId(program), visit.card),
        amount: '12.5',
        currency: 'PLN',
        keyId,
      },
      metadata: { actor: `partner:${partner}`, occurredAt: '2026-01-31T09:30:00.000Z' },
    });
    expect((await read('e/1')).body).toMatchObject({ status: 'accepted', points: 0, keyId });
  });

  it('again is answered as before, though signed anew, at another time, with another key', async () => {
    const first = await deliver(service, { partner, secret, id: 'again' });
    const other = await issueKey(service, partner, 'again');
    const again = await deliver(service, {
      partner,
      secret: other.secret,
      id: 'again',
      skewSeconds: -120,
      body: JSON.stringify(visit, null, 2),
    });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual({ ...accepted.parse(first.body), known: true });
    expect(await stored('again')).toHaveLength(1);
  });

  it('with other content under its id is refused, kept, and shown', async () => {
    await deliver(service, { partner, secret, id: 'conflict' });
    for (const card of ['1111', '2222', '2222']) {
      const { status, problem } = await deliver(service, {
        partner,
        secret,
        id: 'conflict',
        event: { ...visit, card },
      });
      expect([status, problem]).toEqual([409, 'partner-event-conflict']);
    }
    expect((await deliver(service, { partner, secret, id: 'conflict' })).status).toBe(202);
    const { body } = await read('conflict');
    const { hash, conflicts } = z
      .object({
        hash: z.string(),
        conflicts: z.array(z.object({ hash: z.string(), keyId: z.string(), times: z.int() })),
      })
      .parse(body);
    expect(conflicts.map(({ times }) => times)).toEqual([1, 2]);
    expect(conflicts.every((conflict) => conflict.hash !== hash && conflict.keyId === keyId)).toBe(
      true,
    );
    expect(await stored('conflict')).toHaveLength(1);
  });

  it('of one id at two partners is two events', async () => {
    const hotel = await registerPartner(service, 'hotel');
    const here = await deliver(service, { partner, secret, id: 'shared-id' });
    const there = await deliver(service, {
      partner: 'hotel',
      secret: hotel.secret,
      id: 'shared-id',
      event: { ...visit, card: '1' },
    });
    expect([here.body, there.body]).toEqual([
      expect.objectContaining({ known: false }),
      expect.objectContaining({ known: false }),
    ]);
  });

  it('delivered 20 times at once to two processes is taken once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        deliver(index % 2 === 0 ? service : neighbour, { partner, secret, id: 'stampede' }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    const bodies = answers.map(({ body }) => accepted.parse(body));
    expect(bodies.filter(({ known }) => !known)).toHaveLength(1);
    expect(new Set(bodies.map(({ position }) => position)).size).toBe(1);
    expect(await stored('stampede')).toHaveLength(1);
  });

  it('in two contents at once is taken in one of them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        deliver(index % 2 === 0 ? service : neighbour, {
          partner,
          secret,
          id: 'two-faced',
          event: { ...visit, card: String(index % 2) },
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(5);
    expect(statuses.filter((status) => status === 409)).toHaveLength(5);
    expect(await stored('two-faced')).toHaveLength(1);
  });
});

describe('names as long as they may be', () => {
  it('fit into a stream', async () => {
    const longest = 'p.'.repeat(40).slice(0, 63);
    const key = await registerPartner(service, longest);
    const id = '~'.repeat(200);
    const { status } = await deliver(service, { partner: longest, secret: key.secret, id });
    expect(status).toBe(202);
    const path = `/v1/partner-events/${program}/${longest}/${encodeURIComponent(id)}`;
    expect((await service.call('GET', path)).status).toBe(200);
  });
});

describe('what is not genuine is refused, and nothing is stored', () => {
  const refused = async (
    expected: string,
    delivery: Partial<Parameters<typeof deliver>[1]>,
  ): Promise<void> => {
    const before = await service.store.head();
    const { status, problem } = await deliver(service, {
      partner,
      secret,
      id: 'forged',
      ...delivery,
    });
    expect([status, problem]).toEqual([401, expected]);
    expect(await service.store.head()).toBe(before);
    expect((await read('forged')).status).toBe(404);
    const { rowCount } = await service.db.query('select from events where event = $1', ['forged']);
    expect(rowCount).toBe(0);
  };
  const seconds = () => Math.floor(Date.now() / 1000);
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  const body = JSON.stringify(visit);

  it('a signature with another secret', () => refused('signature-wrong', { secret: other }));
  it("another partner's secret", async () => {
    const bank = await registerPartner(service, 'bank');
    await refused('signature-wrong', { secret: bank.secret });
  });
  it('a partner that nobody registered', () => refused('signature-wrong', { partner: 'nobody' }));
  it('one altered byte of the body', () =>
    refused('signature-wrong', {
      body: body.replace('visit', 'vizit'),
      headers: { 'webhook-signature': signature(secret, 'forged', seconds(), body) },
    }));
  it('one more space in the body', () =>
    refused('signature-wrong', {
      body: `${body} `,
      headers: { 'webhook-signature': signature(secret, 'forged', seconds(), body) },
    }));
  it('a body that is not UTF-8', () =>
    refused('signature-wrong', { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }));
  it('another id', () =>
    refused('signature-wrong', {
      headers: { 'webhook-signature': signature(secret, 'other', seconds(), body) },
    }));
  it('a time of long ago', () => refused('timestamp-outside-window', { skewSeconds: -301 }));
  it('a time to come', () => refused('timestamp-outside-window', { skewSeconds: 310 }));
  it('an old signature under a new time', () =>
    refused('signature-wrong', {
      headers: { 'webhook-signature': signature(secret, 'forged', seconds() - 400, body) },
    }));
  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('without %s', (name) =>
    refused('signature-missing', { headers: { [name]: '' } }),
  );
  it('a time in words', () =>
    refused('timestamp-outside-window', { headers: { 'webhook-timestamp': 'now' } }));
  it('two signatures that are both wrong', () =>
    refused('signature-wrong', {
      headers: {
        'webhook-signature': [other, other]
          .map((wrong) => signature(wrong, 'forged', seconds(), body))
          .join(' '),
      },
    }));
  it('a revoked key', async () => {
    const gone = await issueKey(service, partner, 'to-be-revoked');
    const path = `/v1/partners/${program}/${partner}/keys/${gone.keyId}/revoke`;
    expect((await service.call('POST', path, { as: manager })).status).toBe(200);
    await refused('signature-wrong', { secret: gone.secret });
  });
});

describe('a header with two signatures', () => {
  it('is taken when one of them is genuine, and the key that made it is named', async () => {
    const seconds = Math.floor(Date.now() / 1000);
    const body = JSON.stringify(visit);
    const coming = `whsec_${randomBytes(32).toString('base64')}`;
    const pair = [coming, secret].map((each) => signature(each, 'pair', seconds, body)).join(' ');
    const { status } = await deliver(service, {
      partner,
      secret,
      id: 'pair',
      headers: { 'webhook-timestamp': String(seconds), 'webhook-signature': pair },
    });
    expect(status).toBe(202);
    const [event] = await stored('pair');
    expect(event?.data).toMatchObject({
      keyId,
      signature: signature(secret, 'pair', seconds, body),
    });
  });
});

describe('what is genuine but rubbish', () => {
  it.each<[string, Record<string, unknown> | string, string]>([
    ['no JSON', '{"type":', 'malformed-json'],
    ['nothing', '', 'malformed-json'],
    ['a list', '[]', 'validation'],
    ['no card', { type: 'visit', occurredAt: visit.occurredAt }, 'validation'],
    ['a time to come', { ...visit, occurredAt: '2999-01-01T00:00:00Z' }, 'validation'],
    ['a time without an offset', { ...visit, occurredAt: '2026-01-31T09:30:00' }, 'validation'],
    ['an amount without a currency', { ...visit, amount: '1' }, 'validation'],
    ['a number for an amount', { ...visit, amount: 1, currency: 'PLN' }, 'validation'],
    ['points of its own choice', { ...visit, points: 1_000_000 }, 'validation'],
  ])('is refused: %s', async (_, event, expected) => {
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const { status, problem } = await deliver(service, { partner, secret, id: 'rubbish', body });
    expect([status, problem]).toEqual([400, expected]);
    expect((await read('rubbish')).status).toBe(404);
  });

  it('is refused: an id that is none', async () => {
    const { status, fields } = await deliver(service, { partner, secret, id: 'a b' });
    expect([status, fields]).toEqual([400, ['webhook-id']]);
    expect((await deliver(service, { partner, secret, id: 'e'.repeat(201) })).status).toBe(400);
  });

  it('is refused when it is huge, before anything is computed', async () => {
    const event = { ...visit, card: 'x'.repeat(70_000) };
    const { status, problem } = await deliver(service, { partner, secret, event });
    expect([status, problem]).toEqual([413, 'body-too-large']);
  });
});

describe('a card number', () => {
  it('is in no event, no message and no log line, and in no table in the clear', async () => {
    const card = '7312-9944-5511-0042';
    await deliver(service, { partner, secret, id: 'private', event: { ...visit, card } });
    await deliver(service, {
      partner,
      secret,
      id: 'private',
      event: { ...visit, card, type: 'x' },
    });
    await deliver(service, {
      partner,
      secret,
      id: 'private-2',
      event: { ...visit, card, type: 'a b' },
    });
    await deliver(service, { partner, secret: 'whsec_AAAA', id: 'p3', event: { ...visit, card } });
    await service.caughtUp();
    const seen = `${await everyRow(service.db)}\n${service.logs()}`;
    const fact = partnerEventFact({ program: programId(program), partner, event: 'private' });
    expect(fact).toContain('private');
    expect(seen).toContain('"private"');
    for (const form of [
      card,
      Buffer.from(card).toString('hex'),
      Buffer.from(card).toString('base64').slice(0, 20),
    ])
      expect(seen).not.toContain(form);
  });
});

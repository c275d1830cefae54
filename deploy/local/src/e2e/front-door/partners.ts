import { beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { at, listAt, problemOf, textAt, type Answer } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import { balance, enrol, publish, type House, type Member } from './house.js';

interface Signed {
  readonly secret: string;
  /** When it says it was signed; now without it. */
  readonly at?: Date;
  readonly partner?: string;
}

export const partners = (houseOf: () => House): void => {
  describe('partners', () => {
    const program = 'e2e-partners';
    const card = '9826400000014';
    let house: House;
    let published: string;
    let ann: Member;
    let secret: string;
    let othersSecret: string;
    const register = async (partner: string, name: string): Promise<Answer> =>
      await house.manager('partners', '/v1/partners', {
        body: { program, partner, name },
        after: published,
      });
    beforeAll(async () => {
      house = houseOf();
      published = await publish(house, program, {
        partnerEvents: [
          { id: 'ticket', partner: 'cinema', type: 'ticket-bought', points: 2, per: '1.00' },
          { id: 'review', partner: 'cinema', type: 'review-written', points: 25 },
        ],
      });
      ann = await enrol(house, program, [card], published);
      secret = textAt((await register('cinema', 'Picture House')).body, 'secret');
      othersSecret = textAt((await register('gym', 'The Gym')).body, 'secret');
    });

    const ticket = {
      type: 'ticket-bought',
      occurredAt: '2026-05-04T19:30:00Z',
      card,
      amount: '12.60',
      currency: 'GBP',
    };
    const send = async (id: string, body: object, signed: Signed): Promise<Answer> => {
      const text = JSON.stringify(body);
      const when = signed.at ?? new Date();
      return await house.stranger(
        'partners',
        `/v1/partner-events/${program}/${signed.partner ?? 'cinema'}`,
        {
          body: text,
          headers: {
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(when.getTime() / 1_000)),
            'webhook-signature': new Webhook(signed.secret).sign(id, when, text),
          },
        },
      );
    };
    const settled = async (id: string): Promise<unknown> =>
      await eventually(`event ${id} has an outcome`, async () => {
        const found = await house.manager('partners', `/v1/partner-events/${program}/cinema/${id}`);
        return at(found.body, 'status') === 'accepted' ? undefined : found.body;
      });

    it('shows a secret once', async () => {
      const again = await register('cinema', 'Picture House');
      expect(again.status).toBe(200);
      expect(at(again.body, 'secret')).toBeUndefined();
      const renamed = await register('cinema', 'Another house');
      expect([renamed.status, problemOf(renamed)]).toEqual([409, 'partner-exists']);
    });

    it('awards what a partner signs', async () => {
      const answer = await send('t-1', ticket, { secret });
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ event: 't-1', status: 'accepted', known: false });
      expect(await settled('t-1')).toMatchObject({ status: 'awarded', points: 25 });
      const awarded = await eventually('the points are on the account', async () => {
        const found = await balance(house, program, ann.account);
        return at(found, 'available') === 25 ? found : undefined;
      });
      expect(awarded).toMatchObject({ available: 25 });
    });

    it('explains what an event earned, from the entry of the statement on', async () => {
      const path = `/v1/accounts/${program}/${ann.account}/statement`;
      const { body } = await house.auditor('reporting', path);
      const entry = listAt(body, 'entries').find((one) => at(one, 'points') === 25);
      const explained = await house.auditor('accrual', textAt(entry, 'explanation'));
      expect(explained.body).toMatchObject({
        outcome: 'awarded',
        awards: [
          {
            ...{ points: 25, proven: true, rerating: null },
            explanation: { rules: [{ rule: 'ticket', outcome: 'gave', points: 25 }] },
          },
        ],
      });
      const other = await house.partner(program, 'gym');
      const query = new URLSearchParams({ program, partner: 'cinema', event: 't-1' });
      const refused = await other('accrual', `/v1/partner-awards/explanation?${query.toString()}`);
      expect(refused.status).toBe(403);
    });

    it('answers the same event as before, however it is signed', async () => {
      await send('t-2', ticket, { secret });
      const again = await send('t-2', ticket, { secret, at: new Date(Date.now() - 60_000) });
      expect(again.status).toBe(202);
      expect(again.body).toMatchObject({ known: true });
    });

    it('refuses other content under a known id, and keeps it as evidence', async () => {
      await send('t-3', ticket, { secret });
      const answer = await send('t-3', { ...ticket, amount: '99.00' }, { secret });
      expect([answer.status, problemOf(answer)]).toEqual([409, 'partner-event-conflict']);
      const found = await house.manager('partners', `/v1/partner-events/${program}/cinema/t-3`);
      expect(at(found.body, 'conflicts')).toMatchObject([{ times: 1 }]);
    });

    it('refuses a wrong signature, another partner’s, and one that is stale', async () => {
      const cases: [Signed, string][] = [
        [{ secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }, 'signature-wrong'],
        [{ secret: othersSecret }, 'signature-wrong'],
        [{ secret, at: new Date(Date.now() - 6 * 60_000) }, 'timestamp-outside-window'],
        [{ secret, at: new Date(Date.now() + 6 * 60_000) }, 'timestamp-outside-window'],
        [{ secret, partner: 'nobody' }, 'signature-wrong'],
      ];
      for (const [signed, type] of cases) {
        const answer = await send('t-4', ticket, signed);
        expect([answer.status, problemOf(answer)]).toEqual([401, type]);
      }
      const unsigned = await house.stranger('partners', `/v1/partner-events/${program}/cinema`, {
        body: ticket,
      });
      expect([unsigned.status, problemOf(unsigned)]).toEqual([401, 'signature-missing']);
      const found = await house.manager('partners', `/v1/partner-events/${program}/cinema/t-4`);
      expect(found.status).toBe(404);
    });

    it('takes a body as it was signed, to the byte', async () => {
      const text = JSON.stringify(ticket);
      const when = new Date();
      const answer = await house.stranger('partners', `/v1/partner-events/${program}/cinema`, {
        body: `${text} `,
        headers: {
          'webhook-id': 't-5',
          'webhook-timestamp': String(Math.floor(when.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign('t-5', when, text),
        },
      });
      expect([answer.status, problemOf(answer)]).toEqual([401, 'signature-wrong']);
    });

    it('gives nothing for what no rule knows, and says so', async () => {
      await send('t-6', { ...ticket, type: 'popcorn-dropped' }, { secret });
      expect(await settled('t-6')).toMatchObject({
        status: 'nothing',
        points: 0,
        reason: 'no-rule-for-event',
      });
    });

    it('lets the event of an unknown card wait until the card is linked', async () => {
      const unknown = '9826400000021';
      await send('t-7', { ...ticket, type: 'review-written', card: unknown }, { secret });
      expect(await settled('t-7')).toMatchObject({ status: 'waiting' });
      await enrol(house, program, [unknown]);
      const claimed = await eventually('the event is claimed', async () => {
        const found = await house.manager('partners', `/v1/partner-events/${program}/cinema/t-7`);
        return at(found.body, 'status') === 'waiting' ? undefined : found.body;
      });
      expect(claimed).toMatchObject({ status: 'awarded', points: 25 });
    });

    it('shows a partner what is its own, and nothing of another', async () => {
      const cinema = await house.partner(program, 'cinema');
      const gym = await house.partner(program, 'gym');
      const outside = await house.partner('e2e-elsewhere', 'cinema');
      const path = `/v1/partner-events/${program}/cinema/t-1`;
      expect((await cinema('partners', path)).body).toMatchObject({ status: 'awarded' });
      expect((await gym('partners', path)).status).toBe(404);
      expect((await outside('partners', path)).status).toBe(403);
      expect((await gym('partners', `/v1/partners/${program}/cinema`)).status).toBe(404);
      expect((await gym('partners', `/v1/partners/${program}/gym`)).status).toBe(200);
      expect((await cinema('partners', '/v1/partners', { body: {} })).status).toBe(403);
    });

    it('takes what a further key signs, and nothing more by a key that was revoked', async () => {
      const issued = await house.manager('partners', `/v1/partners/${program}/gym/keys`, {
        method: 'POST',
        body: {},
        headers: { 'idempotency-key': 'second-key' },
      });
      expect(issued.status).toBe(201);
      const second = textAt(issued.body, 'secret');
      const keyId = textAt(issued.body, 'keyId');
      const visit = { type: 'visit', occurredAt: '2026-05-04T19:30:00Z', card };
      expect((await send('g-1', visit, { secret: second, partner: 'gym' })).status).toBe(202);
      const path = `/v1/partners/${program}/gym/keys/${keyId}/revoke`;
      expect((await house.manager('partners', path, { method: 'POST' })).status).toBe(200);
      expect((await send('g-2', visit, { secret: second, partner: 'gym' })).status).toBe(401);
      expect((await send('g-3', visit, { secret: othersSecret, partner: 'gym' })).status).toBe(202);
    });
  });
};

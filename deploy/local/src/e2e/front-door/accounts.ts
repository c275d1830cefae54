import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, listAt, numberAt, problemOf, textAt } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import {
  balance,
  enrol,
  line,
  publish,
  receipt,
  refOf,
  submit,
  type House,
  type Member,
} from './house.js';

export const accounts = (houseOf: () => House): void => {
  describe('members and their accounts', () => {
    const program = 'e2e-accounts';
    const card = '9826500000013';
    let house: House;
    let ann: Member;
    let position: string | undefined;
    beforeAll(async () => {
      house = houseOf();
      const published = await publish(house, program, {
        lots: { pendingDays: 14, expiry: { months: 12, until: 'end-of-month' } },
      });
      ann = await enrol(house, program, [card], published);
      const old = receipt(program, '1', {
        card,
        businessDate: '2025-02-03',
        occurredAt: '2025-02-03T10:00:00Z',
        lines: [line(1, 'tea', '1', '40.00')],
      });
      const recent = new Date().toISOString();
      const sale = receipt(program, '2', { card, lines: [line(1, 'tea', '2', '30.00')] });
      await submit(house, old, ann.position);
      await submit(house, sale);
      await submit(house, {
        ...receipt(program, '3', { card }),
        lines: [line(1, 'tea', '-1', '30.00', { original: refOf(sale) })],
      });
      await submit(house, receipt(program, '4', { card, occurredAt: recent }));
      const redeemed = await house.store('redemption', '/v1/redemptions', {
        body: { program, account: ann.account, points: 10, reference: 'till 3, receipt 4' },
        headers: { 'idempotency-key': 'accounts' },
      });
      position = redeemed.position;
    });

    it('enrols a member once for a key', async () => {
      const ask = (cards: string[]) =>
        house.manager('enrollment', '/v1/members', {
          body: {
            program,
            cards,
            personal: { name: 'Bea Baker', email: 'bea@example.org', birthday: '1990-02-28' },
          },
          headers: { 'idempotency-key': 'bea' },
        });
      const first = await ask(['9826500000020']);
      const again = await ask(['9826500000020']);
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.body).toEqual(first.body);
      const changed = await ask(['9826500000037']);
      expect([changed.status, problemOf(changed)]).toEqual([422, 'idempotency-key-reused']);
      const path = `/v1/members/${program}/${textAt(first.body, 'member')}`;
      expect((await house.manager('enrollment', path)).body).toMatchObject({
        personal: { name: 'Bea Baker', birthday: '1990-02-28' },
      });
      const bea = {
        member: textAt(first.body, 'member'),
        account: textAt(first.body, 'account'),
      };
      expect((await (await house.member(bea))('enrollment', path)).status).toBe(200);
      expect((await (await house.member(ann))('enrollment', path)).status).toBe(404);
    });

    it('rates by the birthday of a member, which a manager sets', async () => {
      const own = 'e2e-birthdays';
      const published = await publish(house, own, {
        birthday: { daysBefore: 3, daysAfter: 3 },
        earning: [{ id: 'week', points: 5, when: 'member.inBirthdayWindow' }],
      });
      const eve = await enrol(house, own, ['9826500000051'], published);
      const path = `/v1/members/${own}/${eve.member}/birthday`;
      const sell = async (number: string, day: string): Promise<unknown> => {
        const occurredAt = `${day}T12:00:00Z`;
        const sale = receipt(own, number, { card: '9826500000051', occurredAt });
        return at((await submit(house, sale, eve.position)).body, 'earned');
      };
      expect(await sell('1', '2026-05-04')).toBe(0);
      const set = await house.manager('enrollment', path, {
        method: 'PUT',
        body: { birthday: '1992-05-07' },
      });
      expect(set.status).toBe(200);
      expect([await sell('2', '2026-05-04'), await sell('3', '2026-05-03')]).toEqual([5, 0]);
    });

    it('enrols many at once, each answered for itself', async () => {
      const answer = await house.manager('enrollment', '/v1/members/batch', {
        body: {
          program,
          items: [
            { key: 'many-1', cards: ['9826500000044'] },
            { key: '', cards: [] },
            { key: 'many-2', cards: [card] },
            { key: 'many-1', cards: ['9826500000044'] },
          ],
        },
      });
      expect(answer.status).toBe(200);
      const statuses = listAt(answer.body, 'items').map((item) => at(item, 'status'));
      expect(statuses).toEqual([201, 400, 409, 200]);
    });

    it('finds the account of a card, whose number is in no address', async () => {
      const found = await house.store('enrollment', '/v1/cards/lookup', {
        body: { program, card },
      });
      const { member, account, token } = ann;
      expect(found.body).toEqual({ member, account, successor: null, token });
      const unknown = await house.store('enrollment', '/v1/cards/lookup', {
        body: { program, card: '0' },
      });
      expect([unknown.status, problemOf(unknown)]).toEqual([404, 'card-unknown']);
    });

    it('values what is pending and available, now and at any moment; what has lapsed is posted by the clock', async () => {
      const posted = await eventually('the clock has posted what lapsed', async () => {
        const found = await balance(house, program, ann.account, position);
        return at(found, 'lapsed') === 0 ? found : undefined;
      });
      expect(posted).toMatchObject({
        program,
        account: ann.account,
        member: ann.member,
        unspent: 32,
        pending: 12,
        available: 20,
        lapsed: 0,
        held: 0,
        arrears: 0,
      });
      const path = `/v1/accounts/${program}/${ann.account}?asOf=2025-03-01T00:00:00Z`;
      expect((await house.manager('reporting', path)).body).toMatchObject({ lapsed: 0 });
    });

    it('tells in the statement why each point is there and why it went, newest first', async () => {
      const path = `/v1/accounts/${program}/${ann.account}/statement`;
      const { body } = await house.manager('reporting', path, { after: position });
      const entries = listAt(body, 'entries');
      const told = entries.map((entry) => [at(entry, 'type'), at(entry, 'points')]);
      // The clock posts it whenever it looks.
      expect(told.filter(([type]) => type === 'PointsExpired')).toEqual([['PointsExpired', -40]]);
      expect(told.filter(([type]) => type !== 'PointsExpired')).toEqual([
        ['PointsRedeemed', -10],
        ['PointsEarned', 12],
        ['EarnReversed', -30],
        ['PointsEarned', 60],
        ['PointsEarned', 40],
        ['AccountOpened', 0],
      ]);
      const redeemed = entries.find((entry) => at(entry, 'type') === 'PointsRedeemed');
      expect(at(redeemed, 'reason')).toContain('till 3, receipt 4');
      for (const entry of entries) expect(textAt(entry, 'reason')).not.toBe('');
      const sum = entries.reduce<number>((total, entry) => total + numberAt(entry, 'points'), 0);
      expect(sum).toBe(32);
    });

    it('gives a statement in pages that leave nothing out', async () => {
      const path = `/v1/accounts/${program}/${ann.account}/statement`;
      const whole = await house.manager('reporting', path);
      const gathered: unknown[] = [];
      let cursor = '';
      do {
        const page = await house.manager('reporting', `${path}?limit=4${cursor}`);
        gathered.push(...listAt(page.body, 'entries'));
        const next = at(page.body, 'next');
        cursor = typeof next === 'string' ? `&cursor=${encodeURIComponent(next)}` : '';
      } while (cursor !== '');
      expect(gathered).toEqual(listAt(whole.body, 'entries'));
      const wrong = await house.manager('reporting', `${path}?cursor=nonsense`);
      expect([wrong.status, problemOf(wrong)]).toEqual([400, 'validation']);
    });

    it('shows a member its own account, and no other', async () => {
      const member = await house.member(ann);
      const path = `/v1/accounts/${program}/`;
      expect((await member('reporting', path + ann.account)).status).toBe(200);
      expect((await member('reporting', `${path + ann.account}/statement`)).status).toBe(200);
      expect((await member('reporting', `${path}another`)).status).toBe(403);
      const unknown = await house.manager('reporting', `${path}another`);
      expect([unknown.status, problemOf(unknown)]).toEqual([404, 'account-unknown']);
    });
  });
};

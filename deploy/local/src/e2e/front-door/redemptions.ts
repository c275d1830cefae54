import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, problemOf, textAt, type Answer } from '../tools/client.js';
import {
  balance,
  enrol,
  line,
  publish,
  receipt,
  submit,
  type House,
  type Member,
} from './house.js';

export const redemptions = (houseOf: () => House): void => {
  describe('redemptions', () => {
    const program = 'e2e-redemptions';
    const card = '9826300000015';
    let house: House;
    let ann: Member;
    beforeAll(async () => {
      house = houseOf();
      const rewards = [
        { id: 'mug', name: 'A mug', points: 150 },
        { id: 'house', name: 'A house', points: 9_000_000 },
      ];
      const published = await publish(house, program, { rewards });
      ann = await enrol(house, program, [card], published);
      const lines = [line(1, 'tea', '1', '1000.00')];
      await submit(house, receipt(program, '1', { card, lines }), ann.position);
    });

    const redeem = async (key: string, more: object = {}): Promise<Answer> =>
      await house.store('redemption', '/v1/redemptions', {
        body: { program, account: ann.account, points: 100, reference: 'till 3', ...more },
        headers: { 'idempotency-key': key },
        after: ann.position,
      });
    const refund = async (
      redemption: string,
      key: string,
      reason = 'changed mind',
    ): Promise<Answer> =>
      await house.store('redemption', `/v1/redemptions/${program}/${redemption}/refunds`, {
        body: { reason },
        headers: { 'idempotency-key': key },
      });

    it('quotes what points could pay, by account and by card', async () => {
      for (const which of [{ account: ann.account }, { card }]) {
        const answer = await house.store('redemption', '/v1/redemptions/quote', {
          body: { program, ...which, points: 250 },
          after: ann.position,
        });
        expect(answer.body).toEqual({
          program,
          account: ann.account,
          available: 1_000,
          pending: 0,
          arrears: 0,
          arrearsPolicy: 'next-awards',
          points: 250,
          value: { amount: '2.50', currency: 'GBP' },
        });
      }
    });

    it('redeems once for a key: the same request gets the same answer, another one is refused', async () => {
      const first = await redeem('once');
      const again = await redeem('once');
      expect(first.status).toBe(201);
      expect(first.body).toMatchObject({ account: ann.account, points: 100, available: 900 });
      expect([again.status, again.body]).toEqual([first.status, first.body]);
      const changed = await redeem('once', { points: 101 });
      expect([changed.status, problemOf(changed)]).toEqual([422, 'idempotency-key-reused']);
      expect(await balance(house, program, ann.account, first.position)).toMatchObject({
        available: 900,
      });
    });

    it('redeems and refunds once, however many send the same key, or other keys, at the same moment', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => redeem('at-the-same-moment')),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      const id = textAt(answers[0]?.body, 'redemption');
      const refunds = await Promise.all(
        Array.from({ length: 8 }, (_, index) => refund(id, `at-the-same-moment-${index}`)),
      );
      const [won, ...others] = refunds.filter(({ status }) => status === 201);
      expect(others).toEqual([]);
      expect(refunds.filter(({ status }) => status === 409)).toHaveLength(7);
      expect(await balance(house, program, ann.account, won?.position)).toMatchObject({
        available: 900,
      });
    });

    it('wants a key', async () => {
      const answer = await house.store('redemption', '/v1/redemptions', {
        body: { program, account: ann.account, points: 1, reference: 'till 3' },
      });
      expect([answer.status, problemOf(answer)]).toEqual([400, 'idempotency-key-missing']);
    });

    it('never goes below zero, and decides a refused request afresh', async () => {
      const tooMuch = await redeem('large', { points: 901 });
      expect([tooMuch.status, problemOf(tooMuch)]).toEqual([409, 'insufficient-points']);
      expect(at(tooMuch.body, 'available')).toBe(900);
      await submit(house, receipt(program, '2', { card, lines: [line(1, 'tea', '1', '1.00')] }));
      const afresh = await redeem('large', { points: 901 });
      expect(afresh.status).toBe(201);
      expect(at(afresh.body, 'available')).toBe(0);
    });

    it('gives the same lots back, once', async () => {
      await submit(house, receipt(program, '3', { card, lines: [line(1, 'tea', '1', '500.00')] }));
      const redeemed = await redeem('to-be-refunded', { card, account: undefined, points: 300 });
      const id = textAt(redeemed.body, 'redemption');
      const first = await refund(id, 'refund-1');
      expect(first.status).toBe(201);
      expect(first.body).toMatchObject({
        redemption: id,
        points: 300,
        arrearsPaid: 0,
        available: 500,
      });
      const again = await refund(id, 'refund-1');
      expect([again.status, again.body]).toEqual([first.status, first.body]);
      const reused = await refund(id, 'refund-1', 'another reason');
      expect([reused.status, problemOf(reused)]).toEqual([422, 'idempotency-key-reused']);
      const second = await refund(id, 'refund-2');
      expect([second.status, problemOf(second)]).toEqual([409, 'already-refunded']);
      const unknown = await refund('none', 'refund-3');
      expect([unknown.status, problemOf(unknown)]).toEqual([404, 'redemption-unknown']);
      expect(await balance(house, program, ann.account, first.position)).toMatchObject({
        available: 500,
      });
    });

    it('finds no account behind a card that nobody has, nor behind an id that nobody has', async () => {
      const byCard = await redeem('stranger-card', { card: '0000', account: undefined });
      const byId = await redeem('stranger-id', { account: 'nobody' });
      expect([byCard.status, problemOf(byCard)]).toEqual([404, 'account-unknown']);
      expect([byId.status, problemOf(byId)]).toEqual([404, 'account-unknown']);
      const both = await redeem('both', { card });
      expect(both.status).toBe(400);
    });

    it('lets a member spend its own points, and nobody else’s', async () => {
      const bea = await enrol(house, program, ['9826300000022']);
      const member = await house.member(ann);
      const ask = (account: string, key: string) =>
        member('redemption', '/v1/redemptions', {
          body: { program, account, points: 1, reference: 'app' },
          headers: { 'idempotency-key': key },
        });
      expect((await ask(ann.account, 'own')).status).toBe(201);
      expect((await ask(bea.account, 'other')).status).toBe(403);
    });

    it('sells what the till was told before the sale, at that price, and nothing else', async () => {
      const lines = [line(1, 'tea', '1', '160.00')];
      await submit(house, receipt(program, '4', { card, lines }));
      const basket = receipt(program, '5', { card, lines: [line(1, 'tea', '1', '0.05')] });
      const told = await house.store('accrual', '/v1/receipts/calculate', { body: basket });
      expect(at(told.body, 'rewards')).toEqual([{ id: 'mug', name: 'A mug', points: 150 }]);
      const payable = Number(at(told.body, 'payable', 'points'));
      const asked = [
        ['reward:mug', 1, 'price-differs'],
        ['reward:hat', 150, 'reward-unknown'],
        ['voucher', 150, 'kind-unknown'],
        ['reward:house', 9_000_000, 'insufficient-points'],
        ['reward:mug', 150, null],
        ['discount', payable, null],
      ] as const;
      for (const [kind, points, problem] of asked) {
        const answer = await redeem(`${kind} for ${points}`.replaceAll(' ', '-'), { kind, points });
        expect([kind, points, problemOf(answer) ?? null]).toEqual([kind, points, problem]);
        expect(answer.status).toBe(problem === null ? 201 : 409);
      }
    });

    it('lets no more than there is be spent by many at once', async () => {
      const before = await house.store('redemption', '/v1/redemptions/quote', {
        body: { program, account: ann.account },
      });
      const there = Number(at(before.body, 'available'));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          redeem(`at-once-${index}`, { points: Math.floor(there / 10) }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(10);
      expect(statuses.filter((status) => status === 409)).toHaveLength(10);
    });
  });
};

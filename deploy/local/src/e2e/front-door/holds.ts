import { beforeAll, describe, expect, it } from '@jest/globals';
import { problemOf, textAt, type Answer } from '../tools/client.js';
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

export const holdsAndTransfers = (houseOf: () => House): void => {
  describe('holds and transfers', () => {
    const program = 'e2e-holds';
    const [card, otherCard] = ['9826400000014', '9826400000021'] as const;
    let house: House;
    let ann: Member;
    let bea: Member;
    beforeAll(async () => {
      house = houseOf();
      const published = await publish(house, program);
      ann = await enrol(house, program, [card], published);
      bea = await enrol(house, program, [otherCard], published);
      const lines = [line(1, 'tea', '1', '1000.00')];
      await submit(house, receipt(program, '1', { card, lines }), bea.position);
    });
    const post = (path: string, key: string, body: unknown, after?: string): Promise<Answer> =>
      house.store('redemption', path, { body, headers: { 'idempotency-key': key }, after });

    it('reserves points, captures a part and gives the rest back, and every view says so', async () => {
      const asked = { program, card, points: 600, reference: 'order 1' };
      const held = await post('/v1/holds', 'hold', asked, bea.position);
      expect([held.status, held.body]).toMatchObject([201, { points: 600, available: 400 }]);
      expect(await balance(house, program, ann.account, held.position)).toMatchObject({
        available: 400,
        held: 600,
      });
      const hold = textAt(held.body, 'hold');
      const captured = await post(`/v1/holds/${program}/${hold}/captures`, 'capture', {
        points: 450,
      });
      expect(captured.body).toMatchObject({ points: 450, released: 150, available: 550 });
      expect(await balance(house, program, ann.account, captured.position)).toMatchObject({
        available: 550,
        held: 0,
      });
      const read = await house.store('redemption', `/v1/holds/${program}/${hold}`);
      expect(read.body).toMatchObject({ status: 'captured', redemptions: [{ points: 450 }] });
      const redemption = textAt(captured.body, 'redemption');
      const refund = `/v1/redemptions/${program}/${redemption}/refunds`;
      const refunded = await post(refund, 'refund', { reason: 'sold out' });
      expect(refunded.body).toMatchObject({ points: 450, available: 1_000 });
    });

    it('sends points of a member to another, and of nobody else', async () => {
      const send = async (as: Member, key: string) => {
        const member = await house.member(as);
        return member('redemption', '/v1/transfers', {
          body: {
            ...{ program, points: 300, reason: 'a present' },
            ...{ from: { account: ann.account }, to: { card: otherCard } },
          },
          headers: { 'idempotency-key': key },
        });
      };
      const sent = await send(ann, 'present');
      expect([sent.status, sent.body]).toMatchObject([201, { to: bea.account, available: 700 }]);
      expect((await send(ann, 'present')).body).toEqual(sent.body);
      const stolen = await send(bea, 'stolen');
      expect([stolen.status, problemOf(stolen)]).toEqual([403, 'forbidden']);
      const [of, to] = [ann, bea].map(({ account }) =>
        balance(house, program, account, sent.position),
      );
      expect([await of, await to]).toMatchObject([{ available: 700 }, { available: 300 }]);
      const trial = await house.auditor('reporting', `/v1/reports/${program}/trial-balance`);
      expect(trial.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
    });
  });
};

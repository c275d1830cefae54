import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, numberAt } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import {
  balance,
  enrol,
  line,
  publish,
  receipt,
  refOf,
  submit,
  whatBecameOf,
  type House,
  type Member,
} from './house.js';

export const returns = (houseOf: () => House): void => {
  describe('returns', () => {
    const program = 'e2e-returns';
    const cards = { ann: '9826200000016', bea: '9826200000023', cyd: '9826200000030' };
    let house: House;
    let ann: Member;
    let bea: Member;
    let cyd: Member;
    beforeAll(async () => {
      house = houseOf();
      const published = await publish(house, program);
      ann = await enrol(house, program, [cards.ann], published);
      bea = await enrol(house, program, [cards.bea], published);
      cyd = await enrol(house, program, [cards.cyd], published);
    });

    it('takes a return from the account of the sale that it names, whatever card is shown', async () => {
      const sale = receipt(program, '1', { card: cards.ann });
      await submit(house, sale, cyd.position);
      const answer = await submit(house, {
        ...receipt(program, '2', { card: cards.bea }),
        lines: [line(1, 'tea', '-1', '12.99', { original: { ...refOf(sale), ordinal: 1 } })],
      });
      expect(answer.body).toMatchObject({
        outcome: 'awarded',
        account: ann.account,
        reversed: 12,
        arrearsRaised: 0,
        lines: [{ ordinal: 1, outcome: 'reversed', points: -12 }],
      });
      expect(await balance(house, program, ann.account, answer.position)).toMatchObject({
        unspent: 0,
      });
      expect(await balance(house, program, bea.account)).toMatchObject({ unspent: 0, arrears: 0 });
    });

    it('settles an exchange with both: what is bought with the card, what is returned with the sale', async () => {
      const sale = receipt(program, '18', { card: cards.ann });
      const before = await submit(house, sale);
      const had = numberAt(await balance(house, program, ann.account, before.position), 'unspent');
      const exchange = await submit(house, {
        ...receipt(program, '19', { card: cards.bea }),
        lines: [
          line(1, 'tea', '-1', '12.99', { original: refOf(sale) }),
          line(2, 'mug', '2', '10.00'),
        ],
      });
      expect(exchange.body).toMatchObject({
        outcome: 'awarded',
        earned: 20,
        reversed: 12,
        lines: [
          { ordinal: 1, outcome: 'reversed', points: -12 },
          { ordinal: 2, outcome: 'earned', points: 20 },
        ],
      });
      const { position } = exchange;
      expect(await balance(house, program, ann.account, position)).toMatchObject({
        unspent: had - 12,
      });
      // Undone, so that the tests after this one find nothing of it.
      const undone = await submit(house, {
        ...receipt(program, '19', { card: cards.bea, revision: 2 }),
        lines: [line(1, 'tea', '1', '0.99')],
      });
      expect(undone.body).toMatchObject({ reversed: 20 });
      expect(await balance(house, program, ann.account, undone.position)).toMatchObject({
        unspent: had,
      });
    });

    it('rounds several partial returns cumulatively: 10 points over 3 come back as 3, 3 and 4', async () => {
      const sale = receipt(program, '3', {
        card: cards.bea,
        lines: [line(1, 'cup', '3', '3.34')],
      });
      expect((await submit(house, sale)).body).toMatchObject({ earned: 10 });
      const reversed: unknown[] = [];
      for (const number of ['4', '5', '6']) {
        const lines = [line(1, 'cup', '-1', '3.34')];
        const answer = await submit(house, receipt(program, number, { card: cards.bea, lines }));
        reversed.push(at(answer.body, 'reversed'));
      }
      expect(reversed).toEqual([3, 3, 4]);
    });

    it('matches a return that names no sale to the newest earlier one, and reports what nothing holds', async () => {
      const sale = (number: string, day: string, quantity: string) =>
        receipt(program, number, {
          card: cards.bea,
          businessDate: day,
          occurredAt: `${day}T12:00:00Z`,
          lines: [line(1, 'lamp', quantity, '10.00')],
        });
      await submit(house, sale('7', '2026-03-01', '1'));
      await submit(house, sale('8', '2026-03-02', '1'));
      // Later than the return, and so none of its business.
      await submit(house, sale('9', '2026-03-09', '5'));
      const answer = await submit(
        house,
        receipt(program, '10', {
          card: cards.bea,
          businessDate: '2026-03-05',
          occurredAt: '2026-03-05T12:00:00Z',
          lines: [line(1, 'lamp', '-3', '10.00'), line(2, 'sofa', '-1', '500.00')],
        }),
      );
      expect(answer.body).toMatchObject({
        reversed: 20,
        lines: [
          { outcome: 'reversed', points: -20, reason: 'matched-in-part' },
          { outcome: 'unmatched', points: 0, reason: 'no-earlier-sale-holds-it' },
        ],
      });
      expect(await balance(house, program, bea.account, answer.position)).toMatchObject({
        unspent: 50,
      });
    });

    it('lets points that were spent become arrears, which the next award pays first', async () => {
      const sale = receipt(program, '11', {
        card: cards.cyd,
        lines: [line(1, 'desk', '1', '100.00')],
      });
      await submit(house, sale);
      const spent = await house.store('redemption', '/v1/redemptions', {
        body: { program, account: cyd.account, points: 80, reference: 'till 3' },
        headers: { 'idempotency-key': 'before-the-return' },
      });
      expect(spent.status).toBe(201);
      const back = await submit(house, {
        ...receipt(program, '12', { card: cards.cyd }),
        lines: [line(1, 'desk', '-1', '100.00', { original: refOf(sale) })],
      });
      expect(back.body).toMatchObject({ reversed: 100, arrearsRaised: 80 });
      expect(await balance(house, program, cyd.account, back.position)).toMatchObject({
        unspent: 0,
        available: 0,
        arrears: 80,
      });
      const next = await submit(house, {
        ...receipt(program, '13', { card: cards.cyd }),
        lines: [line(1, 'desk', '1', '90.00')],
      });
      expect(await balance(house, program, cyd.account, next.position)).toMatchObject({
        available: 10,
        arrears: 0,
      });
    });

    it('takes nothing back for a return whose sale nobody knows, and all of it when that sale arrives', async () => {
      const sale = receipt(program, '14', { card: cards.ann });
      const back = receipt(program, '15', {
        card: cards.ann,
        lines: [line(1, 'tea', '-1', '12.99', { original: refOf(sale) })],
      });
      expect((await submit(house, back)).body).toMatchObject({
        outcome: 'nothing',
        reason: 'returned-goods-match-no-sale',
        lines: [{ outcome: 'unmatched' }],
      });
      const late = await submit(house, sale);
      expect(late.body).toMatchObject({ outcome: 'awarded', earned: 12 });
      const again = await submit(house, back);
      expect(again.body).toMatchObject({ known: true, reversed: 12, lines: [{ points: -12 }] });
    });

    it('lets the return of a receipt that waits for its card wait behind it', async () => {
      const card = '9826200000047';
      const sale = receipt(program, '16', { card, lines: [line(1, 'pot', '2', '10.00')] });
      const back = receipt(program, '17', {
        lines: [line(1, 'pot', '-1', '10.00', { original: refOf(sale) })],
      });
      await submit(house, sale);
      expect((await submit(house, back)).body).toMatchObject({ outcome: 'waiting' });
      const dee = await enrol(house, program, [card]);
      const settled = await eventually('the return is settled', async () => {
        const found = await whatBecameOf(house, back);
        return at(found.body, 'outcome') === 'waiting' ? undefined : found.body;
      });
      expect(settled).toMatchObject({ outcome: 'awarded', account: dee.account, reversed: 10 });
      expect((await whatBecameOf(house, sale)).body).toMatchObject({ earned: 20 });
    });
  });
};

import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, listAt, numberAt, problemOf, textAt } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import {
  available,
  balance,
  enrol,
  line,
  publish,
  receipt,
  submit,
  whatBecameOf,
  type House,
  type Member,
} from './house.js';

export const receipts = (houseOf: () => House): void => {
  describe('receipts', () => {
    const program = 'e2e-receipts';
    const card = '9826100000017';
    let house: House;
    let published: string;
    let ann: Member;
    beforeAll(async () => {
      house = houseOf();
      published = await publish(house, program);
      ann = await enrol(house, program, [card], published);
    });

    it('awards a receipt, line by line', async () => {
      const sent = receipt(program, '1', {
        card,
        lines: [
          line(1, 'tea', '2', '4.50'),
          line(2, 'cigars', '1', '9.00', { category: 'tobacco' }),
        ],
      });
      const answer = await submit(house, sent, ann.position);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        outcome: 'awarded',
        known: false,
        account: ann.account,
        earned: 9,
        reversed: 0,
        lines: [
          { ordinal: 1, outcome: 'earned', points: 9 },
          { ordinal: 2, outcome: 'nothing', points: 0, reason: 'excluded-category:tobacco' },
        ],
      });
      expect(await available(house, program, ann.account, answer.position)).toBe(9);
    });

    it('answers the same receipt as before, and changes nothing', async () => {
      const sent = receipt(program, '2', { card });
      const first = await submit(house, sent);
      const again = await submit(house, sent);
      expect(first.body).toMatchObject({ known: false, earned: 12 });
      expect(again.body).toEqual({ ...(first.body as object), known: true });
      expect(again.position).toBe(first.position);
      expect((await whatBecameOf(house, sent)).body).toEqual(again.body);
    });

    it('awards a receipt once, however often it comes at the same moment', async () => {
      const sent = receipt(program, '18', { card });
      const answers = await Promise.all(Array.from({ length: 20 }, () => submit(house, sent)));
      expect(answers.map(({ body }) => at(body, 'earned'))).toEqual(Array(20).fill(12));
      expect(answers.filter(({ body }) => at(body, 'known') === false)).toHaveLength(1);
    });

    it('refuses changed content under the same revision, keeps the first, and shows the refusal', async () => {
      const sent = receipt(program, '3', { card });
      await submit(house, sent);
      const changed = await submit(house, {
        ...sent,
        lines: [line(1, 'tea', '1', '99.00')],
      });
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({ outcome: 'refused', earned: 0 });
      expect(textAt(changed.body, 'reason')).toMatch(/^conflict/);
      expect((await whatBecameOf(house, sent)).body).toMatchObject({
        outcome: 'awarded',
        earned: 12,
      });
      const again = await submit(house, { ...sent, lines: [line(1, 'tea', '1', '99.00')] });
      expect(again.body).toMatchObject({ outcome: 'refused' });
      const report = await house.auditor('reporting', `/v1/reports/${program}/receipts`, {
        after: changed.position,
      });
      expect(at(report.body, 'refusedDeliveries')).toMatchObject({
        total: 1,
        reasons: [{ reason: 'conflict', deliveries: 1 }],
      });
    });

    it('takes a corrected receipt: reverses what the first revision gave, and rates the new one', async () => {
      const sent = receipt(program, '4', { card });
      const { position } = await submit(house, sent);
      const before = numberAt(await balance(house, program, ann.account, position), 'available');
      const corrected = { ...sent, revision: 2, lines: [line(1, 'tea', '1', '7.10')] };
      const answer = await submit(house, corrected);
      expect(answer.body).toMatchObject({
        outcome: 'awarded',
        known: false,
        earned: 7,
        reversed: 12,
      });
      const after = await available(house, program, ann.account, answer.position);
      expect([before, after]).toEqual([before, before - 12 + 7]);
      const late = await submit(house, sent);
      expect(late.body).toMatchObject({ outcome: 'nothing', reason: 'superseded-by-revision-2' });
      expect((await submit(house, corrected)).body).toMatchObject({ known: true, earned: 7 });
    });

    it('takes a corrected receipt to the account of its new card, and from that of the wrong one', async () => {
      const other = '9826100000048';
      const bea = await enrol(house, program, [other]);
      const sent = receipt(program, '17', { card });
      const { position } = await submit(house, sent);
      const before = numberAt(await balance(house, program, ann.account, position), 'available');
      const corrected = await submit(house, { ...sent, revision: 2, card: other }, bea.position);
      expect(corrected.body).toMatchObject({
        outcome: 'awarded',
        account: bea.account,
        earned: 12,
        reversed: 12,
      });
      expect(await available(house, program, bea.account, corrected.position)).toBe(12);
      expect(await available(house, program, ann.account)).toBe(before - 12);
      const none = await submit(house, { ...sent, revision: 3, card: null });
      expect(none.body).toMatchObject({ outcome: 'nothing', reason: 'no-card', reversed: 12 });
      expect(await available(house, program, bea.account, none.position)).toBe(0);
    });

    it('answers a batch per item and in order, whatever is wrong with some of them', async () => {
      const good = receipt(program, '5', { card });
      const elsewhere = receipt('e2e-nowhere', '5', { card });
      const twoOfOne = receipt(program, '6', {
        lines: [line(1, 'tea', '1', '1'), line(1, 'tea', '1', '1')],
      });
      const answer = await house.store('accrual', '/v1/receipts/batch', {
        body: {
          receipts: [
            good,
            { ...good, number: '7', occurredAt: 'yesterday' },
            good,
            elsewhere,
            twoOfOne,
            receipt(program, '8', { lines: [line(1, 'tea', '1', '-5')] }),
            receipt(program, '9'),
            'no receipt at all',
          ],
        },
      });
      expect(answer.status).toBe(200);
      const items = listAt(answer.body, 'items');
      expect(items.map((item) => at(item, 'status'))).toEqual([
        200, 422, 200, 404, 422, 422, 200, 422,
      ]);
      expect(items[0]).toMatchObject({ outcome: { outcome: 'awarded', known: false, earned: 12 } });
      expect(at(items[1], 'problem', 'errors')).toMatchObject([{ field: 'occurredAt' }]);
      expect(items[2]).toMatchObject({ outcome: { known: true, earned: 12 } });
      expect(textAt(items[3], 'problem', 'type')).toMatch(/:program-unknown$/);
      expect(at(items[4], 'problem', 'errors')).toMatchObject([{ field: 'lines.1.ordinal' }]);
      expect(at(items[5], 'problem', 'errors')).toMatchObject([{ field: 'lines.0.amount' }]);
      expect(items[6]).toMatchObject({ outcome: { outcome: 'nothing', reason: 'no-card' } });
    });

    it('takes no empty batch, and none of more than a thousand', async () => {
      const many = Array.from({ length: 1_001 }, (_, index) => receipt(program, `many-${index}`));
      for (const body of [{ receipts: [] }, { receipts: many }, {}]) {
        const answer = await house.store('accrual', '/v1/receipts/batch', { body });
        expect([answer.status, problemOf(answer)]).toEqual([400, 'validation']);
      }
    });

    it('tells every wrong field of a receipt', async () => {
      const answer = await submit(house, {
        ...receipt(program, '10'),
        currency: 'pounds',
        businessDate: '2026-02-30',
      });
      expect([answer.status, problemOf(answer)]).toEqual([422, 'receipt-invalid']);
      const fields = listAt(answer.body, 'errors').map((error) => at(error, 'field'));
      expect(fields.sort()).toEqual(['businessDate', 'currency']);
    });

    it('lets a receipt wait for its card, and claims it when the card is linked', async () => {
      const unknown = '9826100000024';
      const sent = receipt(program, '11', { card: unknown });
      const first = await submit(house, sent);
      expect(first.body).toMatchObject({
        outcome: 'waiting',
        reason: 'card-unknown',
        known: false,
        account: null,
        lines: [{ outcome: 'waiting' }],
      });
      expect((await submit(house, sent)).body).toMatchObject({ outcome: 'waiting', known: true });
      const bea = await enrol(house, program, [unknown]);
      const claimed = await eventually('the receipt is claimed', async () => {
        const found = await whatBecameOf(house, sent);
        return at(found.body, 'outcome') === 'waiting' ? undefined : found.body;
      });
      expect(claimed).toMatchObject({ outcome: 'awarded', account: bea.account, earned: 12 });
      expect(await availableSoon(bea.account, 12)).toBe(12);
    });

    it('links a second card to a member, and claims what waited for it', async () => {
      const second = '9826100000031';
      const sent = receipt(program, '12', { card: second });
      const { position } = await submit(house, sent);
      const before = numberAt(await balance(house, program, ann.account, position), 'available');
      const path = `/v1/members/${program}/${ann.member}/cards`;
      const link = { body: { card: second }, headers: { 'idempotency-key': 'second-card' } };
      const linked = await house.manager('enrollment', path, link);
      expect(linked.status).toBe(201);
      expect((await house.manager('enrollment', path, link)).status).toBe(200);
      expect(await availableSoon(ann.account, before + 12)).toBe(before + 12);
      const taken = await house.manager('enrollment', '/v1/members', {
        body: { program, cards: [second] },
        headers: { 'idempotency-key': 'somebody-else' },
      });
      expect([taken.status, problemOf(taken)]).toEqual([409, 'card-linked-elsewhere']);
    });

    it('keeps a receipt without a card, which earns nothing', async () => {
      const sent = receipt(program, '13');
      const answer = await submit(house, sent);
      expect(answer.body).toMatchObject({ outcome: 'nothing', reason: 'no-card', account: null });
      expect((await whatBecameOf(house, sent)).body).toMatchObject({ reason: 'no-card' });
    });

    it('gives no points for what was paid with points', async () => {
      const sent = receipt(program, '14', {
        card,
        lines: [line(1, 'tea', '1', '20.00')],
        tenders: [
          { kind: 'points', amount: '5.50' },
          { kind: 'cash', amount: '14.50' },
        ],
      });
      expect((await submit(house, sent)).body).toMatchObject({ earned: 14 });
    });

    it('counts two identical lines both', async () => {
      const sent = receipt(program, '15', {
        card,
        lines: [line(1, 'tea', '1', '3.00'), line(2, 'tea', '1', '3.00')],
      });
      expect((await submit(house, sent)).body).toMatchObject({
        earned: 6,
        lines: [{ points: 3 }, { points: 3 }],
      });
    });

    it('knows the same number of another store, till or day as another receipt', async () => {
      const sent = receipt(program, '16', { card });
      const others = [
        sent,
        { ...sent, store: '13' },
        { ...sent, till: '4' },
        { ...sent, businessDate: '2026-05-05' },
        // Joined without care, these two would be one: store 1-2 with till 3, store 1 with till 2-3.
        { ...sent, store: '1-2', till: '3' },
        { ...sent, store: '1', till: '2-3' },
      ];
      for (const other of others)
        expect((await submit(house, other)).body).toMatchObject({ known: false, earned: 12 });
    });

    it('says what is missing of a receipt that never came', async () => {
      const answer = await whatBecameOf(house, receipt(program, 'never'));
      expect([answer.status, problemOf(answer)]).toEqual([404, 'receipt-unknown']);
    });

    const availableSoon = async (account: string, wanted: number): Promise<unknown> =>
      await eventually(`${wanted} points of ${account}`, async () => {
        const answer = await house.manager('reporting', `/v1/accounts/${program}/${account}`);
        const found = at(answer.body, 'available');
        return found === wanted ? found : undefined;
      });
  });
};

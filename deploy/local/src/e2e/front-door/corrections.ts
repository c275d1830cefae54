import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, clientOf, everywhere, expected, listAt, problemOf, textAt } from '../tools/client.js';
import type { Answer, Client } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import { replay } from '../tools/replay.js';
import { balance, enrol, line, publish, receipt, refOf, retried, submit } from './house.js';
import type { House, Member } from './house.js';

/** An account's whole life among corrections: opened with a balance, merged with a hold open, expired, closed. */
export const corrections = (houseOf: () => House): void => {
  describe('corrections', () => {
    const program = 'e2e-corrections';
    const cards = { ann: '9826900000015', bea: '9826900000022' };
    // Counted from today: what is older than the return window is left behind.
    const daysAgo = (days: number): string =>
      new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    const sold = (number: string, days: number, amount: string) =>
      receipt(program, number, {
        ...{
          card: cards.ann,
          businessDate: daysAgo(days),
          occurredAt: `${daysAgo(days)}T12:00:00Z`,
        },
        lines: [line(1, 'tea', '1', amount)],
      });
    const sale = sold('1', 10, '100.00');
    const old = sold('2', 200, '25.00');
    const lapsedOn = daysAgo(150);
    const through = daysAgo(60);
    let house: House;
    let second: Client;
    let ann: Member;
    let bea: Member;
    let hold: string;
    beforeAll(async () => {
      house = houseOf();
      const branch = { sub: 'branch-office', roles: ['manager' as const], ...everywhere };
      second = await clientOf(house.system, branch);
      const published = await publish(house, program, {
        ...{ effectiveFrom: '2020-01-01T00:00:00Z', returns: { windowDays: 30 } },
      });
      ann = await enrol(house, program, [cards.ann], published);
      bea = await enrol(house, program, [cards.bea], published);
      // Awarded, not waiting: accrual has heard of the card.
      await submit(house, sale, bea.position);
      expect((await submit(house, old)).body).toMatchObject({ outcome: 'awarded', earned: 25 });
    });

    const value = (of: Member, after?: string) => balance(house, program, of.account, after);
    const redeem = (key: string, points: number): Promise<Answer> =>
      house.store('redemption', '/v1/redemptions', {
        body: { program, card: cards.ann, points, reference: 'till 3' },
        headers: { 'idempotency-key': key },
        after: bea.position,
      });

    it('begin with what another system kept, once; what of it has lapsed is posted as expired', async () => {
      const dates = { availableAt: '2025-01-01T00:00:00Z', expiresAt: `${lapsedOn}T00:00:00Z` };
      const lots = [{ points: 300 }, { points: 50, ...dates }];
      const items = [{ card: cards.ann, reference: 'crm-17', lots, spend: { 2025: 10_000 } }];
      const all = '/v1/opening-balances';
      const system = 'old-crm';
      const check = await house.manager('accrual', `${all}/pages`, {
        body: { program, system, items },
      });
      const asked = await house.manager('accrual', `${all}/batches`, {
        body: { program, system, name: 'crm.csv', pages: [at(expected(check, 200).body, 'page')] },
      });
      expect(expected(asked, 202).body).toMatchObject({ balances: 1, points: 350, spend: 10_000 });
      const batch = `${all}/batches/${program}/${textAt(asked.body, 'batch')}`;
      const send = () => house.manager('accrual', `${batch}/pages`, { body: { items } });
      const early = await send();
      expect([early.status, problemOf(early)]).toEqual([409, 'balance-batch-not-approved']);
      const approve = { method: 'POST' } as const;
      const own = await house.manager('accrual', `${batch}/approvals`, approve);
      expect([own.status, problemOf(own)]).toEqual([403, 'same-person']);
      expected(await second('accrual', `${batch}/approvals`, approve), 201);
      const first = expected(await send(), 200);
      expect(at(first.body, 'items', 0, 'outcome')).toMatchObject({ points: 350, known: false });
      const again = expected(await send(), 200);
      expect(at(again.body, 'items', 0, 'outcome')).toMatchObject({ points: 350, known: true });
      const seen = await eventually('the clock has posted what lapsed', async () => {
        const found = await value(ann, first.position);
        return at(found, 'lapsed') === 0 ? found : undefined;
      });
      expect(seen).toMatchObject({ available: 425, unspent: 425 });
    });

    it('take two people, and never the same', async () => {
      const asked = await house.manager('accrual', '/v1/adjustments', {
        body: {
          ...{ program, account: ann.account, reason: 'a receipt was lost' },
          change: { kind: 'up', points: 40 },
        },
        headers: { 'idempotency-key': 'corrections-up' },
      });
      const id = textAt(expected(asked, 202).body, 'adjustment');
      const open = await retried(() =>
        second('accrual', `/v1/adjustments?program=${program}`, { after: asked.position }),
      );
      expect(listAt(open.body, 'adjustments').map((one) => at(one, 'adjustment'))).toEqual([id]);
      const path = `/v1/adjustments/${program}/${id}/approvals`;
      const own = await house.manager('accrual', path, { method: 'POST' });
      expect([own.status, problemOf(own)]).toEqual([403, 'same-person']);
      const approved = expected(await second('accrual', path, { method: 'POST' }), 201);
      expect(approved.body).toMatchObject({ status: 'applied', approvedBy: 'branch-office' });
      expect(await value(ann, approved.position)).toMatchObject({ available: 465 });
    });

    it('merge an account with a hold open: the hold is captured, and cards, receipts and returns follow', async () => {
      const held = await house.store('redemption', '/v1/holds', {
        body: { program, card: cards.ann, points: 120, reference: 'web shop' },
        headers: { 'idempotency-key': 'corrections-hold' },
        after: bea.position,
      });
      hold = textAt(expected(held, 201).body, 'hold');
      expect((await redeem('before-the-merge', 5)).status).toBe(201);
      const ask = (reason: string, key: string) =>
        house.manager('accrual', '/v1/merges', {
          body: { program, source: ann.account, target: bea.account, reason },
          headers: { 'idempotency-key': key },
        });
      const asked = expected(await ask('one household', 'corrections-merge'), 202);
      const moves = { points: 340, held: 120, holds: 1, arrears: 0 };
      expect(asked.body).toMatchObject({ status: 'requested', moves, moved: null });
      const path = `/v1/merges/${program}/${textAt(asked.body, 'merge')}/approvals`;
      const own = await house.manager('accrual', path, { method: 'POST' });
      expect([own.status, problemOf(own)]).toEqual([403, 'same-person']);
      const merged = expected(await second('accrual', path, { method: 'POST' }), 201);
      expect(merged.body).toMatchObject({ status: 'applied', moved: moves });
      expect(expected(await ask('one household', 'corrections-merge'), 202).body).toEqual(
        asked.body,
      );
      const told = { status: 'merged', successor: bea.account };
      expect(await value(ann, merged.position)).toMatchObject({ unspent: 0, held: 0, ...told });
      const found = await house.store('enrollment', '/v1/cards/lookup', {
        ...{ body: { program, card: cards.ann }, after: merged.position },
      });
      expect(found.body).toMatchObject({ account: ann.account, successor: bea.account });
      expect(await value(bea, merged.position)).toMatchObject({ available: 340, held: 120 });

      const captured = await house.store('redemption', `/v1/holds/${program}/${hold}/captures`, {
        body: { points: 100 },
        headers: { 'idempotency-key': 'corrections-capture' },
      });
      expect(expected(captured, 201).body).toMatchObject({ account: bea.account, released: 20 });
      const next = await submit(house, sold('3', 1, '10.00'));
      expect(next.body).toMatchObject({ outcome: 'awarded', account: bea.account, earned: 10 });
      const back = await submit(house, {
        ...{ ...sold('4', 0, '0'), card: cards.bea, occurredAt: new Date().toISOString() },
        lines: [line(1, 'tea', '-0.5', '100.00', { original: { ...refOf(sale), ordinal: 1 } })],
      });
      expect(back.body).toMatchObject({ account: bea.account, reversed: 50 });
      const after = await redeem('after-the-merge', 1);
      expect(after.body).toMatchObject({ account: bea.account });
      const gone = await ask('again', 'corrections-merge-again');
      expect([gone.status, problemOf(gone)]).toEqual([409, 'account-merged']);
      expect(await value(bea, after.position)).toMatchObject({ available: 319, held: 0 });
    });

    it('close a period: what was before is still known, and not counted twice', async () => {
      const asked = await house.manager('accrual', '/v1/closings', {
        body: { program, through },
      });
      expected(asked, 202);
      const done = await eventually('the period is closed', async () => {
        const found = await house.manager('accrual', `/v1/closings/${program}/${through}`);
        return at(found.body, 'status') === 'done' ? found.body : undefined;
      });
      expect(done).toMatchObject({ closed: 1, skipped: 1, refused: 0 });
      expect((await submit(house, old)).body).toMatchObject({ earned: 25, known: true });
      expect((await submit(house, sale)).body).toMatchObject({ earned: 100, known: true });
      expect((await redeem('after-the-merge', 1)).status).toBe(201);
      const last = await redeem('after-the-closing', 1);
      expect(expected(last, 201).body).toMatchObject({ account: bea.account, available: 318 });
      expect(await value(bea, last.position)).toMatchObject({ available: 318, unspent: 318 });
      const path = `/v1/accounts/${program}/${bea.account}/statement`;
      const entries = listAt((await house.manager('reporting', path)).body, 'entries');
      const reasons = entries.map((entry) => String(at(entry, 'reason')));
      expect(reasons.some((reason) => reason.startsWith('Period closed through'))).toBe(true);
      expect(reasons.some((reason) => reason.includes('became part of this one'))).toBe(true);
      const before = await house.manager(
        'reporting',
        `/v1/accounts/${program}/${ann.account}/statement`,
      );
      expect(JSON.stringify(before.body)).toContain(`50 points expired, not spent by ${lapsedOn}`);
    });

    it('leave a trial balance of zero, an outcome for every receipt, and views that replay to the same', async () => {
      const report = async (name: string): Promise<unknown> =>
        expected(
          await retried(() => house.auditor('reporting', `/v1/reports/${program}/${name}`)),
          200,
        ).body;
      expect(await report('trial-balance')).toMatchObject({
        ...{ sum: 0, balanced: true, differenceCount: 0 },
      });
      expect(await report('receipts')).toMatchObject({ total: 4, outcomes: { awarded: 4 } });
      expect(await report('summary')).toMatchObject({
        ...{ opening: 350, earned: 135, refunded: 0, adjustedUp: 40, adjustedDown: 0 },
        ...{ redeemed: 107, reversed: 50, expired: 50, inTransit: 0, held: 0, arrears: 0 },
        outstanding: { available: 318, pending: 0, lapsed: 0 },
      });
      expect(await replay(house.ops)).toMatchObject({ status: 'done', equal: true });
    });
  });
};

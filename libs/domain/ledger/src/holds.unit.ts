import { describe, expect, it } from '@jest/globals';
import { Points, accountId } from '@tallystick/kernel';
import {
  adjust,
  at,
  cancel,
  capture,
  captureOf,
  comeBack,
  given,
  holdOf,
  lapse,
  opened,
  receipt,
  release,
  reserve,
  sale,
  send,
  spend,
} from '../fixtures/facts.js';
import { assertEquation, decideReceipt, decideRedeem, valuation, type Account } from './index.js';

describe('a hold', () => {
  const tea = (points: number, expiresAt?: number) =>
    given(
      sale(
        1,
        [{ product: 'tea', points }],
        expiresAt === undefined ? {} : { expiresAt: at(expiresAt) },
      ),
    ).state;

  it('reserves points that nothing else can spend', () => {
    const state = tea(10);
    expect(reserve(state, 1, 7).kind).toBe('held');
    expect(valuation(state, at(2))).toMatchObject({ unspent: 3, available: 3, held: 7 });
    expect(spend(state, 1, 4)).toEqual({ kind: 'insufficient', available: 3 });
    expect(reserve(state, 2, 4)).toEqual({ kind: 'insufficient', available: 3 });
    expect(spend(state, 2, 3).kind).toBe('redeemed');
  });

  it('is reserved once per name, and other content is a conflict', () => {
    const state = tea(10);
    reserve(state, 1, 4);
    expect(reserve(state, 1, 4).kind).toBe('known');
    expect(reserve(state, 1, 5).kind).toBe('conflict');
    expect(reserve(state, 2, 4, 5, 5).kind).toBe('lapsed');
  });

  it('is reserved in spending order, so that what would expire first is spent first', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }]),
      sale(2, [{ product: 'tea', points: 5 }], { expiresAt: at(40) }),
    );
    expect(reserve(state, 1, 7)).toMatchObject({
      event: {
        data: {
          allocations: [
            { lot: `${receipt(2)}#1.0`, points: 5 },
            { lot: `${receipt(1)}#1.0`, points: 2 },
          ],
        },
      },
    });
  });

  it('captured whole is a redemption, which can be refunded once', () => {
    const state = tea(10);
    reserve(state, 1, 7);
    expect(capture(state, 1, 7)).toMatchObject({
      kind: 'captured',
      events: [{ type: 'HoldCaptured' }],
    });
    expect(valuation(state, at(3))).toMatchObject({ available: 3, held: 0 });
    expect(state.totals.redeemed).toBe(7);
    expect(capture(state, 1, 7).kind).toBe('known');
    expect(capture(state, 1, 6).kind).toBe('conflict');
    expect(capture(state, 1, 1, 2, true, 1)).toEqual({ kind: 'closed', status: 'captured' });
  });

  it('captured in part stays reserved for the rest, until a last capture gives back what is left', () => {
    const state = tea(10);
    reserve(state, 1, 7);
    expect(capture(state, 1, 2, 2, false, 1)).toMatchObject({ events: [{ type: 'HoldCaptured' }] });
    expect(valuation(state, at(2))).toMatchObject({ available: 3, held: 5 });
    expect(capture(state, 1, 6, 2, true, 2)).toEqual({ kind: 'exceeds-hold', held: 5 });
    expect(capture(state, 1, 4, 2, true, 3)).toMatchObject({
      events: [
        { type: 'HoldCaptured', data: { points: 4 } },
        { type: 'HoldReleased', data: { points: 1, cause: 'captured-in-part' } },
      ],
    });
    expect(valuation(state, at(2))).toMatchObject({ available: 4, held: 0 });
    expect(release(state, 1)).toEqual({ kind: 'closed', status: 'captured' });
  });

  it('released gives the points back to their lots, once', () => {
    const state = tea(10, 20);
    reserve(state, 1, 7);
    expect(release(state, 1)).toMatchObject({ event: { data: { cause: 'released', points: 7 } } });
    expect(valuation(state, at(19))).toMatchObject({ available: 10, held: 0 });
    expect(valuation(state, at(20))).toMatchObject({ lapsed: 10 });
    expect(release(state, 1).kind).toBe('known');
    expect(release(state, 1, 2, 99)).toEqual({ kind: 'closed', status: 'released' });
    expect(release(state, 7).kind).toBe('unknown-hold');
    expect(capture(state, 7, 1).kind).toBe('unknown-hold');
  });

  it('a hold that lapses while it is captured: one of the two happens, whichever was written first', () => {
    const lapsedFirst = tea(10);
    reserve(lapsedFirst, 1, 7, 1, 10);
    expect(lapse(lapsedFirst, 9)).toEqual([]);
    expect(capture(lapsedFirst, 1, 7, 10)).toEqual({ kind: 'closed', status: 'lapsed' });
    expect(valuation(lapsedFirst, at(9))).toMatchObject({ available: 3, held: 7 });
    expect(valuation(lapsedFirst, at(10))).toMatchObject({ available: 10, held: 0 });
    expect(lapse(lapsedFirst, 10)).toMatchObject([{ data: { cause: 'lapsed', points: 7 } }]);
    expect(capture(lapsedFirst, 1, 7, 9)).toEqual({ kind: 'closed', status: 'lapsed' });
    expect(lapse(lapsedFirst, 11)).toEqual([]);
    expect(valuation(lapsedFirst, at(11))).toMatchObject({ available: 10, held: 0 });

    const capturedFirst = tea(10);
    reserve(capturedFirst, 1, 7, 1, 10);
    expect(capture(capturedFirst, 1, 7, 9).kind).toBe('captured');
    expect(lapse(capturedFirst, 10)).toEqual([]);
    expect(capturedFirst.totals.redeemed).toBe(7);
  });

  it('asked back after its time has lapsed, posted or not', () => {
    const state = tea(10);
    reserve(state, 1, 7, 1, 10);
    expect(release(state, 1, 10)).toEqual({ kind: 'closed', status: 'lapsed' });
    lapse(state, 10);
    expect(release(state, 1, 10)).toEqual({ kind: 'closed', status: 'lapsed' });
  });

  it('can be captured although its lots have expired since: that is what they were reserved for', () => {
    const state = tea(10, 5);
    reserve(state, 1, 7, 1, 10);
    expect(valuation(state, at(6))).toMatchObject({ lapsed: 3, held: 7 });
    expect(capture(state, 1, 5, 6)).toMatchObject({
      events: [{}, { data: { points: 2, arrearsPaid: [] } }],
    });
    expect(valuation(state, at(6))).toMatchObject({ lapsed: 5, available: 0, held: 0 });
  });

  it('is no way round a return: what it gives back pays what the account owes first', () => {
    const state = tea(10);
    reserve(state, 1, 6);
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    assertEquation(state);
    expect(valuation(state, at(3))).toMatchObject({ unspent: 0, held: 6, arrears: 6 });
    release(state, 1);
    expect(valuation(state, at(3))).toMatchObject({ unspent: 0, held: 0, arrears: 0 });
  });

  it('several that lapse at once pay together no more than is owed', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }]),
      sale(2, [{ product: 'pot', points: 4 }]),
    );
    reserve(state, 1, 6, 1, 5);
    reserve(state, 2, 8, 1, 4);
    decideReceipt(state, comeBack(3, [{ product: 'tea', of: 1 }]), at(3));
    expect(valuation(state, at(3))).toMatchObject({ arrears: 10, held: 14 });
    expect(lapse(state, 6).map(({ data }) => data.hold)).toEqual([holdOf(2), holdOf(1)]);
    expect(valuation(state, at(6))).toMatchObject({ available: 4, arrears: 0, held: 0 });
  });

  it('several that lapse are posted in the order in which they lapsed, then by their names', () => {
    const state = tea(10);
    reserve(state, 3, 1, 1, 5);
    reserve(state, 1, 1, 1, 5);
    reserve(state, 4, 1, 1, 5);
    reserve(state, 2, 1, 1, 4);
    reserve(state, 5, 1, 1, 7);
    expect(lapse(state, 6).map(({ data }) => data.hold)).toEqual([2, 1, 3, 4].map(holdOf));
  });

  it('whose lots have lapsed meanwhile pays nothing with them', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(5) }),
      sale(2, [{ product: 'pot', points: 3 }]),
    );
    reserve(state, 1, 12);
    decideReceipt(state, comeBack(3, [{ product: 'tea', of: 1 }]), at(3));
    expect(valuation(state, at(3))).toMatchObject({ unspent: 0, held: 12, arrears: 9 });
    expect(release(state, 1, 6)).toMatchObject({
      event: { data: { points: 12, arrearsPaid: [{ lot: `${receipt(2)}#1.0`, points: 2 }] } },
    });
    expect(valuation(state, at(6))).toMatchObject({ lapsed: 10, available: 0, arrears: 7 });
  });

  it('of nothing, or a capture of nothing, is a mistake of who asks', () => {
    const state = tea(10);
    expect(() => reserve(state, 1, 0)).toThrow('a hold reserves something');
    reserve(state, 1, 5);
    expect(() => capture(state, 1, 0)).toThrow('a capture spends something');
  });

  it('captured in part names the lots of that part alone', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }], { expiresAt: at(40) }),
      sale(2, [{ product: 'tea', points: 5 }]),
    );
    reserve(state, 1, 8);
    const [one, two] = [`${receipt(1)}#1.0`, `${receipt(2)}#1.0`];
    expect(capture(state, 1, 3, 2, false, 1)).toMatchObject({
      events: [{ data: { allocations: [{ lot: one, points: 3 }] } }],
    });
    expect(capture(state, 1, 2, 2, true, 2)).toMatchObject({
      events: [
        { data: { allocations: [{ lot: one, points: 2 }] } },
        { data: { allocations: [{ lot: two, points: 3 }] } },
      ],
    });
  });

  it('a capture that is cancelled gives the same lots back', () => {
    const state = tea(10, 20);
    reserve(state, 1, 7);
    capture(state, 1, 7);
    expect(cancel(state, 1, at(3), 0, captureOf(10)).kind).toBe('refunded');
    expect(valuation(state, at(3))).toMatchObject({ available: 10 });
  });

  describe('whose time is over and is not posted', () => {
    const over = () => {
      const state = tea(10, 30);
      reserve(state, 1, 7, 1, 10);
      return state;
    };

    it('holds nothing: everything can be spent, sent, held and adjusted, and the lapse is posted with it', () => {
      for (const spends of [
        (state: Account) => spend(state, 1, 10, at(10)).kind,
        (state: Account) => reserve(state, 2, 10, 10, 20).kind,
        (state: Account) => send(state, opened(accountId('bob')), 1, 10, at(10)).kind,
        (state: Account) =>
          adjust(state, 1, { kind: 'down', points: Points.points(10) }, at(10)).kind,
      ]) {
        const state = over();
        expect(['redeemed', 'held', 'sent', 'adjusted']).toContain(spends(state));
        expect(state.holds.get(holdOf(1))).toMatchObject({ status: 'lapsed', left: [] });
        expect(state.lots.size).toBe(0);
        expect(lapse(state, 11)).toEqual([]);
      }
    });

    it('gives no more than there is, and who is refused posts nothing', () => {
      const state = over();
      expect(spend(state, 1, 11, at(10))).toEqual({ kind: 'insufficient', available: 10 });
      expect(state.holds.get(holdOf(1))).toMatchObject({ status: 'open' });
    });

    it('is posted for its own moment, whoever posts it and when', () => {
      const [clock, late] = [over(), over()];
      expect(lapse(clock, 10)).toEqual(lapse(late, 25));
      expect(lapse(over(), 25)).toMatchObject([{ data: { occurredAt: at(10) } }]);
    });

    it('changes no balance when it is posted: neither what is available, nor what is owed', () => {
      const state = over();
      decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
      expect(valuation(state, at(9))).toMatchObject({ held: 7, available: 0, arrears: 7 });
      for (const hours of [10, 29, 30, 50]) {
        const before = valuation(state, at(hours));
        const posted = structuredClone(state);
        lapse(posted, hours);
        expect(valuation(posted, at(hours))).toEqual(before);
        expect(before).toMatchObject({ held: 0, available: 0, arrears: 0 });
      }
    });

    it('keeps to the policy under which it was placed', () => {
      const state = tea(10);
      reserve(state, 1, 7, 1, 10, 'paid-in-money');
      decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
      expect(valuation(state, at(10))).toMatchObject({ available: 7, arrears: 7 });
      expect(lapse(state, 10)).toMatchObject([{ data: { arrearsPaid: [] } }]);
      expect(valuation(state, at(10))).toMatchObject({ available: 7, arrears: 7 });
    });

    it('is taken back from by a return, which leaves no debt', () => {
      const state = over();
      const { kind } = decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(10));
      expect(kind).toBe('applied');
      expect(valuation(state, at(10))).toMatchObject({ unspent: 0, held: 0, arrears: 0 });
      expect(state.totals).toMatchObject({ arrearsRaised: 0, reversed: 10 });
    });

    it('is no account to decide on as it is posted: that is a mistake of who asks', () => {
      const command = { redemption: receipt(9), factHash: 'h', points: Points.points(1) };
      const what = { kind: 'discount', reference: 'till' };
      expect(() => decideRedeem(over(), { ...command, ...what }, at(10))).toThrow('is over');
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { Points, accountId } from '@tallystick/kernel';
import {
  adjust,
  at,
  cancel,
  capture,
  comeBack,
  expire,
  givenAs,
  lapse,
  leave,
  opened,
  receive,
  receipt,
  release,
  reserve,
  sale,
  send,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import {
  arrearsOf,
  assertEquation,
  decideMergeIn,
  decideOpen,
  decideReceipt,
  emptyAccount,
  standingOf,
  valuation,
  type Account,
} from './index.js';

const [old, young] = [accountId('old'), accountId('young')];
const merge = (from: Account, to: Account, number = 1, when = at(3), keepFrom = at(-1000)) => {
  const left = leave(from, to, number, when, keepFrom);
  if (left.kind !== 'left') throw new Error(left.kind);
  return { left: left.event.data, taken: takeOver(to, left.event.data, when) };
};
const tea = (number: number, points: number) => sale(number, [{ product: 'tea', points }]);

describe('a merge', () => {
  it('takes all points with their dates, and both sides name each other', () => {
    const from = givenAs(
      old,
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }),
      sale(2, [{ product: 'pot', points: 4 }], { availableAt: at(8) }),
    ).state;
    const to = givenAs(young, tea(3, 5)).state;
    const { left, taken } = merge(from, to);
    expect(left).toMatchObject({ source: old, target: young, unspent: 14, held: 0, arrears: 0 });
    expect(taken).toMatchObject({ event: { data: { source: old, target: young } } });
    expect(valuation(from, at(3))).toMatchObject({ unspent: 0 });
    expect(valuation(to, at(3))).toMatchObject({ available: 15, pending: 4 });
    expect(valuation(to, at(9))).toMatchObject({ available: 9, lapsed: 10 });
  });

  it('leaves an account that refuses to earn and to spend, and names its successor', () => {
    const from = givenAs(old, tea(1, 10)).state;
    spend(from, 1, 1);
    reserve(from, 1, 2);
    const to = opened(young);
    merge(from, to);
    const merged = { kind: 'merged', into: young };
    expect(decideReceipt(from, tea(2, 5), at(4))).toEqual(merged);
    expect(decideReceipt(from, tea(1, 10), at(4))).toEqual(merged);
    const known = { fact: receipt(1), factRevision: 1, factHash: tea(1, 10).factHash };
    expect(standingOf(from, known)).toEqual(merged);
    expect(standingOf(to, known)).toEqual({ kind: 'known' });
    expect(spend(from, 2, 1)).toEqual(merged);
    expect(cancel(from, 1, at(4))).toEqual(merged);
    expect(reserve(from, 2, 1)).toEqual(merged);
    expect(capture(from, 1, 2)).toEqual(merged);
    expect(release(from, 1)).toEqual(merged);
    expect(lapse(from, 99)).toEqual([]);
    expect(expire(from, at(99)).kind).toBe('nothing');
    expect(send(from, to, 1, 1)).toEqual(merged);
    expect(leave(from, to, 2)).toEqual(merged);
    const change = {
      kind: 'up',
      points: Points.points(1),
      funder: 'chain',
      availableAt: at(0),
      expiresAt: null,
    } as const;
    expect(adjust(from, 1, change)).toEqual(merged);
    expect(leave(from, to, 1).kind).toBe('known');
  });

  it('merge of accounts with holds open: they stay open at the successor, and are captured or released there', () => {
    const from = givenAs(old, tea(1, 10)).state;
    reserve(from, 1, 4);
    reserve(from, 2, 3);
    reserve(from, 3, 2);
    const to = opened(young);
    expect(merge(from, to).left).toMatchObject({ unspent: 1, held: 9 });
    expect(valuation(from, at(3))).toMatchObject({ unspent: 0, held: 0 });
    expect(valuation(to, at(3))).toMatchObject({ available: 1, held: 9 });
    expect(capture(to, 1, 4, 4).kind).toBe('captured');
    expect(release(to, 2, 4).kind).toBe('released');
    expect(lapse(to, 10)).toMatchObject([{ data: { points: 2 } }]);
    expect(valuation(to, at(10))).toMatchObject({ available: 6, held: 0 });
  });

  it('takes along what can still come back, and what can still be refunded', () => {
    const from = givenAs(old, tea(1, 10), comeBack(5, [{ product: 'cup' }])).state;
    spend(from, 1, 6);
    const to = givenAs(young, tea(2, 1)).state;
    merge(from, to);
    expect(cancel(to, 1, at(4)).kind).toBe('refunded');
    expect(valuation(to, at(4))).toMatchObject({ available: 11 });
    decideReceipt(to, comeBack(6, [{ product: 'tea', of: 1 }]), at(4));
    assertEquation(to);
    expect(valuation(to, at(4))).toMatchObject({ available: 1 });
    expect(to.spend.get('2026')).toBe(100);
  });

  it('takes debts along, and what either owes is paid from what both have', () => {
    const owing = (id: typeof old, number: number) => {
      const { state } = givenAs(id, tea(number, 10));
      spend(state, number, 10);
      decideReceipt(state, comeBack(number + 50, [{ product: 'tea', of: number }]), at(2));
      expect(arrearsOf(state)).toBe(10);
      return state;
    };
    const rich = givenAs(young, tea(2, 12)).state;
    const poor = owing(old, 1);
    merge(poor, rich);
    expect(valuation(poor, at(4))).toMatchObject({ unspent: 0, arrears: 0 });
    expect(valuation(rich, at(4))).toMatchObject({ available: 2, arrears: 0 });
    const poorer = owing(old, 3);
    const alsoPoor = owing(young, 4);
    merge(poorer, alsoPoor);
    expect(valuation(alsoPoor, at(4))).toMatchObject({ available: 0, arrears: 20 });
  });

  it('pays debts in spending order from what both have: what is available first, then what is pending', () => {
    const owing = () => {
      const { state } = givenAs(old, tea(1, 16));
      spend(state, 1, 16);
      const later = { arrearsPolicy: 'paid-in-money' } as const;
      decideReceipt(state, { ...comeBack(2, [{ product: 'tea', of: 1 }]), ...later }, at(2));
      decideReceipt(state, { ...lot(3, 3, 45), ...later }, at(2));
      return state;
    };
    const lot = (number: number, points: number, expires: number, available = 0) =>
      sale(number, [{ product: 'cup', points }], {
        expiresAt: at(expires),
        availableAt: at(available),
      });
    const rich = () =>
      givenAs(young, lot(4, 5, 90), lot(5, 5, 50), lot(6, 5, 60, 40), lot(7, 5, 2)).state;
    const to = rich();
    const { taken, left } = merge(owing(), to);
    const paid = [
      [3, 3],
      [5, 5],
      [4, 5],
      [6, 3],
    ].map(([number, points]) => ({ lot: `${receipt(number ?? 0)}#1.0`, points }));
    expect(taken).toMatchObject({ event: { data: { side: 'target', arrearsPaid: paid } } });
    expect(valuation(to, at(3))).toMatchObject({ available: 0, pending: 2, lapsed: 5, arrears: 0 });
    for (const policy of ['waived', 'paid-in-money'] as const)
      expect(decideMergeIn(rich(), left, at(3), policy)).toMatchObject({
        event: { data: { arrearsPaid: [] } },
      });
  });

  it('arrives once, at the account that it went to', () => {
    const from = givenAs(old, tea(1, 10)).state;
    const to = opened(young);
    const { left } = merge(from, to);
    expect(takeOver(to, left).kind).toBe('known');
    expect(takeOver(to, { ...left, factHash: 'other' }).kind).toBe('conflict');
    expect(takeOver(opened(accountId('third')), left).kind).toBe('misdirected');
    expect(valuation(to, at(4))).toMatchObject({ available: 10 });
    expect(leave(to, to, 5).kind).toBe('same-account');
    expect(leave(to, from, 6).kind).toBe('same-account');
    expect(leave(emptyAccount(), to, 7).kind).toBe('unopened');
  });

  it('broken off between its two halves, while the successor merges on, ends at the last account', () => {
    const from = givenAs(old, tea(1, 10)).state;
    const [middle, last] = [opened(young), opened(accountId('last'))];
    const left = leave(from, middle, 1);
    merge(middle, last, 2);
    if (left.kind !== 'left') throw new Error(left.kind);
    expect(takeOver(middle, left.event.data)).toEqual({ kind: 'merged', into: 'last' });
    expect(takeOver(last, left.event.data).kind).toBe('absorbed');
    expect(valuation(last, at(4))).toMatchObject({ available: 10 });
  });

  it('of several accounts, one after another, leaves the last as the successor of all', () => {
    const sender = givenAs(accountId('sender'), tea(1, 10)).state;
    const [first, second, last] = [opened(old), opened(young), opened(accountId('last'))];
    const sent = send(sender, first, 1, 7);
    merge(first, second);
    merge(second, last, 2);
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    expect(receive(last, sent.event.data).kind).toBe('received');
    expect([...last.absorbed].sort()).toEqual([old, young]);
    // Whatever the order in which they came, the event names them in one.
    merge(opened(accountId('a-first')), last, 3);
    const { left } = merge(last, opened(accountId('the-end')), 4);
    expect(left.absorbed).toEqual(['a-first', old, young]);
  });

  it('makes a receipt whole whose parts had gone to the two accounts', () => {
    // Receipt 7 sold a pot on one account and returned tea of the other.
    const from = givenAs(old, tea(1, 10)).state;
    const back = comeBack(7, [{ product: 'tea', of: 1 }]);
    decideReceipt(from, back, at(2));
    // The second revision of it returned nothing: what it had taken came again as a lot of its name.
    decideReceipt(from, { ...sale(7, [], { factRevision: 2 }), occurredAt: at(1) }, at(2));
    const to = opened(young);
    decideReceipt(to, sale(7, [{ product: 'pot', points: 6 }], { factRevision: 2 }), at(2));
    merge(from, to);
    expect(valuation(to, at(3))).toMatchObject({ available: 16 });
    expect([...to.lots.keys()]).toEqual([`${receipt(7)}#2.0`, `${receipt(7)}#2.0@${old}`]);
    expect(to.facts.get(receipt(7))?.lots).toEqual([...to.lots.keys()]);
    decideReceipt(to, comeBack(8, [{ product: 'pot', of: 7 }]), at(3));
    assertEquation(to);
    expect(valuation(to, at(3))).toMatchObject({ available: 10 });
  });

  it('leaves behind what is too old to come back, and refuses its late corrections', () => {
    const from = givenAs(
      old,
      tea(1, 10),
      sale(2, [{ product: 'pot', points: 3 }], { occurredAt: at(9) }),
    ).state;
    const to = opened(young);
    merge(from, to, 1, at(10), at(5));
    expect([...to.facts.keys()]).toEqual([receipt(2)]);
    expect(valuation(to, at(10))).toMatchObject({ available: 13 });
    const corrected = sale(1, [{ product: 'tea', points: 20 }], { factRevision: 2 });
    expect(decideReceipt(to, corrected, at(10))).toEqual({
      kind: 'forgotten',
      rememberedFrom: at(5),
    });
  });

  it('remembers from where the one that remembers less does', () => {
    const remembered = (...windows: readonly number[]) => {
      const to = opened(young);
      windows.forEach((from, index) => {
        merge(opened(accountId(`source-${index}`)), to, index, at(90), at(from));
      });
      return to.rememberedFrom;
    };
    expect(remembered(5)).toBe(at(5));
    expect(remembered(5, 9)).toBe(at(9));
    expect(remembered(9, 5)).toBe(at(9));
  });

  it('does not open the source again', () => {
    const from = givenAs(old, tea(1, 10)).state;
    merge(from, opened(young));
    if (from.opened === null) throw new Error('it was opened');
    expect(decideOpen(from, from.opened).kind).toBe('known');
  });
});

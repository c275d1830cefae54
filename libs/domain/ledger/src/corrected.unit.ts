import { describe, expect, it } from '@jest/globals';
import { Exact } from '@tallystick/kernel';
import { at, comeBack, expire, given, receipt, sale, spend } from '../fixtures/facts.js';
import { assertEquation, decideReceipt, valuation, type Account } from './index.js';

const lineOf = (state: Account, number: number, ordinal = 1) =>
  state.facts.get(receipt(number))?.lines.find((line) => line.ordinal === ordinal);
const apply = (state: Account, fact: ReturnType<typeof sale>, when = at(9)) => {
  const decision = decideReceipt(state, fact, when);
  assertEquation(state);
  if (decision.kind !== 'applied') throw new Error(decision.kind);
  return decision.events;
};
const tea = (points: number, quantity = '1') => ({ product: 'tea', points, quantity });
const pot = (points: number, quantity = '1') => ({ product: 'pot', points, quantity });

describe('a return', () => {
  it('takes back the spend that counts for tiers as it takes back points: rounded down in all', () => {
    const { state } = given(sale(1, [tea(10, '3')]));
    const spent = ['2', '3', '4'].map((number) => {
      apply(state, comeBack(number, [{ product: 'tea', of: 1 }]));
      return state.spend.get('2026');
    });
    expect(spent).toEqual([667, 334, 0]);
    expect(lineOf(state, 1)).toMatchObject({ returned: '3', spendReversedMinor: 1000 });
  });

  it('of two sales at one moment is of the one that came last', () => {
    const { state } = given(sale(1, [tea(10)]), sale(2, [tea(30)]), sale(3, [tea(50)]));
    apply(state, comeBack(4, [{ product: 'tea' }]));
    expect(valuation(state, at(9)).available).toBe(40);
    apply(state, comeBack(5, [{ product: 'tea' }]));
    expect(valuation(state, at(9)).available).toBe(10);
  });

  it('forgives what had expired once, and no more than had', () => {
    const { state } = given(sale(1, [tea(10, '2')], { expiresAt: at(5) }));
    spend(state, 1, 5);
    expire(state, at(6));
    const [first, settled] = apply(state, comeBack(2, [{ product: 'tea', of: 1 }]));
    expect(first).toMatchObject({ data: { points: 5, taken: [], arrearsRaised: 5 } });
    expect(settled).toMatchObject({
      data: {
        reason: 'expired-before-its-return',
        expiredReturned: [{ lot: `${receipt(1)}#1.0`, points: 5 }],
      },
    });
    expect(apply(state, comeBack(3, [{ product: 'tea', of: 1 }]))).toHaveLength(1);
    expect(valuation(state, at(9))).toMatchObject({ unspent: 0, arrears: 5 });
  });

  it('names only the lots that something was taken from, and only those that had expired', () => {
    const { state } = given(
      sale(1, [tea(4)], { expiresAt: at(5) }),
      sale(2, [tea(6)]),
      sale(3, [tea(2)]),
    );
    spend(state, 1, 2, at(4));
    expire(state, at(6));
    const lines = [1, 2].map((of) => ({ product: 'tea', of }));
    const [back, settled] = apply(state, comeBack(4, lines));
    // Two had expired; two were spent, and are taken from the third sale.
    expect(back).toMatchObject({
      data: {
        taken: [
          { lot: `${receipt(2)}#1.0`, points: 6 },
          { lot: `${receipt(3)}#1.0`, points: 2 },
        ],
      },
    });
    expect(settled).toMatchObject({
      data: { expiredReturned: [{ lot: `${receipt(1)}#1.0`, points: 2 }] },
    });
  });

  it('takes pending points in spending order, and only what is missing', () => {
    const { state } = given(
      sale(1, [tea(10)]),
      sale(2, [pot(5)], { availableAt: at(50), expiresAt: at(90) }),
      sale(3, [pot(5)], { availableAt: at(50), expiresAt: at(80) }),
      sale(4, [pot(5)], { availableAt: at(50), expiresAt: at(85) }),
    );
    spend(state, 1, 7);
    const [back] = apply(state, comeBack(5, [{ product: 'tea', of: 1 }]));
    expect(back).toMatchObject({
      data: {
        taken: [
          { lot: `${receipt(1)}#1.0`, points: 3 },
          { lot: `${receipt(3)}#1.0`, points: 5 },
          { lot: `${receipt(4)}#1.0`, points: 2 },
        ],
        arrearsRaised: 0,
      },
    });
  });
});

describe('what comes in', () => {
  it('pays what is owed from the first lots, and names no other', () => {
    const { state } = given(sale(1, [tea(10)]));
    spend(state, 1, 10);
    apply(state, comeBack(2, [{ product: 'tea', of: 1 }]));
    const fact = sale(3, [tea(8)]);
    const [lot] = fact.earning.lots;
    if (lot === undefined) throw new Error('it has a lot');
    const lots = ['a', 'b', 'c'].map((id) => ({ ...lot, id }));
    const lines = fact.earning.lines.map((line) => ({
      ...line,
      points: lots.map(({ points }) => points),
    }));
    expect(apply(state, { ...fact, earning: { lots, lines, reason: null } })).toMatchObject([
      {
        data: {
          arrearsPaid: [
            { lot: 'a', points: 8 },
            { lot: 'b', points: 2 },
          ],
        },
      },
    ]);
    expect(valuation(state, at(9))).toMatchObject({ available: 14, arrears: 0 });
    expect(apply(state, sale(4, [tea(1)]))).toMatchObject([{ data: { arrearsPaid: [] } }]);
  });
});

describe('a corrected return', () => {
  it('gives the very line back that it had returned, with its spend', () => {
    const { state } = given(
      sale(1, [pot(4), tea(10)]),
      comeBack(2, [{ product: 'tea', of: 1, ordinal: 2 }]),
    );
    expect(state.spend.get('2026')).toBe(400);
    apply(state, sale(2, [], { factRevision: 2, occurredAt: at(1) }));
    expect(lineOf(state, 1, 1)).toMatchObject({ returned: '0', reversed: [0] });
    expect(lineOf(state, 1, 2)).toMatchObject({
      ...{ returned: '0', reversed: [0], spendReversedMinor: 0 },
    });
    expect(state.spend.get('2026')).toBe(1400);
  });

  it('gives a line back that had earned nothing, so that it can be returned again', () => {
    const { state } = given(
      sale(1, [tea(0)]),
      comeBack(2, [{ product: 'tea', of: 1 }]),
      sale(2, [], { factRevision: 2, occurredAt: at(1) }),
    );
    expect(lineOf(state, 1)?.returned).toBe('0');
  });

  it('leaves the lines alone of a sale that was corrected meanwhile', () => {
    const corrected = (lines: Parameters<typeof sale>[1]) => {
      const { state } = given(
        sale(1, [pot(4), tea(10)]),
        comeBack(2, [{ product: 'tea', of: 1, ordinal: 2 }]),
        sale(1, lines, { factRevision: 2 }),
      );
      const before = structuredClone(state.facts.get(receipt(1)));
      apply(state, sale(2, [], { factRevision: 2, occurredAt: at(1) }));
      expect(state.facts.get(receipt(1))).toEqual(before);
      return valuation(state, at(9)).available;
    };
    // The line is gone, or has other lots; what had been taken back comes again all the same.
    expect(corrected([pot(4)])).toBe(14);
    expect(corrected([pot(4), tea(30)])).toBe(14);
  });

  it('gives back no more of a line than the corrected sale has had returned', () => {
    const { state } = given(
      sale(1, [tea(0, '2')]),
      comeBack(2, [{ product: 'tea', quantity: '2', of: 1 }]),
      sale(1, [tea(0, '1')], { factRevision: 2 }),
      sale(2, [], { factRevision: 2, occurredAt: at(1) }),
    );
    const returned = lineOf(state, 1)?.returned ?? '';
    expect(Exact.isNegative(Exact.exact(returned))).toBe(false);
  });
});

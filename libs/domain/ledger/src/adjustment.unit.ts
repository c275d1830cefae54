import { describe, expect, it } from '@jest/globals';
import { Points, factId, type Instant } from '@tallystick/kernel';
import { account, adjust, at, comeBack, given, opened, sale, spend } from '../fixtures/facts.js';
import {
  arrearsOf,
  assertEquation,
  decideReceipt,
  emptyAccount,
  postings,
  valuation,
  type ArrearsPolicy,
  type Change,
} from './index.js';

const points = (value: number) => Points.points(value);
const up = (value: number, expiresAt: Instant | null = null): Change => ({
  kind: 'up',
  points: points(value),
  availableAt: at(0),
  expiresAt,
  funder: 'chain',
});
const down = (value: number): Change => ({ kind: 'down', points: points(value) });
const payment = { minor: 250, currency: 'GBP', reference: 'invoice 7' };

/** Ten points earned, eight of them spent, all of them to be returned. */
const owing = (arrearsPolicy: ArrearsPolicy = 'next-awards') => {
  const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
  spend(state, 1, 8);
  const decision = decideReceipt(
    state,
    { ...comeBack(2, [{ product: 'tea', of: 1 }]), arrearsPolicy },
    at(3),
  );
  assertEquation(state);
  return { state, decision };
};

describe('an adjustment', () => {
  it('up is a lot with its own dates, down takes in spending order', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    expect(adjust(state, 1, up(5, at(9))).kind).toBe('adjusted');
    expect(valuation(state, at(8))).toMatchObject({ available: 15 });
    expect(valuation(state, at(9))).toMatchObject({ available: 10, lapsed: 5 });
    expect(adjust(state, 2, down(7))).toMatchObject({
      event: { data: { taken: [{ points: 5 }, { points: 2 }] } },
    });
    expect(state.totals).toMatchObject({ adjustedUp: 5, adjustedDown: 7 });
  });

  it('is never asked for and approved by the same person', () => {
    const state = opened();
    for (const name of ['ann', ' Ann ', 'ANN'])
      for (const people of [{ approvedBy: name }, { requestedBy: name, approvedBy: 'ann' }])
        expect(adjust(state, 1, up(5), at(2), people).kind).toBe('same-person');
    expect(state.totals.adjustedUp).toBe(0);
  });

  it('brings no account more than it can hold, whatever has gone out again', () => {
    const state = opened();
    expect(adjust(state, 1, up(Number.MAX_SAFE_INTEGER - 10)).kind).toBe('adjusted');
    adjust(state, 2, down(100));
    expect(adjust(state, 3, up(11)).kind).toBe('beyond-limit');
    expect(adjust(state, 3, up(10)).kind).toBe('adjusted');
    expect(adjust(state, 4, down(1)).kind).toBe('adjusted');
  });

  it('is made once per name, and other content is a conflict', () => {
    const state = opened();
    expect(adjust(state, 1, up(5)).kind).toBe('adjusted');
    expect(adjust(state, 1, up(5)).kind).toBe('known');
    expect(adjust(state, 1, up(6)).kind).toBe('conflict');
    expect(adjust(emptyAccount(), 1, up(5)).kind).toBe('unopened');
  });

  it('says all that it is: what changed, why, and by whom', () => {
    const state = opened();
    const fact = factId('adjustment', '1');
    const decision = adjust(state, 1, up(5, at(9)));
    expect(decision).toEqual({
      kind: 'adjusted',
      event: {
        type: 'PointsAdjusted',
        data: {
          ...{ fact, factHash: JSON.stringify(up(5, at(9))), occurredAt: at(2) },
          ...{ cause: 'correction', direction: 'up', points: 5, reason: 'the till was wrong' },
          authority: { by: 'people', requestedBy: 'ann', approvedBy: 'bob' },
          lots: [
            {
              ...{ id: `${fact}#1.0`, points: 5, rule: 'adjustment', kind: 'bonus' },
              ...{ availableAt: at(0), expiresAt: at(9), funder: 'chain', qualifies: false },
            },
          ],
          ...{ arrearsPaid: [], taken: [], arrearsSettled: 0, expiredReturned: [], payment: null },
        },
      },
    });
    expect(adjust(state, 2, down(2))).toMatchObject({
      event: { data: { cause: 'correction', direction: 'down', points: 2, lots: [] } },
    });
  });

  it('of nothing is a mistake of who asks', () => {
    expect(() => adjust(opened(), 1, up(0))).toThrow('an adjustment changes something');
  });

  it('down takes pending points last, and what is not there it does not take', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 4 }], { availableAt: at(9) }),
      sale(2, [{ product: 'tea', points: 3 }], { expiresAt: at(1) }),
      sale(3, [{ product: 'tea', points: 2 }]),
    );
    expect(adjust(state, 1, down(7))).toEqual({ kind: 'insufficient', there: 6 });
    adjust(state, 2, down(3));
    expect(valuation(state, at(2))).toMatchObject({ pending: 3, available: 0, lapsed: 3 });
  });

  it('up pays what the account owes first', () => {
    const { state } = owing();
    adjust(state, 1, up(10));
    expect(valuation(state, at(3))).toMatchObject({ available: 2, arrears: 0 });
  });
});

describe('arrears', () => {
  it('are paid by the next awards, unless the programme says otherwise', () => {
    const { state } = owing();
    decideReceipt(state, sale(3, [{ product: 'pot', points: 20 }]), at(4));
    expect(valuation(state, at(4))).toMatchObject({ available: 12, arrears: 0 });
  });

  it('are waived as they arise where that is the policy: an adjustment up', () => {
    const { state, decision } = owing('waived');
    expect(decision).toMatchObject({
      events: [
        { type: 'EarnReversed', data: { arrearsRaised: 8 } },
        {
          type: 'PointsAdjusted',
          data: { direction: 'up', points: 8, arrearsSettled: 8, reason: 'arrears-are-waived' },
        },
      ],
    });
    expect(arrearsOf(state)).toBe(0);
    expect(state.totals).toMatchObject({ adjustedUp: 8, arrearsPaid: 8 });
  });

  it('are not waived where none arise', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    const fact = { ...comeBack(2, [{ product: 'tea', of: 1 }]), arrearsPolicy: 'waived' } as const;
    expect(decideReceipt(state, fact, at(3))).toMatchObject({ events: [{ type: 'EarnReversed' }] });
    expect(state.totals.adjustedUp).toBe(0);
  });

  it('stay until they are paid in money where that is the policy', () => {
    const arrearsPolicy = 'paid-in-money';
    const { state } = owing(arrearsPolicy);
    const next = { ...sale(3, [{ product: 'pot', points: 20 }]), arrearsPolicy } as const;
    decideReceipt(state, next, at(4));
    expect(valuation(state, at(4))).toMatchObject({ available: 20, arrears: 8 });
    const change = { kind: 'arrears-paid-in-money', points: points(8), payment } as const;
    const decision = adjust(state, 1, change);
    expect(decision).toMatchObject({
      event: { data: { cause: 'arrears-paid-in-money', payment } },
    });
    expect(valuation(state, at(4))).toMatchObject({ available: 20, arrears: 0 });
    expect(decision.kind === 'adjusted' && postings(account, decision.event)).toEqual([
      { account: 'adjusted', points: -8 },
      { account: `member/${account}/arrears`, points: 8 },
    ]);
  });

  it('are waived by two people, in part or whole, and never more than there are', () => {
    const { state } = owing();
    expect(adjust(state, 1, { kind: 'waive-arrears', points: points(9) })).toEqual({
      kind: 'exceeds-arrears',
      arrears: 8,
    });
    expect(adjust(state, 2, { kind: 'waive-arrears', points: points(3) })).toMatchObject({
      event: { data: { cause: 'arrears-waived', direction: 'up', payment: null } },
    });
    expect(arrearsOf(state)).toBe(5);
    adjust(state, 3, { kind: 'waive-arrears', points: points(5) });
    expect(arrearsOf(state)).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Points } from '@tallystick/kernel';
import { at, comeBack, given, receipt, sale, spend } from '../fixtures/facts.js';
import {
  assertEquation,
  decideReceipt,
  equationOf,
  valuation,
  type Account,
  type EarnReversed,
} from './index.js';

const tea = { product: 'tea', points: 10 };
const pot = { product: 'pot', points: 4 };
const returned = (state: Account, fact: ReturnType<typeof comeBack>): EarnReversed['data'] => {
  const decision = decideReceipt(state, fact, at(9));
  assertEquation(state);
  const event = decision.kind === 'applied' ? decision.events.at(-1) : undefined;
  if (event?.type !== 'EarnReversed') throw new Error('it is a return');
  return event.data;
};

describe('the sale that a return is matched to', () => {
  it('is, where it is named without a line, any of its lines of that product', () => {
    const { state } = given(sale(1, [pot, tea, tea]));
    const { reversals, unmatched } = returned(
      state,
      comeBack(2, [{ product: 'tea', quantity: '2', of: 1 }]),
    );
    expect(reversals).toMatchObject([{ ordinal: 2 }, { ordinal: 3 }]);
    expect(unmatched).toEqual([]);
    const line = { product: 'tea', of: 1, ordinal: 1 };
    expect(returned(state, comeBack(3, [line])).reversals).toMatchObject([{ ordinal: 1 }]);
  });

  it('is none for a return without a card that names none', () => {
    const { state } = given(sale(1, [tea], { card: null }));
    expect(returned(state, comeBack(2, [{ product: 'tea' }], { card: null }))).toMatchObject({
      reversals: [],
      unmatched: [{ ordinal: 1, product: 'tea', quantity: '1' }],
    });
  });

  it('is never the receipt that returns', () => {
    const { state } = given();
    const exchange = { ...sale(1, [tea]), returns: comeBack(1, [{ product: 'tea' }]).returns };
    expect(returned(state, exchange)).toMatchObject({ reversals: [], unmatched: [{}] });
    expect(valuation(state, at(9)).available).toBe(10);
  });

  it('is from the first moment of the return window to the moment of the return', () => {
    const matched = (sold: number, from: number, to: number) => {
      const { state } = given(sale(1, [tea], { occurredAt: at(sold) }));
      const terms = { occurredAt: at(to), returnsNotBefore: at(from) };
      return returned(state, comeBack(2, [{ product: 'tea' }], terms)).reversals.length;
    };
    expect([matched(4, 5, 8), matched(5, 5, 8), matched(8, 5, 8), matched(9, 5, 8)]).toEqual([
      0, 1, 1, 0,
    ]);
  });

  it('is the newest that holds some, line by line, through several lines of one return', () => {
    const { state } = given(
      sale(1, [tea, { ...tea, quantity: '2' }], { occurredAt: at(0) }),
      sale(2, [pot], { occurredAt: at(1) }),
      sale(3, [tea], { occurredAt: at(2) }),
    );
    const lines = [
      { product: 'tea', quantity: '1.5' },
      { product: 'tea', quantity: '2' },
      { product: 'tea', quantity: '3' },
    ];
    const data = returned(state, comeBack(4, lines, { occurredAt: at(3) }));
    expect(
      data.reversals.map(({ fact, ordinal, quantity, points, returnedBy }) => [
        ...[fact, ordinal, quantity, points, returnedBy],
      ]),
    ).toEqual([
      [receipt(3), 1, '1', 10, 1],
      [receipt(1), 1, '0.5', 5, 1],
      [receipt(1), 1, '0.5', 5, 2],
      [receipt(1), 2, '1.5', 7, 2],
      [receipt(1), 2, '0.5', 3, 3],
    ]);
    expect(data.unmatched).toEqual([{ ordinal: 3, product: 'tea', quantity: '2.5' }]);
    expect(valuation(state, at(9)).available).toBe(4);
  });

  it('gives no lot that nothing comes from, and a corrected line that has come back whole takes nothing more', () => {
    const cheap = { product: 'tea', points: 1, quantity: '3' };
    const { state } = given(sale(1, [cheap]));
    expect(returned(state, comeBack(2, [{ product: 'tea', of: 1 }])).reversals).toMatchObject([
      { points: 0, lots: [], quantity: '1' },
    ]);
    returned(state, comeBack(3, [{ product: 'tea', quantity: '2', of: 1 }]));
    const decision = decideReceipt(state, sale(1, [pot], { factRevision: 2 }), at(9));
    expect(decision).toMatchObject({ events: [{ type: 'PointsEarned' }] });
  });
});

describe('the account’s equation', () => {
  it('is broken by a point that nobody wrote', () => {
    const { state } = given(sale(1, [tea]));
    spend(state, 1, 4);
    expect(equationOf(state)).toEqual({ cameIn: 10, isThereOrWentOut: 10 });
    state.totals.redeemed = Points.points(5);
    expect(equationOf(state)).toEqual({ cameIn: 10, isThereOrWentOut: 11 });
    expect(() => {
      assertEquation(state);
    }).toThrow('account a-1: 10 came in, 11 are there or went out');
    state.opened = null;
    expect(() => {
      assertEquation(state);
    }).toThrow('account ?: 10');
  });

  it('holds no account that has paid more than it owed', () => {
    const { state } = given(sale(1, [tea]));
    state.totals.arrearsPaid = Points.points(1);
    state.totals.adjustedUp = Points.points(1);
    expect(() => {
      assertEquation(state);
    }).toThrow('arrears are never negative');
  });
});

describe('the order of spending', () => {
  it('is soonest-expiring first, then oldest, then by id', () => {
    const lot = (number: number, expires: number | null, available: number) =>
      sale(number, [{ product: 'tea', points: 1 }], {
        availableAt: at(available),
        ...(expires === null ? {} : { expiresAt: at(expires) }),
      });
    const facts = [
      lot(7, null, 0),
      lot(4, 50, 1),
      lot(6, null, -1),
      lot(3, 50, 0),
      lot(2, 50, 0),
      lot(8, null, 0),
      lot(1, 40, 1),
      lot(5, 60, -2),
    ];
    const inOrder = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `${receipt(number)}#1.0`);
    for (const order of [facts, facts.toReversed(), facts.slice(4).concat(facts.slice(0, 4))]) {
      const decision = spend(given(...order).state, 1, 8);
      if (decision.kind !== 'redeemed') throw new Error(decision.kind);
      expect(decision.event.data.allocations.map(({ lot: id }) => id)).toEqual(inOrder);
    }
  });

  it('values all that there is at one instant', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 1 }], { expiresAt: at(5) }),
      sale(2, [{ product: 'tea', points: 2 }]),
      sale(3, [{ product: 'tea', points: 4 }], { availableAt: at(9) }),
    );
    expect(valuation(state, at(5))).toEqual({
      ...{ unspent: 7, pending: 4, available: 2, lapsed: 1, held: 0, arrears: 0 },
    });
  });
});

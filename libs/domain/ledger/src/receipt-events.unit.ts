import { describe, expect, it } from '@jest/globals';
import { at, comeBack, given, opened, receipt, sale, spend } from '../fixtures/facts.js';
import {
  assertEquation,
  decideReceipt,
  emptyAccount,
  type Account,
  type ReceiptEvent,
} from './index.js';

type Fact = ReturnType<typeof sale>;
const tea = { product: 'tea', points: 10 };
const pot = { product: 'pot', points: 4 };
const cup = { product: 'cup', points: 0 };

const eventsOf = (state: Account, fact: Fact): readonly ReceiptEvent[] => {
  const decision = decideReceipt(state, fact, at(9));
  assertEquation(state);
  if (decision.kind !== 'applied') throw new Error(decision.kind);
  return decision.events;
};
/** `EarnReversed correction`, `PointsEarned` */
const told = (state: Account, fact: Fact): string[] =>
  eventsOf(state, fact).map(({ type, data }) => ('cause' in data ? `${type} ${data.cause}` : type));
const returning = (fact: Fact, ...products: readonly string[]): Fact => ({
  ...fact,
  returns: comeBack(
    0,
    products.map((product) => ({ product })),
  ).returns,
});

describe('the events of a receipt', () => {
  const sold = () => given(sale(1, [tea, pot])).state;

  it('that sells, that returns, and that does both', () => {
    expect(told(sold(), sale(2, [tea]))).toEqual(['PointsEarned']);
    expect(told(sold(), returning(sale(2, [tea]), 'pot'))).toEqual([
      'PointsEarned',
      'EarnReversed return',
    ]);
    expect(told(sold(), comeBack(2, [{ product: 'pot' }]))).toEqual(['EarnReversed return']);
  });

  it('that neither sells nor returns is remembered all the same', () => {
    expect(eventsOf(sold(), sale(2, []))).toMatchObject([
      { type: 'PointsEarned', data: { points: 0, reason: 'below-one-point', lots: [], lines: [] } },
    ]);
  });

  it('that sold only what earns nothing, or earned without lines, and returned something', () => {
    const both = ['PointsEarned', 'EarnReversed return'];
    expect(told(sold(), returning(sale(2, [cup]), 'pot'))).toEqual(both);
    const lots = sale(2, [tea]).earning.lots;
    const bonus = { ...sale(2, []), earning: { lots, lines: [], reason: null } };
    expect(told(sold(), bonus)).toEqual(['PointsEarned']);
    expect(told(sold(), returning(bonus, 'pot'))).toEqual(both);
  });

  it('says why nothing was earned, and only then', () => {
    const [earned] = eventsOf(opened(), sale(1, [tea]));
    expect(earned).toMatchObject({ data: { points: 10, reason: null } });
    const fact = sale(2, [tea]);
    const reasoned = { ...fact, earning: { ...fact.earning, reason: 'a leftover' } };
    expect(eventsOf(opened(), reasoned)).toMatchObject([{ data: { points: 10, reason: null } }]);
    const nothing = { ...sale(3, [cup]), earning: { ...sale(3, [cup]).earning, reason: 'free' } };
    expect(eventsOf(opened(), nothing)).toMatchObject([{ data: { points: 0, reason: 'free' } }]);
  });

  it('of an account that is not open are a mistake of who asks', () => {
    expect(() => decideReceipt(emptyAccount(), sale(1, [tea]), at(9))).toThrow(
      'an account is opened before it earns',
    );
  });
});

describe('the events of a corrected receipt', () => {
  const revised = (number: number, lines: Parameters<typeof sale>[1]) =>
    sale(number, lines, { factRevision: 2 });

  it('take back, and give anew', () => {
    const { state } = given(sale(1, [tea]));
    expect(eventsOf(state, revised(1, [pot]))).toMatchObject([
      { type: 'EarnReversed', data: { cause: 'correction', points: 10, unmatched: [] } },
      { type: 'PointsEarned', data: { points: 4 } },
    ]);
  });

  it('take back nothing where nothing was sold', () => {
    const { state } = given(comeBack(1, [{ product: 'tea' }]));
    expect(told(state, revised(1, [pot]))).toEqual(['PointsEarned']);
    const empty = given(sale(1, [])).state;
    expect(told(empty, revised(1, [pot]))).toEqual(['PointsEarned']);
  });

  it('take back again what had come back of the same line and product, and of no other', () => {
    const returned = () =>
      given(sale(1, [pot, tea]), comeBack(2, [{ product: 'tea', of: 1, ordinal: 2 }])).state;
    expect(eventsOf(returned(), revised(1, [cup, { ...tea, points: 30 }]))).toMatchObject([
      { type: 'EarnReversed', data: { cause: 'correction', points: 4 } },
      { type: 'PointsEarned', data: { points: 30 } },
      {
        type: 'EarnReversed',
        data: {
          ...{ cause: 'correction', points: 30, unmatched: [] },
          reversals: [{ fact: receipt(1), ordinal: 2, quantity: '1' }],
        },
      },
    ]);
    const again = ['EarnReversed correction', 'PointsEarned'];
    // Tea is another line now, or the line is another product's.
    expect(told(returned(), revised(1, [tea, pot]))).toEqual(again);
    expect(told(returned(), revised(1, [tea]))).toEqual(again);
    expect(told(returned(), revised(1, [pot, { ...cup, points: 6 }]))).toEqual(again);
  });

  it('of a receipt that now only returns, or returns no more', () => {
    const { state } = given(sale(1, [tea]), sale(2, [pot]));
    const back = { ...comeBack(2, [{ product: 'tea', of: 1 }]), factRevision: 2 };
    const whole = ['EarnReversed correction', 'PointsEarned', 'EarnReversed return'];
    expect(told(state, back)).toEqual(whole);
    const third = sale(2, [pot], { factRevision: 3 });
    expect(eventsOf(state, third)).toMatchObject([
      {
        type: 'PointsEarned',
        data: { points: 14, lots: [{ points: 4 }, { points: 10 }], lines: [{ points: [4] }] },
      },
    ]);
  });

  it('give every lot that comes back a name of its own', () => {
    const { state } = given(
      sale(1, [tea]),
      sale(3, [tea]),
      sale(4, [pot]),
      comeBack(2, [
        { product: 'tea', of: 1 },
        { product: 'tea', of: 3 },
        { product: 'pot', of: 4 },
      ]),
    );
    const [earned] = eventsOf(state, revised(2, [pot]));
    expect(earned).toMatchObject({
      data: { lots: [0, 1, 2, 3].map((ordinal) => ({ id: `${receipt(2)}#2.${ordinal}` })) },
    });
  });

  it('are refused for what is older than the account remembers, to the moment', () => {
    const { state } = given(sale(1, [tea]));
    state.rememberedFrom = at(5);
    const late = (hours: number) =>
      decideReceipt(state, sale(7, [pot], { factRevision: 2, occurredAt: at(hours) }), at(9)).kind;
    expect(late(4)).toBe('forgotten');
    expect(late(5)).toBe('applied');
  });
});

describe('spending nothing', () => {
  it('takes nothing, and less than nothing is a mistake of who asks', () => {
    const { state } = given(sale(1, [tea]));
    expect(spend(state, 1, 0)).toMatchObject({ kind: 'redeemed', event: { data: { points: 0 } } });
    expect(() => spend(state, 2, -1)).toThrow('points to spend are not negative');
  });
});

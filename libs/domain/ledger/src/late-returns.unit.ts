import { describe, expect, it } from '@jest/globals';
import { accountId } from '@tallystick/kernel';
import {
  at,
  comeBack,
  given,
  leave,
  opened,
  receipt,
  reserve,
  sale,
  spend,
} from '../fixtures/facts.js';
import {
  assertEquation,
  decideLateReturns,
  decideReceipt,
  valuation,
  type Account,
  type RatedFact,
} from './index.js';

const tea = { product: 'tea', points: 10 };
const pot = { product: 'pot', points: 4 };
const apply = (state: Account, fact: RatedFact, when = at(9)) => {
  const decision = decideReceipt(state, fact, when);
  assertEquation(state);
  if (decision.kind !== 'applied') throw new Error(decision.kind);
  return decision.events;
};
const late = (
  state: Account,
  fact: RatedFact,
  applied: Parameters<typeof decideLateReturns>[3] = state.facts.get(fact.fact),
) => {
  const events = decideLateReturns(state, fact, at(9), applied);
  assertEquation(state);
  return events;
};
const worth = (state: Account) => {
  const { available, arrears } = valuation(state, at(9));
  return [available, arrears];
};

describe('a return that came before the sale that it names', () => {
  const back = (quantity = '1', rest: Partial<RatedFact> = {}) =>
    comeBack(2, [{ product: 'tea', of: 1, quantity }], rest);

  it('takes it back when that comes, once', () => {
    const { state } = given(back(), sale(1, [tea]));
    expect(worth(state)).toEqual([10, 0]);
    expect(late(state, back())).toMatchObject([
      {
        type: 'EarnReversed',
        data: {
          ...{ fact: receipt(2), factRevision: 1, cause: 'return', points: 10, unmatched: [] },
          reversals: [{ fact: receipt(1), ordinal: 1, returnedBy: 1 }],
        },
      },
    ]);
    expect(worth(state)).toEqual([0, 0]);
    expect(late(state, back())).toEqual([]);
  });

  it('takes back what it could not before, where the sale is corrected to more', () => {
    const { state } = given(sale(1, [{ ...tea, quantity: '1' }]), back('3'));
    const more = sale(1, [{ ...tea, points: 50, quantity: '5' }], { factRevision: 2 });
    apply(state, more);
    const [event] = late(state, back('3'));
    expect(event).toMatchObject({ data: { points: 20, reversals: [{ quantity: '2' }] } });
    expect(worth(state)).toEqual([20, 0]);
    expect(late(state, back('3'))).toEqual([]);
  });

  it('finds nothing by another revision, where the account has not heard of it, or is another’s', () => {
    const { state } = given(back(), sale(1, [tea]));
    expect(late(state, back('1', { factRevision: 2 }))).toEqual([]);
    expect(late(given(sale(1, [tea])).state, back())).toEqual([]);
    leave(state, opened(accountId('other')), 1);
    expect(late(state, back(), { revision: 1, reversals: [] })).toEqual([]);
  });

  it('takes it back though the account has forgotten the return, as far as that had taken nothing', () => {
    const { state } = given(sale(1, [{ ...tea, quantity: '2' }]));
    expect(late(state, back(), { revision: 2, reversals: [] })).toEqual([]);
    expect(late(state, back(), { revision: 1, reversals: [] })).toHaveLength(1);
    expect(worth(state)).toEqual([5, 0]);
  });

  it('that names none is matched once, when it comes', () => {
    const nameless = comeBack(2, [{ product: 'tea' }]);
    const { state } = given(nameless, sale(1, [tea]));
    expect(late(state, nameless)).toEqual([]);
    expect(worth(state)).toEqual([10, 0]);
  });

  it('has what holds had reserved until then, and owes the rest by the policy', () => {
    const owing = (arrearsPolicy: RatedFact['arrearsPolicy']) => {
      const { state } = given(back(), sale(1, [tea]));
      spend(state, 1, 6, at(2));
      reserve(state, 1, 3, 2, 5);
      const events = late(state, { ...back(), ...(arrearsPolicy && { arrearsPolicy }) });
      return [events.map(({ type }) => type), worth(state)];
    };
    const posted = ['HoldReleased', 'EarnReversed'];
    expect(owing(undefined)).toEqual([posted, [0, 6]]);
    expect(owing('waived')).toEqual([
      [...posted, 'PointsAdjusted'],
      [0, 0],
    ]);
  });
});

describe('lines of a receipt that had nowhere to go', () => {
  const back = comeBack(2, [{ product: 'tea', of: 1 }]);
  const sells = { ...back, ...sale(2, [pot], { occurredAt: at(1) }), factHash: back.factHash };

  it('are added to what the account has of it, which stays', () => {
    const { state } = given(sale(1, [tea]), back);
    expect(decideReceipt(state, sells, at(9)).kind).toBe('known');
    expect(apply(state, { ...sells, adds: true })).toMatchObject([
      { type: 'PointsEarned', data: { points: 4, adds: true, reinstated: [] } },
    ]);
    expect(worth(state)).toEqual([4, 0]);
    expect(state.facts.get(receipt(2))).toMatchObject({
      reversals: [{ fact: receipt(1), product: 'tea' }],
      lines: [{ product: 'pot' }],
    });
    // Who corrects it then corrects all of it.
    apply(state, sale(2, [], { factRevision: 2, occurredAt: at(1) }));
    expect(worth(state)).toEqual([10, 0]);
  });

  it('are returned ones as well, and leave what it had sold', () => {
    const { state } = given(sale(1, [tea]), { ...sells, returns: [] });
    const events = apply(state, { ...back, adds: true });
    expect(events).toMatchObject([{ type: 'EarnReversed', data: { cause: 'return', points: 10 } }]);
    expect(worth(state)).toEqual([4, 0]);
    expect(state.facts.get(receipt(2))?.lines).toMatchObject([{ product: 'pot', returned: '0' }]);
  });

  it('of another content, or of an older revision, are not', () => {
    const { state } = given(sale(1, [tea]), back);
    const other = decideReceipt(state, { ...sells, factHash: 'other', adds: true }, at(9));
    expect(other).toEqual({ kind: 'conflict', hash: back.factHash });
    apply(state, { ...back, factRevision: 3 });
    expect(decideReceipt(state, { ...sells, adds: true }, at(9))).toEqual({
      ...{ kind: 'superseded', revision: 3 },
    });
  });

  it('come once where they were sold: a second part of these is a mistake of who asks', () => {
    const { state } = given(sells);
    expect(() => decideReceipt(state, { ...sells, adds: true }, at(9))).toThrow(
      `the sold lines of ${receipt(2)} come together`,
    );
  });

  it('of a revision that had left nothing here have nothing of it taken back', () => {
    const { state } = given(
      sale(2, [pot], { occurredAt: at(1) }),
      { ...back, factRevision: 2 },
      { ...sells, factRevision: 2, adds: true },
    );
    expect(worth(state)).toEqual([4, 0]);
  });
});

describe('lines that a correction brings from another account', () => {
  const packets = (factRevision: number, rest: Partial<RatedFact> = {}) =>
    sale(1, [{ ...tea, points: 40, quantity: '4' }], { factRevision, ...rest });
  const came = (returned: string, product = 'tea', ordinal = 1) => ({
    ...{ ordinal, product, returned },
  });
  const brought = (...cameBackElsewhere: readonly ReturnType<typeof came>[]) =>
    packets(2, { cameBackElsewhere });
  const after = (...facts: readonly RatedFact[]) => worth(given(...facts).state)[0];

  it('bring along what of them had come back there, of the same line and product', () => {
    expect(after(brought())).toBe(40);
    expect(after(brought(came('3')))).toBe(10);
    expect(after(brought(came('1'), came('0.5')))).toBe(25);
    expect(after(brought(came('3', 'pot'), came('3', 'tea', 2)))).toBe(40);
    expect(after(brought(came('9')))).toBe(0);
    expect(after(packets(1, { cameBackElsewhere: [came('3')] }))).toBe(40);
  });

  it('lose what came back there or here, whichever is more', () => {
    const returned = (quantity: string) => comeBack(2, [{ product: 'tea', of: 1, quantity }]);
    expect(after(packets(1), returned('2'), brought(came('1')))).toBe(20);
    expect(after(packets(1), returned('1'), brought(came('2')))).toBe(20);
    expect(after(packets(1), returned('1'), brought(came('1')))).toBe(30);
  });

  it('keep that through the next correction, beside what receipts return here', () => {
    const here = (quantity: string) => comeBack(2, [{ product: 'tea', of: 1, quantity }]);
    expect(after(brought(came('1')), packets(3))).toBe(30);
    expect(after(brought(came('1')), here('2'), packets(3))).toBe(10);
    expect(after(brought(came('4')), here('1'), packets(3))).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { at, comeBack, expire, given, opened, receipt, sale, spend } from '../fixtures/facts.js';
import { runs } from '../fixtures/runs.js';
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

  it('gives back what the sale earns now, where that one was corrected meanwhile', () => {
    const corrected = (...sales: readonly Parameters<typeof sale>[1][]) => {
      const { state } = given(
        sale(1, [pot(4), tea(10)]),
        comeBack(2, [{ product: 'tea', of: 1, ordinal: 2 }]),
        ...sales.map((lines, index) => sale(1, lines, { factRevision: index + 2 })),
      );
      apply(state, sale(2, [], { factRevision: 2, occurredAt: at(1) }));
      return [
        valuation(state, at(9)).available,
        state.spend.get('2026'),
        state.facts.get(receipt(1))?.lines.map(({ returned }) => returned),
      ];
    };
    expect(corrected([pot(4), tea(30)])).toEqual([34, 3400, ['0', '0']]);
    expect(corrected([pot(4), tea(0)])).toEqual([4, 400, ['0', '0']]);
    // The line is gone, or another one stands there.
    expect(corrected([pot(4)])).toEqual([4, 400, ['0']]);
    expect(corrected([pot(4), pot(7)])).toEqual([11, 1100, ['0', '0']]);
    expect(corrected([pot(4)], [pot(5), tea(6)])).toEqual([11, 1100, ['0', '0']]);
  });

  it('that returns a part now gives the rest back, of what the sale earns now', () => {
    const { state } = given(
      sale(1, [tea(9, '3')]),
      comeBack(2, [{ product: 'tea', quantity: '3', of: 1 }]),
      sale(1, [tea(30, '3')], { factRevision: 2 }),
    );
    expect(valuation(state, at(9)).unspent).toBe(0);
    apply(state, comeBack(2, [{ product: 'tea', quantity: '1', of: 1 }], { factRevision: 2 }));
    expect(valuation(state, at(9)).available).toBe(20);
  });

  it('leaves its place to another return that the corrected sale had no room for', () => {
    const { state } = given(
      sale(1, [tea(10, '2')]),
      comeBack(2, [{ product: 'tea', of: 1 }]),
      comeBack(3, [{ product: 'tea', of: 1 }]),
      sale(1, [tea(6, '1')], { factRevision: 2 }),
    );
    const balance = () => valuation(state, at(9)).available;
    expect(balance()).toBe(0);
    apply(state, sale(2, [], { factRevision: 2, occurredAt: at(1) }));
    expect([balance(), lineOf(state, 1)?.returned]).toEqual([0, '1']);
    apply(state, sale(3, [], { factRevision: 2, occurredAt: at(1) }));
    expect([balance(), lineOf(state, 1)?.returned]).toEqual([6, '0']);
  });

  it('of its own sale gives nothing back: what that one earned is gone with it', () => {
    const own = (revision: number, points: number, ordinals: readonly number[]) => ({
      ...sale(1, [tea(points)], { factRevision: revision }),
      returns: ordinals.map((ordinal) => ({
        ...{ ordinal: 9, product: 'tea', quantity: '1' },
        original: { fact: receipt(1), ordinal },
      })),
    });
    const { state } = given(own(1, 10, [1]));
    apply(state, own(2, 7, []));
    expect(valuation(state, at(9))).toMatchObject({ available: 7, arrears: 0 });
  });

  it('gives back no more of a line than the corrected sale has had returned', () => {
    const { state } = given(
      sale(1, [tea(0, '2')]),
      comeBack(2, [{ product: 'tea', quantity: '2', of: 1 }]),
      sale(1, [tea(0, '1')], { factRevision: 2 }),
      sale(2, [], { factRevision: 2, occurredAt: at(1) }),
    );
    expect(lineOf(state, 1)?.returned).toBe('0');
  });
});

describe('a sale and its returns, each corrected again and again', () => {
  const quantity = fc.constantFrom('1', '2', '0.5');
  const version = fc.record({
    // The lines hold whatever three receipts return of them.
    lines: fc.tuple(
      ...['tea', 'pot'].map((product) =>
        fc.record({
          ...{ product: fc.constant(product), points: fc.nat(40) },
          quantity: fc.constantFrom('6', '7', '10'),
        }),
      ),
    ),
    returned: fc.array(fc.record({ quantity, ordinal: fc.constantFrom(1, 2) }), { maxLength: 1 }),
  });
  /** 0 is the sale, 1 to 3 are returns; what each says first, then corrections of any of them. */
  const deliveries = fc.record({
    first: fc.tuple(version, version, version, version),
    corrections: fc.array(fc.record({ receipt: fc.nat(3), version }), { maxLength: 12 }),
  });
  const factOf = (number: number, { lines, returned }: Version, factRevision: number) =>
    number === 0
      ? sale(0, lines, { factRevision })
      : comeBack(
          number,
          returned.map(({ quantity: count, ordinal }) => ({
            ...{ product: ordinal === 1 ? 'tea' : 'pot', quantity: count },
            ...{ of: 0, ordinal },
          })),
          { factRevision },
        );
  type Version = typeof version extends fc.Arbitrary<infer T> ? T : never;

  it('come to what their last revisions come to, in whatever order they were corrected', () => {
    fc.assert(
      fc.property(deliveries, ({ first, corrections }) => {
        const corrected = opened();
        const last = [...first];
        const revisions = [1, 1, 1, 1];
        for (const [number, said] of first.entries()) apply(corrected, factOf(number, said, 1));
        for (const { receipt: number, version: said } of corrections) {
          last[number] = said;
          const revision = (revisions[number] ?? 0) + 1;
          revisions[number] = revision;
          apply(corrected, factOf(number, said, revision));
        }
        const straight = opened();
        for (const [number, said] of last.entries())
          apply(straight, factOf(number, said, revisions[number] ?? 1));
        const figures = (state: Account) => {
          const { unspent, arrears } = valuation(state, at(9));
          const lines = state.facts.get(receipt(0))?.lines ?? [];
          return {
            ...{ unspent, arrears, spend: state.spend.get('2026') },
            returned: lines.map((line) => line.returned),
          };
        };
        expect(figures(corrected)).toEqual(figures(straight));
      }),
      runs(500),
    );
  });
});

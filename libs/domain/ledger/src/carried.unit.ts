import { describe, expect, it } from '@jest/globals';
import { Points, accountId, cardToken } from '@tallystick/kernel';
import {
  adjust,
  at,
  cancel,
  hour,
  capture,
  comeBack,
  given,
  givenAs,
  holdOf,
  leave,
  opened,
  receipt,
  redemption,
  release,
  reserve,
  sale,
  send,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import {
  absorb,
  assertEquation,
  carry,
  decideReceipt,
  emptyAccount,
  renameLots,
  valuation,
  type Account,
} from './index.js';

const [old, young] = [accountId('old'), accountId('young')];
const tea = (number: number, points: number, hours = 0) =>
  sale(number, [{ product: 'tea', points }], { occurredAt: at(hours) });
const lotOf = (number: number) => `${receipt(number)}#1.0`;
const idsOf = (things: readonly { readonly id: string }[]) => things.map(({ id }) => id);

describe('what an account carries forward', () => {
  it('begins at the very moment of the return window', () => {
    const { state } = given(tea(1, 1, 9), tea(2, 2, 10), tea(3, 3, 11));
    expect(idsOf(carry(state, at(10)).facts)).toEqual([receipt(2), receipt(3)]);
  });

  it('is of holds the open ones and the recent ones', () => {
    const { state } = given(tea(1, 10));
    for (const [number, from] of [
      [1, 3],
      [2, 3],
      [3, 12],
    ] as const)
      reserve(state, number, 2, from, 90);
    release(state, 2, 4);
    release(state, 3, 13);
    expect(idsOf(carry(state, at(10)).holds)).toEqual([holdOf(1), holdOf(3)]);
    expect(idsOf(carry(state, at(0)).holds)).toEqual([holdOf(1), holdOf(2), holdOf(3)]);
  });

  it('is of other facts, such as releases and corrections, the recent ones', () => {
    const state = opened();
    const points = Points.points(1);
    const change = {
      kind: 'up',
      points,
      availableAt: at(0),
      expiresAt: null,
      funder: 'x',
    } as const;
    for (const [number, hours] of [
      [2, 12],
      [1, 11],
      [3, 5],
    ] as const)
      adjust(state, number, change, at(hours));
    expect(idsOf(carry(state, at(10)).known)).toEqual(['adjustment/1', 'adjustment/2']);
  });

  it('has with an empty lot only what still refers to it', () => {
    const emptied = (use: (state: Account) => void) => {
      const { state } = given(tea(1, 10));
      use(state);
      expect(state.lots.size).toBe(0);
      const { lots } = carry(state, at(20));
      return lots.map(({ lot, remaining }) => [lot.id, remaining]);
    };
    const kept = [[lotOf(1), 0]];
    expect(emptied((state) => spend(state, 1, 10, at(5)))).toEqual([]);
    expect(emptied((state) => spend(state, 1, 10, at(21)))).toEqual(kept);
    expect(emptied((state) => reserve(state, 1, 10, 5, 90))).toEqual(kept);
    const back = comeBack(2, [{ product: 'tea', of: 1 }], { occurredAt: at(21) });
    expect(emptied((state) => decideReceipt(state, back, at(21)))).toEqual(kept);
    expect(emptied((state) => send(state, opened(young), 1, 10, at(5)))).toEqual([]);
  });

  it('has a sale that was corrected since, when a recent return refers to lots of it that it no longer names', () => {
    const { state } = given(
      tea(1, 10),
      comeBack(2, [{ product: 'tea', of: 1 }], { occurredAt: at(21) }),
      sale(1, [{ product: 'pot', points: 4 }], { factRevision: 2 }),
    );
    const { lots, facts } = carry(state, at(20));
    expect(idsOf(facts)).toEqual([receipt(1), receipt(2)].sort());
    expect(lots.map(({ lot }) => lot.id)).toEqual([lotOf(1), `${receipt(1)}#2.0`]);
  });

  it('is in the order of names, whatever the order in which it came', () => {
    const { state } = given(
      sale(5, [{ product: 'tea', points: 10 }], { spendYear: '2027' }),
      sale(3, [{ product: 'tea', points: 10 }], { spendYear: '2025' }),
      sale(4, [{ product: 'tea', points: 10 }], { spendYear: '2026' }),
    );
    for (const number of [3, 1, 2]) spend(state, number, 1);
    for (const number of [3, 1, 2]) reserve(state, number, 1);
    for (const number of [3, 1, 2]) release(state, number);
    const carried = carry(state, at(-1000));
    expect(carried.lots.map(({ lot }) => lot.id)).toEqual([3, 4, 5].map(lotOf));
    expect(idsOf(carried.facts)).toEqual([3, 4, 5].map(receipt));
    expect(idsOf(carried.redemptions)).toEqual([1, 2, 3].map(redemption));
    expect(idsOf(carried.holds)).toEqual([1, 2, 3].map(holdOf));
    expect(idsOf(carried.known)).toEqual([1, 2, 3].map((number) => `release/${number}`));
    expect(Object.keys(carried.spend)).toEqual(['2025', '2026', '2027']);
  });

  it('is a copy: what happens to the account afterwards changes nothing of it', () => {
    const { state } = given(sale(1, [{ product: 'tea', quantity: '2', points: 10 }]));
    reserve(state, 1, 2);
    const carried = carry(state, at(-1000));
    const before = JSON.stringify(carried);
    spend(state, 1, 3);
    release(state, 1);
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    expect(JSON.stringify(carried)).toBe(before);
    const taken = emptyAccount();
    absorb(taken, carried);
    const line = taken.facts.get(receipt(1))?.lines[0];
    line?.reversed.push(Points.points(7));
    expect(JSON.stringify(carried)).toBe(before);
  });

  it('names a lot that came back for a grace, and the one whose points it has, otherwise', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 3 }], { expiresAt: at(9) }));
    spend(state, 1, 3);
    cancel(state, 1, at(20), 10 * hour);
    const { lots } = renameLots(carry(state, at(-1000)), (id) => `${id}!`);
    expect(lots.map(({ lot: { id, of } }) => ({ id, of }))).toEqual([
      { id: `${lotOf(1)}!`, of: undefined },
      { id: expect.stringMatching(/^refund.*!$/), of: `${lotOf(1)}!` },
    ]);
  });

  it('names its lots otherwise everywhere at once', () => {
    const { state } = given(tea(1, 10), comeBack(2, [{ product: 'tea', of: 1 }]), tea(3, 20));
    spend(state, 1, 6);
    reserve(state, 1, 5);
    const carried = renameLots(carry(state, at(-1000)), (id) => `${id}!`);
    const other = `${lotOf(3)}!`;
    expect(carried.lots.map(({ lot }) => lot.id)).toEqual([`${lotOf(1)}!`, other]);
    expect(carried.facts.flatMap(({ lots }) => lots)).toEqual([`${lotOf(1)}!`, other]);
    expect(carried.facts.find(({ id }) => id === receipt(2))?.reversals).toMatchObject([
      { fact: receipt(1), ordinal: 1, points: 10, lots: [{ lot: `${lotOf(1)}!`, points: 10 }] },
    ]);
    expect(carried.redemptions).toMatchObject([
      { id: redemption(1), points: 6, allocations: [{ lot: other, points: 6 }] },
    ]);
    expect(carried.holds).toMatchObject([
      { id: holdOf(1), points: 5, left: [{ lot: other, points: 5 }] },
    ]);
  });
});

describe('one receipt whose parts went to two accounts', () => {
  const pot = (points: number, revision = 1) =>
    sale(7, [{ product: 'pot', quantity: '2', points }], { factRevision: revision });
  const cupBack = comeBack(7, [{ product: 'cup' }], { card: cardToken('other') });
  const merged = (from: Account, to: Account): Account => {
    const left = leave(from, to, 1);
    if (left.kind !== 'left') throw new Error(left.kind);
    takeOver(to, left.event.data);
    return to;
  };

  it.each(['the selling part is absorbed', 'the selling part absorbs'])(
    'is whole when they are one: %s',
    (which) => {
      const cup = sale(8, [{ product: 'cup', points: 3 }], { card: cardToken('other') });
      const selling = () => givenAs(old, pot(6)).state;
      const returning = () => givenAs(young, cup, cupBack).state;
      const state =
        which === 'the selling part absorbs'
          ? merged(returning(), selling())
          : merged(selling(), returning());
      expect(state.facts.get(receipt(7))).toMatchObject({
        ...{ card: cardToken('c-1'), spendYear: '2026', lots: [lotOf(7)] },
        lines: [{ product: 'pot', points: [6], returned: '0', reversed: [0] }],
        reversals: [{ fact: receipt(8), points: 3 }],
      });
      // A partial return, and a corrected revision that sells and returns nothing any more.
      decideReceipt(state, comeBack(9, [{ product: 'pot', of: 7 }]), at(3));
      expect(valuation(state, at(3))).toMatchObject({ available: 3, arrears: 0 });
      decideReceipt(state, sale(7, [], { factRevision: 2 }), at(3));
      assertEquation(state);
      expect(valuation(state, at(3))).toMatchObject({ available: 3, arrears: 0 });
      expect(state.facts.get(receipt(8))?.lines[0]?.returned).toBe('0');
    },
  );

  it('has the newest revision of the two', () => {
    const revisions = (own: number, other: number) => {
      const [to, from] = [givenAs(young, pot(1, own)).state, givenAs(old, pot(2, other)).state];
      return merged(from, to).facts.get(receipt(7))?.revision;
    };
    expect(revisions(1, 2)).toBe(2);
    expect(revisions(2, 1)).toBe(2);
  });

  it('has the points of each part in the columns of its own lots', () => {
    const lines = [{ product: 'tea', points: 5 }];
    const [to, from] = [givenAs(young, pot(6)).state, givenAs(old, sale(7, lines)).state];
    const state = merged(from, to);
    expect(state.facts.get(receipt(7))).toMatchObject({
      lots: [lotOf(7), `${lotOf(7)}@${old}`],
      lines: [
        { product: 'pot', points: [6, 0], reversed: [0, 0] },
        { product: 'tea', points: [0, 5], reversed: [0, 0] },
      ],
    });
    decideReceipt(state, comeBack(9, [{ product: 'tea', of: 7 }]), at(3));
    expect(valuation(state, at(3))).toMatchObject({ available: 6 });
  });

  it('can be refunded and captured after lots of it got another name', () => {
    const use = (id: typeof old) => {
      const { state } = givenAs(id, pot(6));
      if (id === young) return state;
      spend(state, 1, 2);
      reserve(state, 1, 3);
      return state;
    };
    const state = merged(use(old), use(young));
    expect(capture(state, 1, 3).kind).toBe('captured');
    expect(cancel(state, 1, at(4)).kind).toBe('refunded');
    expect(state.lots.get(`${lotOf(7)}@${old}`)?.remaining).toBe(3);
  });
});

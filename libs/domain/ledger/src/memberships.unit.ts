import { describe, expect, it } from '@jest/globals';
import { accountId, localDate } from '@tallystick/kernel';
import {
  at,
  comeBack,
  given,
  givenAs,
  leave,
  receipt,
  redemption,
  sale,
  takeOver,
} from '../fixtures/facts.js';
import {
  decideClose,
  decideReceipt,
  emptyAccount,
  evolve,
  fold,
  membershipsHeld,
  type Account,
  type RatedFact,
} from './index.js';

/** A receipt that pays for so many months. */
const fee = (number: number, quantity: number, rest: Partial<RatedFact> = {}): RatedFact => {
  const plain = sale(number, [{ product: 'plus', points: 0, quantity: String(quantity) }], {
    day: localDate('2026-01-01'),
    ...rest,
  });
  const paid = { membership: 'month', level: 'plus', months: 1, ordinal: 1, quantity };
  return { ...plain, earning: { ...plain.earning, memberships: [paid] } };
};
const held = (state: Account) =>
  membershipsHeld(state).map(({ fact, quantity }) => [fact, quantity]);
const take = (state: Account, fact: RatedFact): void => {
  expect(decideReceipt(state, fact, at(2)).kind).toBe('applied');
};
const close = (state: Account, keepFrom = at(5)) => {
  const command = { fact: redemption('closing'), factHash: 'h', through: at(4), keepFrom };
  const closing = decideClose(state, command, at(4));
  if (closing.kind !== 'closed') throw new Error(closing.kind);
  return closing.event;
};

describe('a membership that was paid', () => {
  it('is held as far as its line has not come back', () => {
    const { state, events } = given(fee(1, 3), fee(2, 1));
    expect(held(state)).toEqual([
      [receipt(1), 3],
      [receipt(2), 1],
    ]);
    take(state, comeBack(3, [{ product: 'plus', of: 1 }]));
    expect(held(state)).toEqual([
      [receipt(1), 2],
      [receipt(2), 1],
    ]);
    expect(membershipsHeld(state, receipt(2)).map(({ fact }) => fact)).toEqual([receipt(1)]);
    take(state, comeBack(4, [{ product: 'plus', of: 2 }]));
    expect(held(state)).toEqual([[receipt(1), 2]]);
    // Who corrects that return has it again.
    take(state, { ...sale(4, [{ product: 'bag', points: 1 }]), factRevision: 2 });
    expect(held(state)).toHaveLength(2);
    expect(held(fold(events.slice(0, 1)))).toEqual([[receipt(1), 3]]);
  });

  it('is what the last revision of its receipt paid', () => {
    const { state } = given(fee(1, 3), fee(1, 2, { factRevision: 2, factHash: '2' }));
    expect(held(state)).toEqual([[receipt(1), 2]]);
    take(state, sale(1, [], { factRevision: 3, factHash: '3' }));
    expect(held(state)).toEqual([]);
  });

  it.each([at(5), at(-5)])('is carried by a closing that keeps facts from %s', (keepFrom) => {
    const { state } = given(fee(1, 3), comeBack(3, [{ product: 'plus', of: 1 }]), fee(2, 1));
    const closing = close(state, keepFrom);
    const anew = evolve(emptyAccount(), closing);
    evolve(state, closing);
    expect(anew).toEqual(state);
    expect(held(anew)).toEqual([
      [receipt(1), 2],
      [receipt(2), 1],
    ]);
  });

  it('goes with its account into another', () => {
    const from = givenAs(accountId('from'), fee(1, 3)).state;
    const to = givenAs(accountId('to'), fee(2, 1)).state;
    const left = leave(from, to, 1);
    if (left.kind !== 'left') throw new Error(left.kind);
    takeOver(to, left.event.data);
    expect(held(from)).toEqual([]);
    take(to, comeBack(3, [{ product: 'plus', of: 1, quantity: '3' }]));
    expect(held(to)).toEqual([[receipt(2), 1]]);
  });

  it('is held for whole fees alone: of one that came back in part, nothing', () => {
    const { state } = given(fee(1, 2));
    take(state, comeBack(2, [{ product: 'plus', of: 1, quantity: '0.5' }]));
    expect(held(state)).toEqual([[receipt(1), 1]]);
    take(state, comeBack(3, [{ product: 'plus', of: 1, quantity: '0.75' }]));
    expect(held(state)).toEqual([]);
  });

  it('is of its own line: what comes back of another line takes nothing of it', () => {
    const plain = fee(1, 1);
    const [first] = plain.earning.lines;
    if (first === undefined) throw new Error('it has a line');
    const lines = [{ ...first, ordinal: 2, product: 'bag', quantity: '3' }, first];
    const { state } = given({ ...plain, earning: { ...plain.earning, lines } });
    take(state, comeBack(2, [{ product: 'bag', of: 1, quantity: '3' }]));
    expect(held(state)).toEqual([[receipt(1), 1]]);
  });

  it('stands in the order of its days, then of its receipts and their lines, however they come in', () => {
    const paid = (ordinal: number) => ({
      ...{ membership: 'month', level: 'plus', months: 1, quantity: 1 },
      ordinal,
    });
    const lines = (number: number, day: string, ...ordinals: readonly number[]) => {
      const plain = fee(number, 1, { day: localDate(day) });
      return { ...plain, earning: { ...plain.earning, memberships: ordinals.map(paid) } };
    };
    const { state } = given(
      lines(4, '2026-01-02', 2, 1, 3),
      lines(3, '2026-01-02', 1),
      lines(5, '2026-01-01', 1),
      lines(2, '2026-01-03', 1),
    );
    const order = membershipsHeld(state).map(({ fact, ordinal }) => [fact, ordinal]);
    expect(order).toEqual([
      [receipt(5), 1],
      [receipt(3), 1],
      [receipt(4), 1],
      [receipt(4), 2],
      [receipt(4), 3],
      [receipt(2), 1],
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Points, accountId, factId, localDate } from '@tallystick/kernel';
import {
  assertEquation,
  decideReceipt,
  decideRerate,
  emptyAccount,
  type Account,
  type RatedFact,
} from './index.js';
import { at, comeBack, given, leave, opened, program, receipt } from '../fixtures/facts.js';
import { again, award, by, earning, line, lotOf, rerate, sold } from '../fixtures/rerating.js';

const kindOf = (state: Account, rerating: ReturnType<typeof by>) =>
  decideRerate(state, rerating, at(9)).kind;
const hear = (state: Account, fact: RatedFact): void => {
  expect(decideReceipt(state, fact, at(5)).kind).toBe('applied');
  assertEquation(state);
};
const tea = (points = 10) => earning([award('base', points)]);
const lotsOf = (state: Account) =>
  [...state.lots.values()].map(({ lot, remaining }) => [lot.id, remaining]);

describe('a receipt is rated again', () => {
  it('where its account is open and remembers it, by the version that had rated it, once by a run', () => {
    const { state } = given(sold(1, tea()), sold(2, tea()));
    expect(kindOf(emptyAccount(), by(tea()))).toBe('unopened');
    expect(kindOf(state, by(tea(5), { fact: receipt(9) }))).toBe('not-of-version');
    expect(kindOf(state, by(tea(5), { from: { version: 3, hash: 'r3' } }))).toBe('not-of-version');
    rerate(state, by(tea(5)));
    expect(kindOf(state, by(tea(5)))).toBe('known');
    expect(kindOf(state, by(tea(5), { name: 'second' }))).toBe('not-of-version');
    const back = { from: { version: 2, hash: 'r2' }, rulebook: { version: 1, hash: 'r1' } };
    rerate(state, by(tea(7), { ...back, name: 'second' }));
    expect(kindOf(state, by(tea(5)))).toBe('known');
    expect(state.facts.get(receipt(1))?.rerated).toEqual(
      ['run', 'second'].map((name) => factId('rerating', program, name)),
    );
    expect(lotsOf(state)).toEqual([
      [lotOf(2), 10],
      [again(1, 0, 'second'), 7],
    ]);
    leave(state, opened(accountId('other')), 1);
    expect(decideRerate(state, by(tea(5)), at(9))).toEqual({ kind: 'merged', into: 'other' });
  });

  it('says who asked, who approved, why and by what, and what that adds', () => {
    const { state } = given(sold(1, tea(10)));
    const rated = { engine: 1, explanation: 'because' };
    const [event, ...settled] = rerate(state, by(tea(13), { tier: 'gold', rated }));
    expect(settled).toEqual([]);
    expect(event).toEqual({
      ...{ fact: receipt(1), factRevision: 1, factHash: '[]', occurredAt: at(9) },
      ...{ run: factId('rerating', program, 'run'), reason: 'a slip', requestedBy: 'ann' },
      ...{ approvedBy: 'bob', from: { version: 1, hash: 'r1' } },
      ...{ rulebook: { version: 2, hash: 'r2' }, tier: 'gold', rated, points: 3, nothing: null },
      lots: [{ ...award('base', 13), id: again(1) }],
      replaced: [{ lot: lotOf(1), points: 10 }],
      order: [again(1)],
      lines: [line([13])],
      taken: [{ lot: lotOf(1), points: 10 }],
      ...{ arrearsRaised: 0, arrearsPaid: [], funders: { chain: 10 } },
    });
    expect(rerate(given(sold(1, tea(10))).state, by(tea(3)))[0]).not.toHaveProperty('rated');
    expect(state.totals).toMatchObject({ earned: 13, reversed: 0 });
  });

  it('that earns nothing any more keeps its spend, and says why', () => {
    const { state } = given(sold(1, tea()));
    const [event] = rerate(state, by(earning([], [line([])])));
    expect(event).toMatchObject({ points: -10, nothing: 'excluded', order: [], lots: [] });
    expect(lotsOf(state)).toEqual([]);
    expect([...state.history.values()]).toEqual([{ spendMinor: 1000, points: 0, visits: 1 }]);
    expect(state.totals).toMatchObject({ earned: 10, reversed: 10 });
  });

  it('counts what it spends for tiers by the corrected version, on its day, though no point moves', () => {
    const { state } = given(sold(1, tea(), { day: localDate('2026-01-01') }));
    const [award1] = tea().lots;
    const less = earning(award1 === undefined ? [] : [award1], [line([10], { spendMinor: 300 })]);
    expect(kindOf(state, by(tea()))).toBe('same');
    const [event] = rerate(state, by(less));
    expect(event).toMatchObject({ points: 0, lots: [], replaced: [], taken: [] });
    expect(state.spend.get('2026')).toBe(300);
    expect([...state.history]).toEqual([
      ['2026-01-01', { spendMinor: 300, points: 10, visits: 1 }],
    ]);
    expect(lotsOf(state)).toEqual([[lotOf(1), 10]]);
  });

  it('counts points for tiers by whether each lot does', () => {
    const { state } = given(sold(1, tea()));
    rerate(state, by(earning([award('base', 4), award('extra', 9, { qualifies: false })])));
    expect([...state.history.values()]).toEqual([{ spendMinor: 1000, points: 4, visits: 1 }]);
    const back = { from: { version: 2, hash: 'r2' }, name: 'second' };
    rerate(state, by(earning([award('base', 4), award('extra', 2)]), back));
    expect([...state.history.values()]).toEqual([{ spendMinor: 1000, points: 6, visits: 1 }]);
  });

  it('counts under the caps of the corrected version', () => {
    const capped = (points: number, counters: readonly string[]) =>
      earning([award('base', points, { counters })]);
    const { state } = given(sold(1, capped(10, ['a/lifetime', 'b/lifetime'])));
    rerate(state, by(capped(6, ['b/lifetime', 'c/lifetime'])));
    expect([...state.counted]).toEqual([
      ['b/lifetime', 6],
      ['c/lifetime', 6],
    ]);
  });
});

describe('a rule that gives the same lot by both versions', () => {
  it('keeps it, and the columns of the lines follow', () => {
    const before = earning([award('base', 10), award('double', 10), award('shop', 3)]);
    const { state } = given(sold(1, before));
    const now = earning([award('new', 1), award('shop', 3), award('double', 4), award('base', 10)]);
    const [event] = rerate(state, by(now));
    expect(event).toMatchObject({
      order: [lotOf(1), lotOf(1, 2), again(1), again(1, 1)],
      lines: [{ points: [10, 3, 4, 1] }],
      replaced: [{ lot: lotOf(1, 1), points: 10 }],
      points: -5,
    });
    expect(state.facts.get(receipt(1))?.lines).toMatchObject([
      { points: [10, 3, 4, 1], reversed: [0, 0, 0, 0], returned: '0', spendReversedMinor: 0 },
    ]);
    expect(lotsOf(state)).toEqual([
      [lotOf(1), 10],
      [lotOf(1, 2), 3],
      [again(1), 4],
      [again(1, 1), 1],
    ]);
  });

  const full = award('base', 10, {
    ...{ expiresAt: at(500), budget: 'spring/2026', counters: ['a/lifetime', 'b/lifetime'] },
  });
  const inactive = award('base', 10, {
    ...{ expiresAt: at(500), inactivity: { months: 6, timeZone: 'UTC' } },
  });
  it.each([
    { kind: 'bonus' },
    { availableAt: at(1) },
    { expiresAt: at(501) },
    { expiresAt: null },
    { funder: 'supplier:x' },
    { qualifies: false },
    { budget: 'summer/2026' },
    { counters: ['a/lifetime'] },
    { counters: ['a/lifetime', 'c/lifetime'] },
  ] as const)('does not where it is not the same: %j', (other) => {
    const { state } = given(sold(1, earning([full])));
    expect(kindOf(state, by(earning([{ ...full, rulebook: 2 }])))).toBe('same');
    const [event] = rerate(state, by(earning([{ ...full, ...other }])));
    expect(event).toMatchObject({ points: 0, lots: [{ ...other, id: again(1) }] });
    expect(event.taken).toEqual([{ lot: lotOf(1), points: 10 }]);
  });

  it.each([
    { what: 'budget', award: full },
    { what: 'counters', award: full },
    { what: 'inactivity', award: inactive },
  ] as const)('does not where one of them has no $what', ({ what, award: named }) => {
    const { [what]: _gone, ...without } = named;
    for (const [one, other] of [
      [named, without],
      [without, named],
    ] as const)
      expect(kindOf(given(sold(1, earning([one]))).state, by(earning([other])))).toBe('rerated');
    expect(kindOf(given(sold(1, earning([without]))).state, by(earning([without])))).toBe('same');
  });

  it('does not where it lapses after another time of inactivity', () => {
    const { state } = given(sold(1, earning([inactive])));
    expect(kindOf(state, by(earning([inactive])))).toBe('same');
    const other = { ...inactive, inactivity: { months: 7, timeZone: 'UTC' } };
    expect(rerate(state, by(earning([other])))[0].lots).toMatchObject([{ id: again(1) }]);
  });

  it('does not where the same points are other lines’', () => {
    const lines = (first: number, second: number) =>
      earning(
        [award('base', 10)],
        [line([first]), line([second], { ordinal: 2, product: 'pot', spendMinor: 500 })],
      );
    const { state } = given(sold(1, lines(7, 3)));
    expect(kindOf(state, by(lines(7, 3)))).toBe('same');
    const [event] = rerate(state, by(lines(4, 6)));
    expect(event).toMatchObject({ points: 0, lines: [{ points: [4] }, { points: [6] }] });
    hear(state, comeBack(2, [{ product: 'pot', of: 1 }]));
    expect(lotsOf(state)).toEqual([[again(1), 4]]);
    expect(state.spend.get('2026')).toBe(1000);
  });
});

describe('a fact without lines', () => {
  const visit = (...lots: Parameters<typeof earning>[0]) => earning(lots, []);
  const partner = (...lots: Parameters<typeof earning>[0]) => {
    const { byLine: _lines, ...rest } = by(visit(...lots));
    return rest;
  };

  it('is rated by its lots: those that differ are replaced', () => {
    const { state } = given(sold(1, visit(award('stay', 10), award('breakfast', 5))));
    expect(kindOf(state, partner(award('stay', 10), award('breakfast', 5)))).toBe('same');
    const [event] = rerate(state, partner(award('stay', 4), award('breakfast', 5)));
    expect(event).toMatchObject({
      ...{ points: -6, lines: [], order: [lotOf(1, 1), again(1)] },
      replaced: [{ lot: lotOf(1), points: 10 }],
    });
    expect(lotsOf(state)).toEqual([
      [lotOf(1, 1), 5],
      [again(1), 4],
    ]);
    expect([...state.history.values()]).toEqual([{ spendMinor: 0, points: 9, visits: 0 }]);
    expect(state.spend.size).toBe(0);
  });
});

describe('a receipt of which something has come back', () => {
  const packets = (points: number, quantity = '4') =>
    earning([award('base', points)], [line([points], { quantity })]);

  it('gets what it still holds by the corrected version, and no more', () => {
    const { state } = given(sold(1, packets(20)), comeBack(2, [{ product: 'tea', of: 1 }]));
    const [event] = rerate(state, by(packets(10)));
    // Of ten points a quarter has come back, rounded down; of twenty, five.
    expect(event).toMatchObject({
      replaced: [{ lot: lotOf(1), points: 15 }],
      lots: [{ points: 8 }],
      lines: [{ points: [10] }],
      ...{ points: -7, funders: { chain: 15 } },
    });
    expect(state.facts.get(receipt(1))?.lines).toMatchObject([
      { returned: '1', points: [10], reversed: [2], spendMinor: 1000, spendReversedMinor: 250 },
    ]);
    expect([...state.history.values()]).toEqual([{ spendMinor: 750, points: 8, visits: 1 }]);
    hear(state, comeBack(3, [{ product: 'tea', of: 1, quantity: '3' }]));
    expect(lotsOf(state)).toEqual([]);
    expect(state.totals.arrearsRaised).toBe(Points.noPoints);
  });

  it('whole gets nothing, whatever it earns now', () => {
    const back = comeBack(2, [{ product: 'tea', quantity: '4', of: 1 }]);
    const { state } = given(sold(1, packets(20)), back);
    const [event] = rerate(state, by(packets(40)));
    expect(event).toMatchObject({ points: 0, lots: [{ points: 0 }], taken: [] });
    expect([lotsOf(state), state.history.size, state.spend.get('2026')]).toEqual([[], 0, 0]);
  });
});

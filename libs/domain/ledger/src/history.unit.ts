import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instant, localDate } from '@tallystick/kernel';
import { at, comeBack, given, opened, receipt, sale } from '../fixtures/facts.js';
import { runs } from '../fixtures/runs.js';
import {
  activityOfFact,
  carry,
  absorb,
  decideReceipt,
  emptyAccount,
  evolve,
  schemaVersionOf,
  without,
  type Account,
  type Carried,
  type LedgerEvent,
  type RatedFact,
} from './index.js';

const firstDay = localDate('2026-01-01');
const counted = 'double/day/2026-01-01';

/** A sale whose points count under a cap. */
const capped = (number: number, points: number, revision = 1, quantity = '2'): RatedFact => {
  const fact = sale(number, [{ product: 'tea', quantity, points }], { factRevision: revision });
  const lots = fact.earning.lots.map((lot) => ({ ...lot, counters: [counted] }));
  return { ...fact, factHash: `${points} ${revision}`, earning: { ...fact.earning, lots } };
};
const day = localDate('2026-01-02');
/** A sale whose points do not count for a tier. */
const unqualified = (number: number, points: number): RatedFact => {
  const fact = sale(number, [{ product: 'tea', points }]);
  const lots = fact.earning.lots.map((lot) => ({ ...lot, qualifies: false }));
  return { ...fact, earning: { ...fact.earning, lots } };
};
const hear = (state: Account, fact: RatedFact): readonly LedgerEvent[] => {
  const decision = decideReceipt(state, fact, at(9));
  return decision.kind === 'applied' ? decision.events : [];
};
const back = (number: number, of: number, quantity = '1', revision = 1) =>
  comeBack(number, [{ product: 'tea', of, quantity }], { factRevision: revision });

describe('the days of an account', () => {
  it('hold what it spent, the points that count for a tier, and its visits', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { day: localDate('2026-01-02') }),
      sale(2, [{ product: 'tea', points: 5 }], { day: localDate('2026-01-02') }),
      sale(3, [{ product: 'tea', points: 7 }], { day: localDate('2026-03-01') }),
    );
    expect([...state.history]).toEqual([
      ['2026-01-02', { spendMinor: 1500, points: 15, visits: 2 }],
      ['2026-03-01', { spendMinor: 700, points: 7, visits: 1 }],
    ]);
  });

  it('lose what comes back, on the day of its sale; what has come back whole was no visit', () => {
    const { state } = given(sale(1, [{ product: 'tea', quantity: '2', points: 10 }]));
    hear(state, back(2, 1));
    expect([...state.history]).toEqual([[firstDay, { spendMinor: 500, points: 5, visits: 1 }]]);
    hear(state, back(3, 1));
    expect(state.history.size).toBe(0);
  });

  it('keep a visit that spent and earned nothing, and points that were earned without a visit', () => {
    const lots = sale(2, [{ product: 'tea', points: 4 }], { day }).earning.lots;
    const { state } = given(sale(1, [{ product: 'bag', points: 0 }], { day: firstDay }), {
      ...sale(2, [], { day }),
      earning: { lots, lines: [], reason: null },
    });
    expect([...state.history]).toEqual([
      [firstDay, { spendMinor: 0, points: 0, visits: 1 }],
      [day, { spendMinor: 0, points: 4, visits: 0 }],
    ]);
    hear(state, comeBack(3, [{ product: 'bag', of: 1 }]));
    expect([...state.history.keys()]).toEqual([day]);
  });

  it('keep what was spent though its points do not count for a tier', () => {
    const { state } = given(unqualified(1, 10), sale(2, [{ product: 'tea', points: 5 }]));
    expect([...state.history]).toEqual([[firstDay, { spendMinor: 1500, points: 5, visits: 2 }]]);
    expect([...without(state, receipt(2)).history]).toEqual([
      [firstDay, { spendMinor: 1000, points: 0, visits: 1 }],
    ]);
    expect([...without(state, receipt(1)).history]).toEqual([
      [firstDay, { spendMinor: 500, points: 5, visits: 1 }],
    ]);
    hear(state, comeBack(3, [{ product: 'tea', of: 1 }]));
    expect([...state.history]).toEqual([[firstDay, { spendMinor: 500, points: 5, visits: 1 }]]);
  });

  it('tell what one receipt counts for, net of what came back', () => {
    const { state } = given(
      unqualified(1, 10),
      sale(2, [{ product: 'tea', quantity: '2', points: 6 }]),
    );
    hear(state, back(3, 2));
    const of = (number: number) => {
      const fact = state.facts.get(receipt(number));
      return fact && activityOfFact(state, fact);
    };
    expect(of(1)).toEqual({ spendMinor: 1000, points: 0, visits: 1 });
    expect(of(2)).toEqual({ spendMinor: 300, points: 3, visits: 1 });
    expect(of(3)).toEqual({ spendMinor: 0, points: 0, visits: 0 });
  });

  it('of goods that came back in part count the visit until the last of them has', () => {
    const { state } = given(
      sale(1, [
        { product: 'tea', points: 0 },
        { product: 'pot', points: 0, quantity: '0.5' },
      ]),
    );
    const visits = () => state.history.get(firstDay)?.visits ?? 0;
    hear(state, comeBack(2, [{ product: 'tea', of: 1 }]));
    expect(visits()).toBe(1);
    hear(state, comeBack(3, [{ product: 'pot', of: 1, quantity: '0.25' }]));
    expect(visits()).toBe(1);
    hear(state, comeBack(4, [{ product: 'pot', of: 1, quantity: '0.25' }]));
    expect(visits()).toBe(0);
  });

  it('are those of an older release by the clock of UTC, within the year that it named', () => {
    const newYear = { occurredAt: instant('2026-01-01T00:30:00Z'), spendYear: '2025' };
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }], newYear));
    expect([...state.history.keys()]).toEqual(['2025-12-31']);
    const eve = { occurredAt: instant('2025-12-31T23:30:00Z'), spendYear: '2026' };
    expect([...given(sale(1, [{ product: 'tea', points: 1 }], eve)).state.history.keys()]).toEqual([
      '2026-01-01',
    ]);
  });

  it('follow a correction: the earlier revision is as if it had never been', () => {
    const { state } = given(capped(1, 10));
    const events = hear(state, capped(1, 30, 2));
    expect(events.map(({ type }) => type)).toEqual(['EarnReversed', 'PointsEarned']);
    expect([...state.history]).toEqual([[firstDay, { spendMinor: 3000, points: 30, visits: 1 }]]);
    expect([...state.counted]).toEqual([[counted, 30]]);
  });

  it('without a fact are what its next revision is rated from', () => {
    const { state } = given(capped(1, 10), capped(2, 8));
    hear(state, back(3, 1));
    const rest = without(state, receipt(1));
    expect([...rest.history]).toEqual([[firstDay, { spendMinor: 800, points: 8, visits: 1 }]]);
    expect([...rest.counted]).toEqual([[counted, 8]]);
    expect(without(state, receipt(9)).history).toBe(state.history);
  });
});

describe('counters of caps', () => {
  it('give back the room that a sale took when it comes back', () => {
    const { state } = given(capped(1, 10));
    expect([...state.counted]).toEqual([[counted, 10]]);
    hear(state, back(2, 1));
    expect([...state.counted]).toEqual([[counted, 5]]);
    hear(state, back(3, 1));
    expect(state.counted.size).toBe(0);
  });

  it('are written so that a release that does not count them refuses', () => {
    const { events } = given(capped(1, 10), sale(2, [{ product: 'tea', points: 1 }]));
    expect(events.map(schemaVersionOf)).toEqual([2, 1]);
  });

  it('are what the lots of the account hold, whatever came in which order', () => {
    const number = fc.integer({ min: 1, max: 4 });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('sale' as const),
        number,
        points: fc.nat(20),
        revision: number,
      }),
      fc.record({ kind: fc.constant('back' as const), number, of: number, revision: number }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const state = opened();
        const events: LedgerEvent[] = [];
        for (const one of steps)
          events.push(
            ...hear(
              state,
              one.kind === 'sale'
                ? capped(one.number, one.points, one.revision)
                : back(one.number + 10, one.of, '1', one.revision),
            ),
          );
        const total = state.totals.earned - state.totals.reversed;
        expect(state.counted.get(counted) ?? 0).toBe(total);
        const again = opened();
        for (const event of events) evolve(again, event);
        expect(again).toEqual(state);
      }),
      runs(300),
    );
  });
});

describe('what is carried', () => {
  const into = (carried: Carried): Account => {
    const state = emptyAccount();
    absorb(state, carried);
    return state;
  };

  it('are the days, and the counters of periods that are not over', () => {
    const { state } = given(capped(1, 10));
    state.counted.set('double/lifetime', 7);
    state.counted.set('double/month/2025-12', 3);
    state.counted.set('double/week/2026-W01', 4);
    const carried = carry(state, at(0));
    expect(into(carried).history).toEqual(state.history);
    expect(carried.counted).toEqual({
      [counted]: 10,
      'double/lifetime': 7,
      'double/week/2026-W01': 4,
    });
  });

  it('puts days of long ago together by their months', () => {
    const { state } = given(
      ...['2020-02-03', '2020-02-04', '2020-03-01'].map((day, index) =>
        sale(index, [{ product: 'tea', points: 10 }], { spendYear: '2020', day: localDate(day) }),
      ),
    );
    expect(carry(state, at(0)).history).toEqual({
      '2020-02-01': { spendMinor: 2000, points: 20, visits: 2 },
      '2020-03-01': { spendMinor: 1000, points: 10, visits: 1 },
    });
  });

  it('by an older release are the days of its facts, and the rest of a year on its first day', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { occurredAt: at(0) }),
      sale(2, [{ product: 'tea', points: 5 }], { occurredAt: at(48) }),
    );
    const { history, ...older } = carry(state, at(24));
    expect(history).toEqual({
      '2026-01-01': { spendMinor: 1000, points: 10, visits: 1 },
      '2026-01-03': { spendMinor: 500, points: 5, visits: 1 },
    });
    expect([...into(older).history]).toEqual([
      ['2026-01-03', { spendMinor: 500, points: 5, visits: 1 }],
      ['2026-01-01', { spendMinor: 1000, points: 0, visits: 0 }],
    ]);
  });

  it('are days apart for 37 months before what is kept, and counters until their period is over', () => {
    const days = ['2022-12-15', '2022-12-14', '2023-01-09'];
    const { state } = given(
      ...days.map((day, index) =>
        sale(index, [{ product: 'tea', points: 10 }], { day: localDate(day) }),
      ),
    );
    const names = [
      ...['x/day/2026-01-15', 'x/day/2026-01-14', 'x/month/2026-01', 'x/month/2025-12'],
      ...['x/year/2026', 'x/year/2025', 'x/week/2026-W03', 'x/week/2025-W52', 'a/lifetime'],
    ];
    for (const name of names) state.counted.set(name, 1);
    const { history = {}, counted: kept = {} } = carry(state, instant('2026-01-15T12:00:00Z'));
    expect(Object.keys(history)).toEqual(['2022-12-01', '2022-12-15', '2023-01-09']);
    // In the order of their names, so that the same account is carried by the same bytes.
    expect(Object.keys(kept)).toEqual([
      ...['a/lifetime', 'x/day/2026-01-15', 'x/month/2026-01', 'x/week/2026-W03', 'x/year/2026'],
    ]);
  });

  it('by an older release counts points for tiers by their lots, and nothing of what only returned', () => {
    const { state } = given(unqualified(1, 10), sale(2, [{ product: 'tea', points: 5 }], { day }));
    hear(state, comeBack(3, [{ product: 'tea', of: 2 }], { occurredAt: at(72) }));
    const { history, ...older } = carry(state, at(0));
    const facts = older.facts.map(({ day: _none, ...fact }) => fact);
    expect(history).toEqual({ [firstDay]: { spendMinor: 1000, points: 0, visits: 1 } });
    expect(Object.fromEntries(into({ ...older, facts }).history)).toEqual(history);
  });
});

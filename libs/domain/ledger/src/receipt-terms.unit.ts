import { describe, expect, it } from '@jest/globals';
import { BeyondLimits, localDate } from '@tallystick/kernel';
import {
  at,
  cancel,
  comeBack,
  given,
  opened,
  receipt,
  reserve,
  sale,
  spend,
} from '../fixtures/facts.js';
import { award, earning, line, sold } from '../fixtures/rerating.js';
import {
  assertEquation,
  decideReceipt,
  forgottenBy,
  valuation,
  type Account,
  type RatedFact,
} from './index.js';

const day = 24;
const tea = { product: 'tea', points: 10 };
const apply = (state: Account, fact: RatedFact, when = at(9)) => {
  const decision = decideReceipt(state, fact, when);
  assertEquation(state);
  if (decision.kind !== 'applied') throw new Error(decision.kind);
  return decision.events;
};
const typesOf = (events: ReturnType<typeof apply>) => events.map(({ type }) => type);
const worth = (state: Account, when = at(9)) => {
  const { available, arrears } = valuation(state, when);
  return [available, arrears];
};

describe('what a receipt says', () => {
  it('is written: its day, what it was rated from, the fees that it paid; what it does not say is left out', () => {
    const rated = { engine: 1, explanation: 'because', firstPurchase: true as const };
    const memberships = [
      { membership: 'month', level: 'plus', months: 1, ordinal: 1, quantity: 1 },
    ];
    const plain = sale(1, [tea]);
    const told = {
      ...{ day: localDate('2026-01-01'), rated },
      earning: { ...plain.earning, memberships },
    };
    const state = opened();
    const [event] = apply(state, { ...plain, ...told });
    expect(event?.data).toMatchObject({ day: '2026-01-01', rated, memberships });
    expect(state.facts.get(receipt(1))?.firstPurchase).toBe(true);
    const [bare] = apply(opened(), plain);
    for (const name of ['day', 'rated', 'memberships', 'adds'])
      expect(bare?.data).not.toHaveProperty(name);
    // By a correction it may turn out not to have been the first.
    apply(state, sale(1, [tea], { factRevision: 2 }));
    expect(state.facts.get(receipt(1))).not.toHaveProperty('firstPurchase');
  });

  it('is remembered as it was last told: its card, its moment, its year and its version', () => {
    const { state } = given(sale(1, [tea]));
    apply(
      state,
      sale(1, [tea], {
        ...{ factRevision: 2, factHash: 'other', card: null, occurredAt: at(3), spendYear: '2027' },
        rulebook: { version: 7, hash: 'r7' },
      }),
    );
    expect(state.facts.get(receipt(1))).toMatchObject({
      ...{ revision: 2, hash: 'other', card: null, occurredAt: at(3), spendYear: '2027' },
      ...{ rulebook: 7, sequence: 0 },
    });
    expect([...state.spend]).toEqual([
      ['2026', 0],
      ['2027', 1000],
    ]);
  });

  it('is told by who had paid for what it takes back', () => {
    const funded = earning(
      ['chain', 'supplier:x', 'chain'].map((funder, index) =>
        award(`rule-${index}`, index + 2, { funder }),
      ),
    );
    const { state } = given(sold(1, funded));
    const [event] = apply(state, comeBack(2, [{ product: 'tea', of: 1 }]));
    expect(event).toMatchObject({ data: { funders: { chain: 6, 'supplier:x': 3 } } });
  });

  it('is refused where more would have come in than an account can hold', () => {
    const { state } = given(sold(1, earning([award('base', Number.MAX_SAFE_INTEGER)])));
    spend(state, 1, Number.MAX_SAFE_INTEGER);
    const back = comeBack(2, [{ product: 'tea', of: 1 }]);
    expect(() => decideReceipt(state, back, at(9))).toThrow(
      new BeyondLimits(`what came in with ${receipt(2)}`),
    );
  });
});

describe('a receipt that corrects what the account may have forgotten', () => {
  const forgetful = () => {
    const { state } = given(sale(1, [tea]));
    state.rememberedFrom = at(5);
    return state;
  };
  it('is refused, unless it is known, is the first that came here, or corrects nothing', () => {
    const kindOf = (fact: RatedFact) => decideReceipt(forgetful(), fact, at(9)).kind;
    const corrected = { factRevision: 2, occurredAt: at(4) };
    expect(decideReceipt(forgetful(), sale(7, [tea], corrected), at(9))).toEqual({
      ...{ kind: 'forgotten', rememberedFrom: at(5) },
    });
    expect(kindOf(sale(1, [tea], corrected))).toBe('applied');
    expect(kindOf(sale(7, [tea], { ...corrected, first: true }))).toBe('applied');
    expect(kindOf(sale(7, [tea], { ...corrected, factRevision: 1 }))).toBe('applied');
    expect(forgottenBy(given().state, sale(7, [tea], corrected))).toBeNull();
  });
});

describe('a receipt that comes late', () => {
  const inactivity = { months: 1, timeZone: 'UTC' };
  const lapsing = (number: number, days: number, expiresAt = at((days + 31) * day)): RatedFact =>
    sold(number, earning([award('base', 10, { inactivity, expiresAt })]), {
      occurredAt: at(days * day),
    });

  it('posts first what has lapsed by now, where it would prolong that', () => {
    const { state } = given(lapsing(1, 0));
    expect(typesOf(apply(state, lapsing(2, 20), at(40 * day)))).toEqual([
      'PointsExpired',
      'PointsEarned',
    ]);
    expect(worth(state, at(40 * day))).toEqual([10, 0]);
  });

  it('posts nothing where it earns nothing, or nothing here lapses after inactivity', () => {
    const { state } = given(lapsing(1, 0));
    const bag = sale(2, [{ product: 'bag', points: 0 }], { occurredAt: at(20 * day) });
    expect(typesOf(apply(state, bag, at(40 * day)))).toEqual(['PointsEarned']);
    const { state: dated } = given(sale(1, [tea], { expiresAt: at(30 * day) }));
    expect(typesOf(apply(dated, sale(2, [tea]), at(40 * day)))).toEqual(['PointsEarned']);
    expect(worth(dated, at(40 * day))).toEqual([10, 0]);
  });

  it('has what holds reserved until then, to pay what it takes back', () => {
    const { state } = given(sale(1, [tea]));
    reserve(state, 1, 10, 2, 5);
    const events = apply(state, comeBack(2, [{ product: 'tea', of: 1 }]));
    expect(typesOf(events)).toEqual(['HoldReleased', 'EarnReversed']);
    expect(worth(state)).toEqual([0, 0]);
  });
});

describe('points that a corrected return gives back', () => {
  const packets = earning(
    [award('base', 12)],
    [line([8], { quantity: '2' }), line([4], { ordinal: 2, product: 'pot' })],
  );
  const back = comeBack(2, [
    { product: 'tea', of: 1, quantity: '2' },
    { product: 'pot', of: 1 },
  ]);
  const nothing = sale(2, [], { factRevision: 2, occurredAt: at(1) });

  it('are one lot for each that they had been of, with its dates and its rule', () => {
    const first = sold(1, packets);
    const dated = first.earning.lots.map((lot) => ({
      ...lot,
      ...{ expiresAt: at(90), rule: 'spring', qualifies: false },
    }));
    const { state } = given({ ...first, earning: { ...first.earning, lots: dated } }, back);
    expect(worth(state)).toEqual([0, 0]);
    expect(apply(state, nothing)).toMatchObject([
      {
        data: {
          ...{ points: 12, reason: null, lines: [] },
          lots: [{ id: `${receipt(2)}#2.0`, points: 12, rule: 'spring', expiresAt: at(90) }],
        },
      },
    ]);
    expect(worth(state)).toEqual([12, 0]);
    expect([...state.history.values()]).toEqual([{ spendMinor: 2000, points: 0, visits: 1 }]);
  });

  it('count for tiers on the day of the sale, not of the receipt that had returned it', () => {
    const [sunday, monday] = [localDate('2026-01-04'), localDate('2026-01-05')];
    const { state } = given({ ...sold(1, packets), day: sunday }, { ...back, day: monday });
    expect(state.history.size).toBe(0);
    apply(state, { ...sold(2, earning([award('base', 3)])), ...{ factRevision: 2, day: monday } });
    expect([...state.history]).toEqual([
      [sunday, { spendMinor: 2000, points: 12, visits: 1 }],
      [monday, { spendMinor: 1000, points: 3, visits: 1 }],
    ]);
    expect(state.totals.earned).toBe(27);
  });

  it('of two sales are no points of the receipt’s own day either', () => {
    const [sunday, monday] = [localDate('2026-01-04'), localDate('2026-01-05')];
    const { state } = given(
      { ...sold(1, earning([award('base', 5), award('bonus', 2)])), day: sunday },
      { ...comeBack(2, [{ product: 'tea', of: 1 }]), day: monday },
      { ...sold(2, earning([award('base', 3)])), ...{ factRevision: 2, day: monday } },
    );
    expect([...state.history.values()].map(({ points }) => points)).toEqual([7, 3]);
  });

  it('pay what the account owes by then', () => {
    const { state } = given(sold(1, packets), sold(3, earning([award('base', 5)])));
    spend(state, 1, 17);
    apply(state, back);
    apply(state, comeBack(4, [{ product: 'tea', of: 3 }]));
    expect(worth(state)).toEqual([0, 17]);
    const [event] = apply(state, nothing);
    expect(event).toMatchObject({
      data: { arrearsPaid: [{ lot: `${receipt(2)}#2.0`, points: 12 }] },
    });
    expect(worth(state)).toEqual([0, 5]);
  });

  it('have the date that the account’s activity gave their lot, and no date of a grace', () => {
    const term = { inactivity: { months: 1, timeZone: 'UTC' }, expiresAt: at(31 * day) };
    const { state } = given(sold(1, earning([award('base', 10, term)])), {
      ...comeBack(2, [{ product: 'tea', of: 1 }]),
    });
    apply(state, sale(3, [tea], { occurredAt: at(20 * day) }), at(20 * day));
    const [event] = apply(state, nothing, at(21 * day));
    const dates = event?.type === 'PointsEarned' && event.data.lots.map((lot) => lot.expiresAt);
    expect(dates).toEqual([state.emptied.get(`${receipt(1)}#1.0`)?.expiresAt]);
    expect(dates).not.toEqual([at(31 * day)]);

    const plain = given(sale(1, [tea], { expiresAt: at(5) })).state;
    spend(plain, 1, 10, at(3));
    cancel(plain, 1, at(6), 48 * 3_600_000);
    apply(plain, comeBack(2, [{ product: 'tea', of: 1 }]), at(7));
    const [again] = apply(plain, nothing, at(8));
    expect(again).toMatchObject({ data: { lots: [{ points: 10, expiresAt: at(5) }] } });
    expect(worth(plain, at(8))).toEqual([0, 0]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { cardToken, factId, memberId, Points } from '@tallystick/kernel';
import {
  at,
  cancel,
  comeBack,
  expire,
  given,
  hour,
  opened,
  receipt,
  redemption,
  sale,
  spend,
} from '../fixtures/facts.js';
import {
  arrearsOf,
  assertEquation,
  decideHold,
  decideOpen,
  decideReceipt,
  decideRefund,
  decideRelease,
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  unspentOf,
  valuation,
  UnknownLedgerEvent,
} from './index.js';

describe('an account', () => {
  it('is opened once, for one member', () => {
    const data = opened().opened;
    if (data === null) throw new Error('it was opened');
    expect(decideOpen(emptyAccount(), data)).toEqual({
      kind: 'opened',
      event: { type: 'AccountOpened', data },
    });
    expect(decideOpen(opened(), data)).toEqual({ kind: 'known' });
    const another = { ...data, member: memberId('m-2') };
    expect(decideOpen(opened(), another)).toEqual({ kind: 'conflict', member: data.member });
  });
});

describe('earning', () => {
  it('is spendable between maturing and lapsing, and neither before nor after', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { availableAt: at(5), expiresAt: at(9) }),
    );
    expect(valuation(state, at(4))).toMatchObject({ pending: 10, available: 0, lapsed: 0 });
    expect(valuation(state, at(5))).toMatchObject({ pending: 0, available: 10, lapsed: 0 });
    expect(valuation(state, at(9))).toMatchObject({ pending: 0, available: 0, lapsed: 10 });
    expect(spend(state, 1, 1, at(4)).kind).toBe('insufficient');
    expect(spend(state, 2, 1, at(9)).kind).toBe('insufficient');
    expect(spend(state, 3, 10, at(8)).kind).toBe('redeemed');
  });

  it('of the same fact twice is earning once, and other content is a conflict', () => {
    const fact = sale(1, [{ product: 'tea', points: 10 }]);
    const { state } = given(fact);
    expect(decideReceipt(state, fact, at(3)).kind).toBe('known');
    expect(decideReceipt(state, { ...fact, factHash: 'other' }, at(3)).kind).toBe('conflict');
    expect(unspentOf(state)).toBe(10);
  });

  it('remembers a fact that earned nothing, and its spend', () => {
    const { state, events } = given(sale(1, [{ product: 'tea', points: 0 }]));
    expect(events).toHaveLength(1);
    expect(state.facts.has(receipt(1))).toBe(true);
  });

  it('two identical lines on one receipt both count', () => {
    const { state } = given(
      sale(1, [
        { product: 'tea', points: 3 },
        { product: 'tea', points: 3 },
      ]),
      comeBack(2, [{ product: 'tea', quantity: '2' }]),
    );
    expect(unspentOf(state)).toBe(0);
  });
});

describe('a return', () => {
  it('takes back what the line that it names earned', () => {
    const { state } = given(
      sale(1, [
        { product: 'tea', points: 10 },
        { product: 'pot', points: 30 },
      ]),
      comeBack(2, [{ product: 'pot', of: 1, ordinal: 2 }]),
    );
    expect(unspentOf(state)).toBe(10);
    expect(state.spend.get('2026')).toBe(1000);
  });

  it('after the points were spent makes arrears, which the next award pays first', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    expect(spend(state, 1, 8).kind).toBe('redeemed');
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    expect(valuation(state, at(3))).toMatchObject({ unspent: 0, arrears: 8 });
    decideReceipt(state, sale(3, [{ product: 'pot', points: 20 }]), at(4));
    assertEquation(state);
    expect(valuation(state, at(4))).toMatchObject({ available: 12, arrears: 0 });
  });

  it('is not paid by what comes late and has lapsed by then', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    spend(state, 1, 10);
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    decideReceipt(state, sale(3, [{ product: 'pot', points: 6 }], { expiresAt: at(9) }), at(20));
    assertEquation(state);
    expect(valuation(state, at(20))).toMatchObject({ lapsed: 6, available: 0, arrears: 10 });
  });

  it('takes from the sale’s own lot first, then from what else is there, before it makes arrears', () => {
    const { state, events } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(100) }),
      sale(2, [{ product: 'pot', points: 10 }], { occurredAt: at(1) }),
    );
    expect(events).toHaveLength(2);
    spend(state, 1, 6);
    decideReceipt(state, comeBack(3, [{ product: 'tea', of: 1 }], { occurredAt: at(2) }), at(3));
    assertEquation(state);
    expect(valuation(state, at(3))).toMatchObject({ available: 4, arrears: 0 });
  });

  it('several partial returns that together would take more than the line earned take what it earned', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', quantity: '3', points: 10 }]),
      comeBack(2, [{ product: 'tea', of: 1 }]),
      comeBack(3, [{ product: 'tea', of: 1 }]),
    );
    expect(unspentOf(state)).toBe(4);
    const decision = decideReceipt(
      state,
      comeBack(4, [{ product: 'tea', quantity: '5', of: 1 }]),
      at(3),
    );
    expect(unspentOf(state)).toBe(0);
    expect(decision).toMatchObject({
      events: [{ data: { unmatched: [{ product: 'tea', quantity: '4' }] } }],
    });
  });

  it('that names no sale is matched to earlier ones of the card and product, newest first', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', quantity: '2', points: 20 }], { occurredAt: at(0) }),
      sale(2, [{ product: 'tea', quantity: '2', points: 30 }], { occurredAt: at(1) }),
      sale(3, [{ product: 'tea', quantity: '2', points: 50 }], { occurredAt: at(9) }),
      comeBack(4, [{ product: 'tea', quantity: '3' }], { occurredAt: at(5) }),
    );
    // Two of the newer (30), one of the older (10); the later sale is not touched.
    expect(unspentOf(state)).toBe(60);
  });

  it('with another card, or past the return window, finds nothing', () => {
    const { state, events } = given(
      sale(1, [{ product: 'tea', points: 20 }]),
      comeBack(2, [{ product: 'tea' }], { card: cardToken('c-2') }),
      comeBack(3, [{ product: 'tea' }], { returnsNotBefore: at(1) }),
    );
    expect(unspentOf(state)).toBe(20);
    expect(events.slice(1)).toMatchObject([
      { type: 'EarnReversed', data: { points: 0 } },
      { type: 'EarnReversed', data: { points: 0 } },
    ]);
  });

  it('of a sale past the return window takes nothing back, named or not, though the account still knows it', () => {
    const back = (of?: number) => [{ product: 'tea', ...(of === undefined ? {} : { of }) }];
    const { state, events } = given(
      sale(1, [{ product: 'tea', points: 20 }], { occurredAt: at(0) }),
      comeBack(2, back(1), { occurredAt: at(5), returnsNotBefore: at(1) }),
      comeBack(3, back(), { occurredAt: at(5), returnsNotBefore: at(1) }),
      comeBack(4, back(1), { occurredAt: at(5), returnsNotBefore: at(0) }),
    );
    expect(unspentOf(state)).toBe(0);
    expect(events.slice(1).map(({ data }) => 'points' in data && data.points)).toEqual([0, 0, 20]);
  });

  it('with no sale that we know takes nothing, and the sale that then arrives keeps its points', () => {
    const { state } = given(
      comeBack(1, [{ product: 'tea' }], { occurredAt: at(5) }),
      sale(2, [{ product: 'tea', points: 20 }]),
    );
    expect(unspentOf(state)).toBe(20);
  });
});

describe('a corrected receipt', () => {
  it('reverses what its earlier revision earned and is rated again', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }]),
      sale(1, [{ product: 'tea', points: 25 }], { factRevision: 2 }),
    );
    expect(unspentOf(state)).toBe(25);
    expect(state.spend.get('2026')).toBe(2500);
    expect(decideReceipt(state, sale(1, [{ product: 'tea', points: 10 }]), at(3))).toEqual({
      kind: 'superseded',
      revision: 2,
    });
  });

  it('keeps what has come back of it meanwhile', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', quantity: '2', points: 10 }]),
      comeBack(2, [{ product: 'tea', of: 1 }]),
      sale(1, [{ product: 'tea', quantity: '2', points: 30 }], { factRevision: 2 }),
    );
    expect(unspentOf(state)).toBe(15);
  });

  it('gives back what its returned lines had taken', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }]),
      comeBack(2, [{ product: 'tea' }]),
      sale(2, [], { factRevision: 2, occurredAt: at(1) }),
    );
    expect(unspentOf(state)).toBe(10);
    // The sale holds the line again, so that it can come back.
    decideReceipt(state, comeBack(3, [{ product: 'tea' }]), at(3));
    assertEquation(state);
    expect(unspentOf(state)).toBe(0);
  });
});

describe('redeeming', () => {
  it('takes soonest-expiring lots first, then the oldest', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }]),
      sale(2, [{ product: 'tea', points: 5 }], { expiresAt: at(50) }),
      sale(3, [{ product: 'tea', points: 5 }], { expiresAt: at(40) }),
    );
    const decision = spend(state, 1, 12);
    expect(decision).toMatchObject({
      event: {
        data: {
          allocations: [
            { lot: `${receipt(3)}#1.0`, points: 5 },
            { lot: `${receipt(2)}#1.0`, points: 5 },
            { lot: `${receipt(1)}#1.0`, points: 2 },
          ],
        },
      },
    });
  });

  it('is refused without change when there is not enough, and once per redemption', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 5 }]));
    expect(spend(state, 1, 6)).toEqual({ kind: 'insufficient', available: 5 });
    expect(spend(state, 2, 5).kind).toBe('redeemed');
    expect(spend(state, 2, 5).kind).toBe('known');
    expect(spend(state, 2, 4).kind).toBe('conflict');
  });
});

describe('a refund', () => {
  it('gives the same lots back with their own dates, once', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 5 }], { expiresAt: at(9) }));
    spend(state, 1, 5);
    expect(cancel(state, 1, at(3)).kind).toBe('refunded');
    expect(valuation(state, at(3))).toMatchObject({ available: 5 });
    expect(valuation(state, at(9))).toMatchObject({ lapsed: 5 });
    expect(cancel(state, 1, at(3)).kind).toBe('known');
    expect(cancel(state, 7, at(3)).kind).toBe('unknown-redemption');
  });

  it('after its lots expired comes back by the policy: with own dates, or for a grace', () => {
    const without = given(sale(1, [{ product: 'tea', points: 5 }], { expiresAt: at(9) }));
    spend(without.state, 1, 5);
    cancel(without.state, 1, at(20));
    expect(valuation(without.state, at(20))).toMatchObject({ available: 0, lapsed: 5 });
    const withGrace = given(sale(1, [{ product: 'tea', points: 5 }], { expiresAt: at(9) }));
    spend(withGrace.state, 1, 5);
    cancel(withGrace.state, 1, at(20), 10 * hour);
    expect(valuation(withGrace.state, at(29))).toMatchObject({ available: 5, lapsed: 0 });
    expect(valuation(withGrace.state, at(30))).toMatchObject({ available: 0, lapsed: 5 });
  });

  it('for a grace prolongs what comes back alone: what else of the lot had lapsed stays lapsed, posted or not', () => {
    const refunded = (posted: boolean) => {
      const { state } = given(
        sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }),
        sale(2, [{ product: 'pot', points: 3 }], { expiresAt: at(10) }),
      );
      spend(state, 1, 4);
      if (posted) expire(state, at(20));
      return { state, decision: cancel(state, 1, at(20), 10 * hour) };
    };
    const [early, late] = [refunded(true), refunded(false)];
    expect(early.decision).toMatchObject({ events: [{ type: 'RedemptionRefunded' }] });
    expect(late.decision).toMatchObject({
      events: [
        { type: 'PointsExpired', data: { points: 6 } },
        { type: 'PointsExpired', data: { points: 3 } },
        { type: 'RedemptionRefunded' },
      ],
    });
    expect(late.state).toEqual(early.state);
    expect(valuation(late.state, at(29))).toMatchObject({ available: 4, lapsed: 0 });
    expect(valuation(late.state, at(30))).toMatchObject({ available: 0, lapsed: 4 });
  });

  it('for a grace prolongs nothing that a hold reserves, and not what another refund brought back', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 12 }], { expiresAt: at(9) }));
    spend(state, 1, 4);
    spend(state, 2, 2);
    const hold = factId('hold', 'club', '1');
    const held = decideHold(
      state,
      {
        ...{ hold, factHash: 'h', points: Points.points(6), kind: 'k', reference: 'r' },
        lapsesAt: at(40),
      },
      at(3),
    );
    if (held.kind !== 'held') throw new Error(held.kind);
    evolve(state, held.event);
    cancel(state, 1, at(10), 10 * hour);
    cancel(state, 2, at(15), 10 * hour);
    const released = decideRelease(
      state,
      { fact: factId('release', '1'), factHash: 'h', hold },
      at(16),
    );
    if (released.kind !== 'released') throw new Error(released.kind);
    evolve(state, released.event);
    assertEquation(state);
    expect(valuation(state, at(16))).toMatchObject({ available: 6, lapsed: 6 });
    expect(valuation(state, at(20))).toMatchObject({ available: 2, lapsed: 10 });
    expect(valuation(state, at(25))).toMatchObject({ available: 0, lapsed: 12 });
  });

  it('for a grace is of its sale still: what lapses of it anew, nobody owes when the goods come back', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }));
    spend(state, 1, 4);
    cancel(state, 1, at(10), hour);
    expire(state, at(12));
    const back = comeBack(2, [{ product: 'tea', of: 1 }]);
    expect(decideReceipt(state, back, at(12)).kind).toBe('applied');
    assertEquation(state);
    expect(valuation(state, at(12))).toMatchObject({ unspent: 0, arrears: 0 });
  });

  it('of the same name with other content is a conflict, and of another name comes too late', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 5 }]));
    spend(state, 1, 5);
    const ask = (fact: string, factHash: string) =>
      decideRefund(
        state,
        { fact: factId('refund', fact), factHash, redemption: redemption(1), ...terms },
        at(4),
      ).kind;
    const terms = { reason: 'cancelled', graceMs: 0 };
    cancel(state, 1, at(3));
    expect(ask('1', 'h')).toBe('known');
    expect(ask('1', 'other')).toBe('conflict');
    expect(ask('2', 'h')).toBe('already-refunded');
  });

  it('for a grace posts nothing where nothing of its lots had stayed, and counts from the very moment', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }),
      sale(2, [{ product: 'pot', points: 3 }], { expiresAt: at(10) }),
    );
    spend(state, 1, 10);
    expect(cancel(state, 1, at(9), hour)).toMatchObject({
      events: [{ type: 'RedemptionRefunded', data: { lots: [{ points: 10, expiresAt: at(10) }] } }],
    });
    expect(valuation(state, at(10))).toMatchObject({ available: 0, lapsed: 13 });
    spend(state, 2, 10, at(9));
    const lots = [3, 7].map((points) => ({ points, expiresAt: at(11) }));
    expect(cancel(state, 2, at(10), hour)).toMatchObject({
      events: [
        { type: 'PointsExpired', data: { points: 3 } },
        { type: 'RedemptionRefunded', data: { lots } },
      ],
    });
  });

  it('without a grace leaves each lot the date that it has', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }),
      sale(2, [{ product: 'pot', points: 3 }]),
    );
    spend(state, 1, 12);
    expect(cancel(state, 1, at(20))).toMatchObject({
      events: [
        {
          data: {
            lots: [
              { points: 10, expiresAt: at(9) },
              { points: 2, expiresAt: null },
            ],
          },
        },
      ],
    });
  });

  it('pays what is owed with what is alive of it alone', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) }),
      sale(2, [{ product: 'pot', points: 10 }]),
    );
    spend(state, 1, 17);
    decideReceipt(state, comeBack(3, [{ product: 'pot', of: 2 }]), at(3));
    expect(arrearsOf(state)).toBe(7);
    const paid = (when: number) => {
      const one = structuredClone(state);
      const decision = cancel(one, 1, at(when));
      return decision.kind === 'refunded' ? decision.events.at(-1) : decision;
    };
    const [tea, pot] = [`${receipt(1)}#1.0`, `${receipt(2)}#1.0`];
    expect(paid(8)).toMatchObject({ data: { arrearsPaid: [{ lot: tea, points: 7 }] } });
    expect(paid(9)).toMatchObject({ data: { arrearsPaid: [{ lot: pot, points: 7 }] } });
  });

  it('pays what the account owes first', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    spend(state, 1, 10);
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    expect(arrearsOf(state)).toBe(10);
    cancel(state, 1, at(4));
    expect(valuation(state, at(4))).toMatchObject({ unspent: 0, arrears: 0 });
  });
});

describe('an event that this release does not know', () => {
  it.each([
    ['PointsTeleported', 1],
    ['PointsTeleported', 0],
    ['PointsEarned', 5],
    ['__proto__', 1],
  ])('%s version %i is refused, never skipped', (type, schemaVersion) => {
    expect(() => decodeLedgerEvent({ type, schemaVersion, data: '{}' })).toThrow(
      UnknownLedgerEvent,
    );
  });
});

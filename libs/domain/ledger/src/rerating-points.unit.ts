import { describe, expect, it } from '@jest/globals';
import { instant } from '@tallystick/kernel';
import { decideReceipt, decideRerate, valuation, type Account } from './index.js';
import {
  at,
  cancel,
  comeBack,
  expire,
  given,
  receipt,
  redemption,
  sale,
  spend,
} from '../fixtures/facts.js';
import { again, award, by, earning, line, lotOf, rerate, sold } from '../fixtures/rerating.js';

const tea = (points = 10, rest: Parameters<typeof award>[2] = {}) =>
  earning([award('base', points, rest)]);
const worth = (state: Account, when = at(9)) => {
  const { available, pending, arrears } = valuation(state, when);
  return [available, pending, arrears];
};
const taking = (...of: readonly (readonly [string, number])[]) =>
  of.map(([lot, points]) => ({ lot, points }));

describe('points that a corrected version does not give', () => {
  it('are taken from the receipt’s own lot, then of what replaces it, then in spending order, then owed', () => {
    const { state } = given(
      sold(1, tea(20)),
      sale(2, [{ product: 'pot', points: 3 }], { expiresAt: at(90) }),
      sale(3, [{ product: 'pot', points: 2 }], { expiresAt: at(80) }),
      sale(4, [{ product: 'pot', points: 1 }], { availableAt: at(50) }),
    );
    // 19 are spent, the later two first: 1 is left of the receipt's own lot.
    spend(state, 1, 24);
    expect(worth(state)).toEqual([1, 1, 0]);
    const [event] = rerate(state, by(tea(5)));
    expect(event).toMatchObject({
      taken: taking([lotOf(1), 1], [again(1), 5], [lotOf(4), 1]),
      ...{ arrearsRaised: 13, arrearsPaid: [], points: -15 },
    });
    expect(worth(state)).toEqual([0, 0, 13]);
  });

  it('are taken of other lots no further than is missing, soonest-expiring first', () => {
    const { state } = given(sold(1, tea(10)));
    spend(state, 1, 9);
    decideReceipt(state, sale(2, [{ product: 'pot', points: 3 }], { expiresAt: at(90) }), at(3));
    decideReceipt(state, sale(3, [{ product: 'pot', points: 2 }], { expiresAt: at(80) }), at(3));
    const [event] = rerate(state, by(tea(6)));
    expect(event.taken).toEqual(taking([lotOf(1), 1], [again(1), 6], [lotOf(3), 2], [lotOf(2), 1]));
    expect(event.arrearsRaised).toBe(0);
    expect(worth(state)).toEqual([2, 0, 0]);
  });

  it('are taken of a lot of the receipt that stays as well, where the other is spent', () => {
    const both = (points: number) =>
      earning([award('base', 10), award('bonus', points, { expiresAt: at(80) })]);
    const { state } = given(sold(1, both(8)));
    spend(state, 1, 15);
    const [event] = rerate(state, by(both(2)));
    expect(event.taken).toEqual(taking([again(1), 2], [lotOf(1), 3]));
    expect(worth(state)).toEqual([0, 0, 3]);
  });

  it.each([
    { arrearsPolicy: 'waived' as const, owed: 0, settled: 1 },
    { arrearsPolicy: 'paid-in-money' as const, owed: 6, settled: 0 },
    { arrearsPolicy: 'next-awards' as const, owed: 6, settled: 0 },
  ])(
    'and were spent are owed by the policy: $arrearsPolicy',
    ({ arrearsPolicy, owed, settled }) => {
      const { state } = given(sold(1, tea(10)));
      spend(state, 1, 10);
      const [event, ...adjusted] = rerate(state, by(tea(4), { arrearsPolicy }));
      expect(event).toMatchObject({ arrearsRaised: 6, taken: taking([again(1), 4]) });
      expect(worth(state)).toEqual([0, 0, owed]);
      expect(adjusted).toHaveLength(settled);
      if (settled > 0)
        expect(adjusted).toMatchObject([
          {
            ...{ fact: receipt(1), points: 6, reason: 'arrears-are-waived' },
            ...{ occurredAt: at(9), authority: { by: 'rulebook', rulebook: { version: 2 } } },
          },
        ]);
    },
  );

  it('and had expired unspent nobody owes; what had been spent of them is owed', () => {
    const { state } = given(sold(1, tea(10, { expiresAt: at(5) })));
    spend(state, 1, 4, at(3));
    expire(state, at(6));
    const [event, settled] = rerate(state, by(earning([], [line([])])));
    expect(event).toMatchObject({ taken: [], arrearsRaised: 10, points: -10 });
    expect(settled).toMatchObject({
      ...{ reason: 'expired-before-its-return', points: 6 },
      expiredReturned: taking([lotOf(1), 6]),
    });
    expect(worth(state)).toEqual([0, 0, 4]);
  });

  it('and had expired are told of the lots that had, and of no other', () => {
    const both = earning([award('base', 10, { expiresAt: at(5) }), award('bonus', 4)]);
    const { state } = given(sold(1, both));
    expire(state, at(6));
    const [event, settled] = rerate(state, by(earning([], [line([])])));
    expect(event.taken).toEqual(taking([lotOf(1, 1), 4]));
    expect(settled?.expiredReturned).toEqual(taking([lotOf(1), 10]));
    expect(worth(state)).toEqual([0, 0, 0]);
  });

  it('that had lapsed and were not posted yet come to the same', () => {
    const { state } = given(sold(1, tea(10, { expiresAt: at(5) })));
    spend(state, 1, 4, at(3));
    const [event, ...settled] = rerate(state, by(earning([], [line([])])));
    expect(event).toMatchObject({ taken: taking([lotOf(1), 6]), arrearsRaised: 4 });
    expect(settled).toEqual([]);
    expect(worth(state)).toEqual([0, 0, 4]);
  });

  it('and came back for a grace after they had lapsed are taken where they are now', () => {
    const { state } = given(sold(1, tea(10, { expiresAt: at(5) })));
    spend(state, 1, 10, at(3));
    cancel(state, 1, at(7), 3_600_000 * 24, redemption(1));
    expect(worth(state)).toEqual([10, 0, 0]);
    const [event] = rerate(state, by(tea(4)));
    expect(event.taken.map(({ points }) => points)).toEqual([10]);
    expect(event.taken[0]?.lot).not.toBe(lotOf(1));
    expect(worth(state)).toEqual([4, 0, 0]);
  });

  it('are told by who had paid for them', () => {
    const funded = (...points: readonly number[]) =>
      earning(
        ['chain', 'supplier:x', 'chain'].map((funder, index) =>
          award(`rule-${index}`, points[index] ?? 0, { funder }),
        ),
      );
    const { state } = given(sold(1, funded(10, 5, 2)));
    expect(rerate(state, by(funded(9, 4, 1)))[0].funders).toEqual({ chain: 12, 'supplier:x': 5 });
  });
});

describe('points that a corrected version gives', () => {
  it('pay what the account owes', () => {
    const { state } = given(sold(1, tea(10)), sale(2, [{ product: 'pot', points: 6 }]));
    spend(state, 1, 16);
    decideReceipt(state, comeBack(3, [{ product: 'pot', of: 2 }]), at(4));
    expect(worth(state)).toEqual([0, 0, 6]);
    const [event] = rerate(state, by(tea(18)));
    expect(event).toMatchObject({
      taken: taking([again(1), 10]),
      arrearsPaid: taking([again(1), 6]),
      arrearsRaised: 0,
    });
    expect(worth(state)).toEqual([2, 0, 0]);
  });

  it('pay nothing where the programme has what is owed paid in money', () => {
    const { state } = given(sold(1, tea(10)), sale(2, [{ product: 'pot', points: 6 }]));
    spend(state, 1, 16);
    decideReceipt(state, comeBack(3, [{ product: 'pot', of: 2 }]), at(4));
    rerate(state, by(tea(18), { arrearsPolicy: 'paid-in-money' }));
    expect(worth(state)).toEqual([8, 0, 6]);
  });

  it('are no more than an account can hold', () => {
    const { state } = given(sold(1, tea(10)));
    const room = Number.MAX_SAFE_INTEGER - 10;
    expect(decideRerate(state, by(tea(room + 1)), at(9))).toEqual({ kind: 'beyond-limit' });
    expect(decideRerate(state, by(tea(room)), at(9)).kind).toBe('rerated');
  });

  it('live as long as the account is active, where their lot lapses after inactivity', () => {
    const inactivity = { months: 1, timeZone: 'UTC' };
    const term = (points: number, months = 1) =>
      tea(points, { inactivity: { ...inactivity, months }, expiresAt: at(31 * 24) });
    const dated = (corrected: ReturnType<typeof tea>, days = 21) => {
      const { state } = given(sold(1, term(10)));
      spend(state, 1, 1, at(20 * 24));
      const before = state.lots.get(lotOf(1))?.expiresAt;
      rerate(state, by(corrected), at(days * 24));
      const now = state.lots.get(again(1))?.expiresAt;
      return now === before ? 'as before' : now;
    };
    expect(dated(term(15))).toBe('as before');
    // Its own date is over by then, the account's is not.
    expect(dated(term(15), 40)).toBe('as before');
    // By another term or none: what the corrected version says, and the account's activity.
    expect(dated(term(15, 2))).toBe(instant('2026-03-22T00:00:00Z'));
    expect(dated(tea(15))).toBeNull();
    const none = given(sold(1, tea(10))).state;
    rerate(none, by(term(15)));
    expect(none.lots.get(again(1))?.expiresAt).toBe(instant('2026-02-02T00:00:00Z'));
  });
});

describe('a receipt that a correction gave points back to', () => {
  it('keeps those: they are no rule’s award to it', () => {
    const { state } = given(sold(1, tea(10)), comeBack(2, [{ product: 'tea', of: 1 }]), {
      ...sold(2, tea(4), { factRevision: 2, occurredAt: at(1) }),
      ...{ factHash: 'second', fact: receipt(2) },
    });
    expect(worth(state)).toEqual([14, 0, 0]);
    const [event] = rerate(state, by(tea(6), { fact: receipt(2) }));
    expect(event).toMatchObject({ points: 2, replaced: taking([lotOf(2), 4]) });
    expect(event.lines).toMatchObject([{ points: [0, 6] }]);
    expect(worth(state)).toEqual([16, 0, 0]);
  });
});

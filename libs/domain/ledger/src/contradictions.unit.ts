import { describe, expect, it } from '@jest/globals';
import { Points, accountId, factId } from '@tallystick/kernel';
import {
  at,
  cancel,
  capture,
  comeBack,
  given,
  holdOf,
  leave,
  opened,
  receipt,
  redemption,
  release,
  reserve,
  sale,
  spend,
} from '../fixtures/facts.js';
import { award, by, earning, rerate, sold } from '../fixtures/rerating.js';
import {
  decideReceipt,
  decodeLedgerEvent,
  evolve,
  UnknownLedgerEvent,
  type Account,
  type EarnReversed,
  type HoldCaptured,
  type LedgerEvent,
  type MergeOut,
  type RedemptionRefunded,
} from './index.js';

const points = (value: number) => Points.points(value);
const tea = () => given(sale(1, [{ product: 'tea', points: 10 }])).state;
const lot = `${receipt(1)}#1.0`;
const refusal = (state: Account, event: LedgerEvent, why: string): void => {
  expect(() => evolve(state, event)).toThrow(why);
};

/** What a decider would never write: whoever folds it stops, rather than go on with a balance that is not true. */
describe('an event that contradicts its stream is refused', () => {
  it('a second opening', () => {
    const state = opened();
    const data = state.opened;
    if (data === null) throw new Error('it was opened');
    refusal(state, { type: 'AccountOpened', data }, 'an account is opened once');
  });

  it('a type that nobody knows, even past the decoder', () => {
    const event = { type: 'PointsTeleported', data: {} } as never;
    expect(() => evolve(opened(), event)).toThrow('PointsTeleported');
  });

  const returned = (): EarnReversed => {
    const decision = decideReceipt(tea(), comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    const event = decision.kind === 'applied' ? decision.events[0] : undefined;
    if (event?.type !== 'EarnReversed') throw new Error('it is a return');
    return event;
  };
  const reversalWith = (change: Partial<EarnReversed['data']['reversals'][number]>) => {
    const event = returned();
    const reversals = event.data.reversals.map((reversal) => ({ ...reversal, ...change }));
    return { ...event, data: { ...event.data, reversals } };
  };

  it('a return of a sale, a line or a lot that is not there', () => {
    refusal(tea(), reversalWith({ fact: receipt(7) }), `sale ${receipt(7)} is known`);
    refusal(tea(), reversalWith({ ordinal: 7 }), `sale ${receipt(1)} has line 7`);
    const lots = [{ lot: 'other', points: points(10) }];
    refusal(tea(), reversalWith({ lots }), `lot other is of sale ${receipt(1)}`);
  });

  it.each([
    { what: 'a lot that is not there', lot: 'other', points: 1 },
    { what: 'more than a lot holds', lot, points: 11 },
  ])('points taken from $what', (taken) => {
    const allocations = [{ lot: taken.lot, points: points(taken.points) }];
    const data = {
      ...{ redemption: redemption(1), factHash: 'h', occurredAt: at(2), allocations },
      ...{ points: points(taken.points), kind: 'discount', reference: 'till' },
    };
    const why = `lot ${taken.lot} holds ${taken.points}`;
    refusal(tea(), { type: 'PointsRedeemed', data }, why);
  });

  const refunded = (): { state: Account; event: RedemptionRefunded } => {
    const [state, other] = [tea(), tea()];
    for (const one of [state, other]) spend(one, 1, 4);
    const decision = cancel(other, 1, at(3));
    const event = decision.kind === 'refunded' ? decision.events[0] : undefined;
    if (event?.type !== 'RedemptionRefunded') throw new Error('it is a refund');
    return { state, event };
  };

  it('a refund of what was not redeemed, or to a lot that never was', () => {
    const { state, event } = refunded();
    const { data } = event;
    const unknown = { ...event, data: { ...data, redemption: redemption(9) } };
    refusal(state, unknown, `refund of an unknown redemption ${redemption(9)}`);
    const lots = data.lots.map((back) => ({ ...back, lot: 'other' }));
    refusal(state, { ...event, data: { ...data, lots } }, 'lot other is known');
  });

  const held = (): Account => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(90) }),
      sale(2, [{ product: 'tea', points: 10 }]),
    );
    reserve(state, 1, 14);
    return state;
  };
  const captured = (): HoldCaptured => {
    const decision = capture(held(), 1, 12);
    const event = decision.kind === 'captured' ? decision.events[0] : undefined;
    if (event?.type !== 'HoldCaptured') throw new Error('it is a capture');
    return event;
  };

  it('a capture of other lots than the hold reserves', () => {
    const { data } = captured();
    const [first, second] = data.allocations;
    if (first === undefined || second === undefined) throw new Error('it takes from two lots');
    for (const allocations of [
      [first],
      [first, second, first],
      [second, first],
      [{ ...first, lot: 'other' }, second],
      [first, { ...second, lot: 'other' }],
      [{ ...first, points: points(9) }, second],
      [first, { ...second, points: points(3) }],
    ]) {
      const event: LedgerEvent = { type: 'HoldCaptured', data: { ...data, allocations } };
      refusal(held(), event, `capture ${data.fact} takes what hold ${data.hold} reserves`);
    }
    expect(evolve(held(), { type: 'HoldCaptured', data }).totals.redeemed).toBe(12);
  });

  it('a capture of a hold that is over, or never was', () => {
    const { data } = captured();
    const state = held();
    release(state, 1);
    refusal(state, { type: 'HoldCaptured', data }, `hold ${holdOf(1)} is open`);
    refusal(tea(), { type: 'HoldCaptured', data }, `hold ${holdOf(1)} is open`);
  });

  it('an account that takes along other sums than it has', () => {
    const owing = () => {
      const state = held();
      spend(state, 1, 4);
      decideReceipt(state, comeBack(3, [{ product: 'tea', of: 1 }]), at(3));
      return state;
    };
    const decision = leave(owing(), opened(accountId('other')), 1);
    if (decision.kind !== 'left') throw new Error(decision.kind);
    const { data } = decision.event;
    expect(data).toMatchObject({ unspent: 0, held: 14, arrears: 8 });
    const other: readonly Partial<MergeOut>[] = [
      { unspent: points(1) },
      { held: points(13) },
      { arrears: points(7) },
    ];
    for (const change of other) {
      const event: LedgerEvent = { type: 'AccountsMerged', data: { ...data, ...change } };
      refusal(owing(), event, `account ${data.source} takes along what it has`);
    }
    expect(evolve(owing(), { type: 'AccountsMerged', data }).merged?.into).toBe('other');
  });

  it('a receipt that is rated again and is not there', () => {
    const { state } = given(sold(1, earning([award('base', 10)])));
    const [data] = rerate(state, by(earning([award('base', 4)])));
    refusal(opened(), { type: 'EarningRerated', data }, `fact ${receipt(1)} is known`);
  });

  it('what a newer release wrote, and says which', () => {
    const decode = () => decodeLedgerEvent({ type: 'PointsEarned', schemaVersion: 5, data: '{}' });
    expect(decode).toThrow(UnknownLedgerEvent);
    expect(decode).toThrow(
      'this release does not understand ledger event PointsEarned version 5: upgrade it',
    );
    expect(new UnknownLedgerEvent('PointsEarned', 3).name).toBe('UnknownLedgerEvent');
  });
});

/** It gave back what the return had taken then, whatever the sale was by now. */
describe('a corrected return as an older release wrote it', () => {
  const lots = [{ lot, points: points(10) }];
  const gaveBack = { ordinal: 1, quantity: '1', points: points(10), lots, spendMinor: 1000 };
  const corrected = (state: Account, change: Partial<typeof gaveBack> = {}) => {
    const fact = sale(2, [], { factRevision: 2, occurredAt: at(1) });
    const [event] = events(state, fact);
    if (event?.type !== 'PointsEarned') throw new Error('it is told anew');
    const [old] = tea().lots.values();
    if (old === undefined) throw new Error('it has a lot');
    const again = { ...old.lot, id: `${receipt(2)}#2.0` };
    const reinstated = [{ fact: receipt(1), returnedBy: 1, ...gaveBack, ...change }];
    const data = { ...event.data, lots: [again], points: points(10), reinstated };
    return { ...event, data };
  };
  const events = (state: Account, fact: ReturnType<typeof sale>) => {
    const decision = decideReceipt(state, fact, at(3));
    return decision.kind === 'applied' ? decision.events : [];
  };
  const returned = () =>
    given(sale(1, [{ product: 'tea', points: 10 }]), comeBack(2, [{ product: 'tea', of: 1 }]));
  const held = (state: Account) => [
    state.facts.get(receipt(1))?.lines.map((line) => line.returned),
    state.spend.get('2026'),
  ];

  it('is of a sale that stands as it was: that holds it again', () => {
    const event = corrected(returned().state);
    expect(held(evolve(returned().state, event))).toEqual([['0'], 1000]);
  });

  it('leaves a sale alone that was corrected meanwhile: its lines are others', () => {
    const event = corrected(returned().state);
    const { state: other } = returned();
    events(other, sale(1, [{ product: 'tea', points: 30 }], { factRevision: 2 }));
    expect(held(evolve(other, event))).toEqual([['1'], 0]);
    const { state: gone } = returned();
    events(gone, sale(1, [], { factRevision: 2 }));
    expect(held(evolve(gone, event))).toEqual([[], 0]);
    // A line that had earned nothing names no lot: there it is gone, or holds less than that.
    const free = { lots: [], points: points(0), spendMinor: 0 };
    const { state: without } = returned();
    events(without, sale(1, [], { factRevision: 2 }));
    expect(held(evolve(without, corrected(returned().state, free)))).toEqual([[], 0]);
    const more = corrected(returned().state, { ...free, quantity: '2' });
    expect(held(evolve(returned().state, more))).toEqual([['1'], 0]);
  });

  it('of a receipt’s own line counts one visit', () => {
    const own = (factRevision: number) =>
      sale(2, [{ product: 'tea', points: 10 }], { factRevision });
    const first = given(sale(1, [{ product: 'bag', points: 0 }]), own(1)).state;
    const again = decideReceipt(first, own(2), at(3));
    if (again.kind !== 'applied') throw new Error(again.kind);
    const [back, event] = again.events;
    if (event?.type !== 'PointsEarned' || back === undefined) throw new Error('it is told anew');
    const state = given(sale(1, [{ product: 'bag', points: 0 }]), own(1)).state;
    const reinstated = [
      {
        fact: receipt(2),
        returnedBy: 2,
        ...gaveBack,
        lots: [{ lot: `${receipt(2)}#1.0`, points: points(10) }],
      },
    ];
    evolve(evolve(state, back), { ...event, data: { ...event.data, reinstated } });
    expect([...state.history.values()].map(({ visits }) => visits)).toEqual([2]);
  });
});

describe('what only the memory of an account shows', () => {
  it('a receipt that only returned sold nothing', () => {
    const state = tea();
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    expect(state.facts.get(receipt(2))).toMatchObject({
      ...{ card: null, spendYear: '', lots: [], lines: [], sequence: 1 },
      reversals: [{ fact: receipt(1), points: 10 }],
    });
    expect(state.factsApplied).toBe(2);
  });

  it('what the rulebook settles is no fact of its own', () => {
    const state = tea();
    spend(state, 1, 8);
    const fact = { ...comeBack(2, [{ product: 'tea', of: 1 }]), arrearsPolicy: 'waived' } as const;
    decideReceipt(state, fact, at(3));
    expect(state.totals.adjustedUp).toBe(8);
    expect(state.known.size).toBe(0);
  });

  it('a refund, by whom and with what', () => {
    const state = tea();
    spend(state, 1, 4);
    cancel(state, 1, at(3));
    expect(state.redemptions.get(redemption(1))).toMatchObject({
      refundedBy: factId('refund', '1'),
      refundHash: 'h',
    });
  });
});

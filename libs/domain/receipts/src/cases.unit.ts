/** Cases that other systems get wrong, from a till's receipt to the account: each test bears the case's name. */
import { describe, expect, it } from '@jest/globals';
import { Points, factId, instant } from '@tallystick/kernel';
import {
  decideCapture,
  decideExpiry,
  decideHold,
  decideLapses,
  decideMergeIn,
  decideMergeOut,
  decideRelease,
  type HoldDecision,
} from '@tallystick/ledger';
import { Club, refOf } from '../fixtures/club.js';

const noon = '2026-05-05T12:00:00Z';
const later = '2026-05-06T12:00:00Z';
const tea = { product: 'tea', amount: '10.00' };
const back = { product: 'tea', amount: '-10.00' };
const named = (number: string, ordinal: number | null = null) => ({
  ...back,
  of: { ...refOf(number), ordinal },
});
const hours = (count: number) =>
  instant(`2026-05-05T${String(12 + count).padStart(2, '0')}:00:00Z`);

const holdOf = (club: Club, name: string, points: number, lapsesAt = hours(2)): HoldDecision => {
  const command = {
    ...{ hold: factId('hold', name), factHash: 'h', points: Points.points(points) },
    ...{ kind: 'reward:mug', reference: 'cart', lapsesAt },
  };
  const decision = decideHold(club.present(hours(1)), command, hours(1));
  if (decision.kind === 'held') club.fold([decision.event]);
  return decision;
};
const captureOf = (club: Club, name: string, points: number, at: string, id = club.ann) => {
  const command = {
    ...{ fact: factId('capture', name), factHash: 'h', hold: factId('hold', name) },
    ...{ points: Points.points(points), last: true },
  };
  const decision = decideCapture(club.present(at, id), command, instant(at));
  if (decision.kind === 'captured') club.fold(decision.events, id);
  return decision;
};
const expire = (club: Club, at: string) => {
  const decision = decideExpiry(club.account(), {
    fact: factId('expiry', at),
    through: instant(at),
  });
  if (decision.kind === 'expired') club.fold([decision.event]);
  return decision;
};

describe('cases that other systems get wrong', () => {
  it('return after the points were spent (arrears)', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.redeem('mug', 8, noon);
    const returned = club.hears({ number: '2', at: later, lines: [named('1')] });
    expect(returned).toMatchObject({ reversed: 10, arrearsRaised: 8 });
    expect(club.worth(later)).toMatchObject({ unspent: 0, arrears: 8 });
    club.hears({ number: '3', at: later, lines: [{ product: 'pot', amount: '20.00' }] });
    expect(club.worth(later)).toMatchObject({ available: 12, arrears: 0 });
  });

  it.each([
    { policy: 'next-awards', arrears: 0, available: 12 },
    { policy: 'waived', arrears: 0, available: 20 },
    { policy: 'paid-in-money', arrears: 8, available: 20 },
  ] as const)(
    'return after the points were spent (arrears), by the programme’s policy: $policy',
    ({ policy, arrears, available }) => {
      const club = new Club({ arrears: { policy } });
      club.hears({ number: '1', at: noon, lines: [tea] });
      club.redeem('mug', 8, noon);
      club.hears({ number: '2', at: later, lines: [named('1')] });
      club.hears({ number: '3', at: later, lines: [{ product: 'pot', amount: '20.00' }] });
      expect(club.worth(later)).toMatchObject({ available, arrears });
    },
  );

  it.each([
    { graceDays: 0, available: 0, expired: 10 },
    { graceDays: 10, available: 4, expired: 6 },
  ])(
    'a burn cancelled after its lots expired: with a grace of $graceDays days, $available come back',
    ({ graceDays, available, expired }) => {
      const lots = { pendingDays: 0, expiry: { months: 1, until: 'day' } } as const;
      // What was never spent is gone, whether or not the clock had said so before the cancellation.
      for (const posted of [true, false]) {
        const club = new Club({ lots, refunds: { graceDays } });
        club.hears({ number: '1', at: noon, lines: [tea] });
        club.redeem('mug', 4, later);
        if (posted) expire(club, '2026-06-07T00:00:00Z');
        expect(club.refund('mug', '2026-07-01T00:00:00Z').kind).toBe('refunded');
        expire(club, '2026-07-02T00:00:00Z');
        expect(club.worth('2026-07-02T00:00:00Z')).toMatchObject({ unspent: available, available });
        expect(club.account().totals).toMatchObject({ expired, refunded: 4, redeemed: 4 });
        expect(club.worth('2026-07-11T00:00:00Z').available).toBe(0);
      }
    },
  );

  it.each([
    // 30 days back from the evening of the day: over the change to summer time, and from it, to the end of the last day.
    ['2026-03-10T12:00:00+01:00', '2026-04-09T18:00:00+02:00', 10],
    ['2026-03-10T00:00:00+01:00', '2026-04-09T23:59:59+02:00', 10],
    ['2026-03-10T12:00:00+01:00', '2026-04-10T00:00:00+02:00', 0],
    ['2026-10-10T23:59:59+02:00', '2026-11-09T23:59:59+01:00', 10],
    ['2026-10-10T23:59:59+02:00', '2026-11-10T00:00:00+01:00', 0],
  ])(
    'the return window counts days of the programme, over a daylight-saving change too: sold at %s, back at %s, it takes %i',
    (sold, returned, takes) => {
      for (const line of [back, named('1')]) {
        const club = new Club({ timeZone: 'Europe/Warsaw', returns: { windowDays: 30 } });
        club.hears({ number: '1', at: sold, lines: [tea] });
        expect(club.hears({ number: '2', at: returned, lines: [line] }).reversed).toBe(takes);
      }
    },
  );

  it('several partial returns that together would take more than the line earned', () => {
    const club = new Club();
    const sold = { product: 'tea', amount: '10.00', quantity: '3' };
    club.hears({ number: '1', at: noon, lines: [sold] });
    const one = { product: 'tea', amount: '-3.33', of: { ...refOf('1'), ordinal: 1 } };
    const taken = ['2', '3', '4', '5'].map(
      (number) => club.hears({ number, at: later, lines: [one] }).reversed,
    );
    expect(taken).toEqual([3, 3, 4, 0]);
    expect(club.worth(later)).toMatchObject({ unspent: 0, arrears: 0 });
  });

  // One that names its sale takes it back when that arrives: `returned-goods.unit.ts` of accrual, where a sale’s stream knows its returns.
  it('a return with no sale that we know, and names none, and the sale that then arrives', () => {
    const club = new Club();
    const unknown = club.hears({ number: '2', at: later, lines: [back] });
    expect(unknown).toMatchObject({
      outcome: 'nothing',
      reversed: 0,
      lines: [{ outcome: 'unmatched' }],
    });
    expect(club.hears({ number: '1', at: noon, lines: [tea] }, later).earned).toBe(10);
    expect(club.worth(later)).toMatchObject({ available: 10, arrears: 0 });
    // The return has been answered; the goods can come back once more, with a receipt of its own.
    expect(club.hears({ number: '3', at: later, lines: [named('1')] }).reversed).toBe(10);
    expect(club.worth(later)).toMatchObject({ unspent: 0, arrears: 0 });
  });

  it.each([
    { year: 2026, last: '2026-02-28T23:59:59.999Z', first: '2026-03-01T00:00:00Z' },
    { year: 2028, last: '2028-02-29T23:59:59.999Z', first: '2028-03-01T00:00:00Z' },
  ])('31 January + 1 month, in $year', ({ year, last, first }) => {
    const club = new Club({ lots: { pendingDays: 0, expiry: { months: 1, until: 'day' } } });
    club.hears({ number: '1', at: `${year}-01-31T23:30:00Z`, lines: [tea] });
    expect(club.worth(last)).toMatchObject({ available: 10, lapsed: 0 });
    expect(club.worth(first)).toMatchObject({ available: 0, lapsed: 10 });
  });

  it.each([
    // The evening before the clocks go forward: the next day is 23 hours long, the one after begins in summer time.
    ['2026-03-28T22:30:00Z', 1, '2026-03-28T23:00:00Z'],
    ['2026-03-28T22:30:00Z', 2, '2026-03-29T22:00:00Z'],
    // Half an hour later it is the next day in Warsaw.
    ['2026-03-28T23:00:00Z', 1, '2026-03-29T22:00:00Z'],
    // And back: the day is 25 hours long.
    ['2026-10-24T21:59:59Z', 1, '2026-10-24T22:00:00Z'],
    ['2026-10-24T22:00:00Z', 1, '2026-10-25T23:00:00Z'],
  ])(
    'a programme’s day in its own time zone over a daylight-saving change: sold at %s, pending for %i, there at %s',
    (at, pendingDays, available) => {
      const lots = { pendingDays, expiry: 'never' } as const;
      const club = new Club({ timeZone: 'Europe/Warsaw', lots });
      club.hears({ number: '1', at, lines: [tea] });
      const before = instant(new Date(Date.parse(available) - 1).toISOString());
      expect(club.worth(before)).toMatchObject({ pending: 10, available: 0 });
      expect(club.worth(available)).toMatchObject({ pending: 0, available: 10 });
    },
  );

  it('the sale that arrives late', () => {
    const lots = { pendingDays: 0, expiry: { months: 1, until: 'day' } } as const;
    const club = new Club(
      { lots },
      { version: 2, effectiveFrom: '2026-06-01T00:00:00Z', name: 'Twice', earning: [] },
    );
    expire(club, '2026-06-20T00:00:00Z');
    // Rated by the rulebook of its own day, and lapsed on its own day; the clock's next run posts it.
    expect(club.hears({ number: '1', at: noon, lines: [tea] }, '2026-06-20T00:00:00Z').earned).toBe(
      10,
    );
    expect(club.worth('2026-06-20T00:00:00Z')).toMatchObject({ lapsed: 10, available: 0 });
    expect(club.redeem('mug', 1, '2026-06-20T00:00:00Z').kind).toBe('insufficient');
    expect(expire(club, '2026-06-20T00:00:00Z').kind).toBe('expired');
  });

  it('the sale that arrives late is matched by no return that came before it, and by the next one', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.hears({ number: '3', at: later, lines: [back] });
    expect(club.hears({ number: '2', at: noon, lines: [tea] }, later).earned).toBe(10);
    expect(club.worth(later).available).toBe(10);
    expect(club.hears({ number: '4', at: later, lines: [back] }).reversed).toBe(10);
  });

  it('the same receipt number at another store or on another day', () => {
    const club = new Club();
    const lines = [tea];
    expect(club.hears({ number: '1', at: noon, lines }).earned).toBe(10);
    expect(club.hears({ number: '1', at: noon, store: 'station', lines }).earned).toBe(10);
    expect(club.hears({ number: '1', at: later, day: '2026-05-06', lines }).earned).toBe(10);
    expect(club.hears({ number: '1', at: later, lines }).outcome).toBe('refused');
    expect(club.worth(later).available).toBe(30);
    // A return of one of them takes from that one alone.
    const of = { ...refOf('1', { store: 'station' }), ordinal: 1 };
    expect(club.hears({ number: '9', at: later, lines: [{ ...back, of }] }).reversed).toBe(10);
    expect(club.hears({ number: '10', at: later, lines: [{ ...back, of }] }).reversed).toBe(0);
    expect(club.worth(later).available).toBe(20);
  });

  it('two identical lines on one receipt (both count: a line is its ordinal)', () => {
    const club = new Club();
    expect(club.hears({ number: '1', at: noon, lines: [tea, tea] })).toMatchObject({
      earned: 20,
      lines: [
        { ordinal: 1, points: 10 },
        { ordinal: 2, points: 10 },
      ],
    });
    expect(club.hears({ number: '2', at: later, lines: [named('1', 2)] }).reversed).toBe(10);
    expect(club.hears({ number: '3', at: later, lines: [named('1', 2)] }).reversed).toBe(0);
    expect(club.hears({ number: '4', at: later, lines: [named('1', 1)] }).reversed).toBe(10);
    // Two identical returned lines count twice as well.
    const other = new Club();
    other.hears({ number: '1', at: noon, lines: [tea, tea] });
    expect(other.hears({ number: '2', at: later, lines: [back, back] }).reversed).toBe(20);
  });

  it('redeem against one pool, deduct from another', () => {
    const club = new Club({ lots: { pendingDays: 1, expiry: { months: 1, until: 'day' } } });
    club.hears({ number: '1', at: '2026-04-05T12:00:00Z', lines: [tea] }); // lapses after 5 May
    club.hears({ number: '2', at: '2026-04-20T12:00:00Z', lines: [tea] });
    club.hears({ number: '3', at: '2026-05-05T22:00:00Z', lines: [tea] }); // pending until 6 May
    for (const [at, available] of [
      ['2026-05-05T22:30:00Z', 20],
      ['2026-05-05T23:00:00Z', 20], // one has lapsed, one has become available
      ['2026-05-20T23:00:00Z', 10],
    ] as const) {
      expect(club.worth(at).available).toBe(available);
      expect(club.redeem(`${at} too many`, available + 1, at)).toEqual({
        kind: 'insufficient',
        available,
      });
    }
    const at = '2026-05-05T23:00:00Z';
    const before = club.worth(at);
    const decision = club.redeem('all', 20, at);
    expect(decision).toMatchObject({ event: { data: { allocations: [{}, {}] } } });
    expect(club.worth(at)).toEqual({ ...before, available: 0, unspent: before.unspent - 20 });
  });

  it('a hold that lapses while it is captured', () => {
    const lapsing = new Club();
    lapsing.hears({ number: '1', at: noon, lines: [tea] });
    expect(holdOf(lapsing, 'mug', 7).kind).toBe('held');
    // At the very moment that its time is over, it can be captured no more, whether or not the clock has run.
    const over = { kind: 'closed', status: 'lapsed' };
    expect(captureOf(lapsing, 'mug', 7, hours(2))).toEqual(over);
    expect(lapsing.worth(hours(2))).toMatchObject({ available: 10, held: 0 });
    lapsing.fold(decideLapses(lapsing.account(), hours(2)));
    expect(captureOf(lapsing, 'mug', 7, hours(1))).toEqual(over);
    expect(lapsing.worth(hours(2))).toMatchObject({ available: 10, held: 0 });

    const captured = new Club();
    captured.hears({ number: '1', at: noon, lines: [tea] });
    holdOf(captured, 'mug', 7);
    expect(captureOf(captured, 'mug', 7, '2026-05-05T13:59:59.999Z').kind).toBe('captured');
    expect(decideLapses(captured.account(), hours(2))).toEqual([]);
    expect(captured.worth(hours(2))).toMatchObject({ available: 3, held: 0 });
  });

  it('two cards of one member used at one instant', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.hears({ number: '2', at: noon, card: club.secondCard, lines: [tea] });
    expect(club.worth(noon).available).toBe(20);
    // Each card alone could pay 15; together they have 20.
    expect([club.redeem('one', 15, noon).kind, club.redeem('other', 15, noon).kind]).toEqual([
      'redeemed',
      'insufficient',
    ]);
    // A return that names no receipt is matched to sales of the card that is shown.
    const other = club.hears({
      ...{ number: '3', at: later, card: club.secondCard },
      lines: [back, back],
    });
    expect(other.lines.map(({ outcome }) => outcome)).toEqual(['reversed', 'unmatched']);
  });

  it('points earned on the part that was paid with points', () => {
    const club = new Club();
    const lines = [
      { product: 'tea', amount: '30.00' },
      { product: 'pot', amount: '10.00' },
    ];
    const slip = { number: '1', at: noon, paidWithPoints: '10.00', lines };
    // A quarter was paid with points: 22.50 and 7.50 were paid with money.
    expect(club.hears(slip)).toMatchObject({ earned: 29, lines: [{ points: 22 }, { points: 7 }] });
    const all = { number: '2', at: noon, paidWithPoints: '40.00', lines };
    expect(club.hears(all)).toMatchObject({ earned: 0, outcome: 'nothing' });
    // What comes back takes what it earned, not what it cost.
    const pot = { product: 'pot', amount: '-10.00', of: { ...refOf('1'), ordinal: 2 } };
    expect(club.hears({ number: '3', at: later, lines: [pot] }).reversed).toBe(7);
  });

  it('merge of accounts with holds open', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [tea] });
    club.hears({ number: '2', at: noon, card: club.bobsCard, lines: [tea] });
    for (const [name, points] of [
      ['mug', 4],
      ['cup', 3],
    ] as const)
      holdOf(club, name, points);
    const left = decideMergeOut(
      club.account(),
      {
        ...{ fact: factId('merge', '1'), factHash: 'h', target: club.bob, reason: 'one household' },
        keepFrom: instant('2025-05-05T00:00:00Z'),
      },
      hours(1),
    );
    if (left.kind !== 'left') throw new Error(left.kind);
    club.fold([left.event]);
    const taken = decideMergeIn(club.account(club.bob), left.event.data, hours(1));
    if (taken.kind !== 'absorbed') throw new Error(taken.kind);
    club.fold([taken.event], club.bob);
    expect(club.worth(hours(1))).toMatchObject({ unspent: 0, held: 0 });
    expect(club.worth(hours(1), club.bob)).toMatchObject({ available: 13, held: 7 });
    expect(captureOf(club, 'mug', 4, hours(1))).toEqual({ kind: 'merged', into: club.bob });
    expect(captureOf(club, 'mug', 4, hours(1), club.bob).kind).toBe('captured');
    const release = { fact: factId('release', '1'), factHash: 'h', hold: factId('hold', 'cup') };
    const released = decideRelease(club.account(club.bob), release, hours(1));
    if (released.kind === 'released') club.fold([released.event], club.bob);
    expect(club.worth(hours(1), club.bob)).toMatchObject({ available: 16, held: 0 });
  });

  it('the last point: of 10,000 redemptions of a balance of 5,000, one after another, exactly 5,000 succeed', () => {
    const club = new Club();
    club.hears({ number: '1', at: noon, lines: [{ product: 'tea', amount: '5000.00' }] });
    let redeemed = 0;
    for (let number = 0; number < 10_000; number += 1)
      if (club.redeem(`${number}`, 1, noon).kind === 'redeemed') redeemed += 1;
    expect(redeemed).toBe(5_000);
    expect(club.worth(noon)).toMatchObject({ unspent: 0, arrears: 0 });
  });
});

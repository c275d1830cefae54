import { describe, expect, it } from '@jest/globals';
import {
  addDays,
  addMonths,
  addMs,
  factId,
  instant,
  localDate,
  startOfDay,
  timeZone,
} from '@tallystick/kernel';
import {
  at,
  cancel,
  capture,
  comeBack,
  expire,
  given,
  hour,
  opened,
  release,
  reserve,
  sale,
  spend,
} from '../fixtures/facts.js';
import {
  assertEquation,
  decideExpiries,
  decideExpiry,
  decideReceipt,
  emptyAccount,
  evolve,
  expiryFact,
  nextDue,
  valuation,
} from './index.js';

const tea = (number: number, points: number, expiresAt: number) =>
  sale(number, [{ product: 'tea', points }], { expiresAt: at(expiresAt) });

describe('posted expiry', () => {
  it('posts what has lapsed up to a moment, and finds nothing when it runs again', () => {
    const { state } = given(tea(1, 5, 9), tea(2, 7, 20), sale(3, [{ product: 'pot', points: 3 }]));
    expect(expire(state, at(8)).kind).toBe('nothing');
    expect(expire(state, at(9))).toMatchObject({ event: { data: { points: 5 } } });
    expect(valuation(state, at(9))).toMatchObject({ unspent: 10, lapsed: 0, available: 10 });
    expect(expire(state, at(9)).kind).toBe('nothing');
    expect(expire(state, at(8)).kind).toBe('nothing');
    expect(expire(state, at(99))).toMatchObject({ event: { data: { points: 7 } } });
    expect(state.totals.expired).toBe(12);
  });

  it('broken off and run again, or run late, comes to the same as run each hour', () => {
    const sales = [tea(1, 5, 9), tea(2, 7, 11), tea(3, 2, 11), tea(4, 4, 30)];
    const hourly = given(...sales).state;
    for (let hours = 3; hours <= 12; hours += 1) expire(hourly, at(hours));
    const late = given(...sales).state;
    expire(late, at(12));
    expect(hourly).toEqual(late);
    expect(late.totals.expired).toBe(14);
  });

  it('a pending lot does not expire before it has become available', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }], { availableAt: at(20), expiresAt: at(10) }),
    );
    expect(nextDue(state)).toBe(at(20));
    expect(expire(state, at(19)).kind).toBe('nothing');
    expect(valuation(state, at(19))).toMatchObject({ pending: 5 });
    expect(expire(state, at(20)).kind).toBe('expired');
  });

  it('the sale that arrives late has expired when it comes, and is posted by the next run', () => {
    const state = opened();
    expire(state, at(50));
    decideReceipt(state, tea(1, 5, 9), at(60));
    expect(valuation(state, at(60))).toMatchObject({ lapsed: 5, available: 0 });
    expect(expire(state, at(60))).toMatchObject({ event: { data: { points: 5 } } });
  });

  it('a burn cancelled after its lots expired', () => {
    const { state } = given(tea(1, 5, 9));
    spend(state, 1, 3);
    expire(state, at(10));
    cancel(state, 1, at(20));
    expect(valuation(state, at(20))).toMatchObject({ lapsed: 3, available: 0 });
    expect(expire(state, at(20))).toMatchObject({ event: { data: { points: 3 } } });
    const grace = given(tea(1, 5, 9)).state;
    spend(grace, 1, 3);
    expire(grace, at(10));
    cancel(grace, 1, at(20), 10 * hour);
    expect(valuation(grace, at(29))).toMatchObject({ lapsed: 0, available: 3 });
    expect(expire(grace, at(30))).toMatchObject({ event: { data: { points: 3 } } });
  });

  it('before a return of its goods, or after it, makes no difference: nobody owes what expired unspent', () => {
    const sales = [tea(1, 10, 9), sale(2, [{ product: 'pot', points: 6 }])];
    const back = comeBack(3, [{ product: 'tea', of: 1 }], { occurredAt: at(10) });
    const before = given(...sales).state;
    spend(before, 1, 4);
    expire(before, at(10));
    expect(decideReceipt(before, back, at(12))).toMatchObject({
      events: [
        { type: 'EarnReversed', data: { points: 10, arrearsRaised: 6 } },
        {
          type: 'PointsAdjusted',
          data: { cause: 'arrears-waived', points: 6, authority: { by: 'rulebook' } },
        },
      ],
    });
    assertEquation(before);
    const after = given(...sales).state;
    spend(after, 1, 4);
    decideReceipt(after, back, at(12));
    expire(after, at(12));
    // Four were spent, so four of the other lot pay for them.
    expect(valuation(before, at(12))).toEqual(valuation(after, at(12)));
    expect(valuation(before, at(12))).toMatchObject({ available: 2, arrears: 0 });
  });

  it('is of no account that was never opened', () => {
    const clock = { fact: factId('expiry', '1'), through: at(1) };
    expect(decideExpiry(emptyAccount(), clock).kind).toBe('unopened');
  });

  it('is due when the next lot lapses', () => {
    const { state } = given(tea(1, 5, 9), tea(2, 7, 4), sale(3, [{ product: 'pot', points: 3 }]));
    expect(nextDue(state)).toBe(at(4));
    expire(state, at(9));
    expect(nextDue(state)).toBeNull();
    expect(nextDue(given(tea(1, 5, 4), tea(2, 7, 9)).state)).toBe(at(4));
  });

  it('is due when the next open hold lapses, and no more when that is over', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 5 }]), tea(2, 5, 30));
    reserve(state, 1, 2, 1, 10);
    reserve(state, 2, 2, 1, 20);
    expect(nextDue(state)).toBe(at(10));
    release(state, 1);
    expect(nextDue(state)).toBe(at(20));
    capture(state, 2, 2);
    expect(nextDue(state)).toBe(at(30));
    expire(state, at(30));
    expect(nextDue(state)).toBeNull();
  });

  it('is posted by a refund for the moments at which it lapsed, as the clock would have', () => {
    const { state } = given(tea(1, 10, 9), tea(2, 5, 7), tea(3, 1, 9));
    spend(state, 1, 7);
    const refunded = cancel(state, 1, at(12), 24 * hour);
    expect(refunded).toMatchObject({
      events: [
        { type: 'PointsExpired', data: { occurredAt: at(9), through: at(9), points: 9 } },
        { type: 'RedemptionRefunded', data: { occurredAt: at(12), points: 7 } },
      ],
    });
    const two = given(tea(1, 10, 9), tea(2, 5, 7)).state;
    spend(two, 1, 2);
    const events = decideExpiries(two, at(12));
    expect(events.map(({ data }) => [data.occurredAt, data.points])).toEqual([
      [at(7), 3],
      [at(9), 10],
    ]);
    const clock = structuredClone(two);
    for (const { data } of events) {
      expect(data.fact).toBe(expiryFact(clock, data.through, clock.totals.expired));
      const posted = decideExpiry(clock, { fact: data.fact, through: data.through });
      expect(posted).toEqual({ kind: 'expired', event: { type: 'PointsExpired', data } });
      evolve(clock, { type: 'PointsExpired', data });
    }
    expect(nextDue(clock)).toBeNull();
  });

  it('names the lots in the order in which they would have been spent', () => {
    const { state } = given(tea(1, 1, 9), tea(2, 2, 7), tea(3, 3, 8));
    expect(expire(state, at(10))).toMatchObject({
      event: { data: { allocations: [{ points: 2 }, { points: 3 }, { points: 1 }] } },
    });
  });
});

describe('the last moment of a lot', () => {
  /** The lot's last day is so many months after the day of the sale, in the programme's zone. */
  const lapsesAfter = (day: string, months: number, zone: string) =>
    startOfDay(addDays(addMonths(localDate(day), months), 1), timeZone(zone));

  it.each([
    ['31 January + 1 month', '2026-01-31', 1, 'Europe/Warsaw', '2026-02-28T23:00:00.000Z'],
    ['31 January + 1 month in a leap year', '2028-01-31', 1, 'UTC', '2028-03-01T00:00:00.000Z'],
    ['29 February + 12 months', '2028-02-29', 12, 'UTC', '2029-03-01T00:00:00.000Z'],
    [
      'the day that summer time begins',
      '2026-03-28',
      0,
      'Europe/Warsaw',
      '2026-03-28T23:00:00.000Z',
    ],
    ['the short day itself', '2026-03-29', 0, 'Europe/Warsaw', '2026-03-29T22:00:00.000Z'],
    ['the long day of autumn', '2026-10-25', 0, 'Europe/Warsaw', '2026-10-25T23:00:00.000Z'],
    [
      'a day that does not begin at midnight',
      '2018-11-03',
      0,
      'America/Sao_Paulo',
      '2018-11-04T03:00:00.000Z',
    ],
  ])('%s, in the programme’s own time zone', (_, day, months, zone, expected) => {
    const expiresAt = lapsesAfter(day, months, zone);
    expect(expiresAt).toBe(instant(expected));
    const earned = addMs(expiresAt, -hour * 24 * 400);
    const { state } = given(
      sale(1, [{ product: 'tea', points: 5 }], { occurredAt: earned, expiresAt }),
    );
    const lastMs = addMs(expiresAt, -1);
    expect(valuation(state, lastMs)).toMatchObject({ available: 5, lapsed: 0 });
    expect(valuation(state, expiresAt)).toMatchObject({ available: 0, lapsed: 5 });
    expect(expire(state, lastMs).kind).toBe('nothing');
    expect(expire(state, expiresAt).kind).toBe('expired');
  });
});

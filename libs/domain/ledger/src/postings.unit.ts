import { describe, expect, it } from '@jest/globals';
import { accountId } from '@tallystick/kernel';
import {
  adjust,
  at,
  cancel,
  capture,
  comeBack,
  expire,
  given,
  leave,
  opened,
  receive,
  release,
  reserve,
  sale,
  send,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import { decideReceipt, postings, type Account, type LedgerEvent } from './index.js';

const me = accountId('me');
const unspent = `member/${me}/unspent`;
const held = `member/${me}/held`;
const arrears = `member/${me}/arrears`;

/** The postings of what was decided, by account. */
const booked = (
  decided: { readonly event: LedgerEvent } | { readonly events: readonly LedgerEvent[] } | object,
) => {
  const events = 'events' in decided ? decided.events : 'event' in decided ? [decided.event] : [];
  const books: Record<string, number> = {};
  for (const event of events)
    for (const { account, points } of postings(me, event))
      books[account] = (books[account] ?? 0) + points;
  return books;
};
const tea = (number: number, points: number, expiresAt = 90) =>
  sale(number, [{ product: 'tea', points }], { expiresAt: at(expiresAt) });
const receiptOf = (state: Account, fact: ReturnType<typeof sale>) =>
  decideReceipt(state, fact, at(3));
/** Owes `debt`, and has nothing. */
const owing = (debt: number): Account => {
  const { state } = given(tea(1, debt));
  spend(state, 1, debt);
  receiptOf(state, comeBack(2, [{ product: 'tea', of: 1 }]));
  return state;
};

/** Each in the books' own words: what leaves an account is negative, and all of an event comes to nothing. */
describe('what is booked for', () => {
  it('the opening of an account: nothing', () => {
    const data = opened(me).opened;
    if (data === null) throw new Error('it was opened');
    expect(postings(me, { type: 'AccountOpened', data })).toEqual([]);
  });

  it('points that are earned, by who pays for them; what was owed is paid first', () => {
    expect(booked(receiptOf(opened(), tea(1, 10)))).toEqual({ 'issued/chain': -10, [unspent]: 10 });
    const fact = tea(3, 10);
    const [lot] = fact.earning.lots;
    if (lot === undefined) throw new Error('it has a lot');
    const lots = [lot, { ...lot, id: 'second', funder: 'partner:oil' }];
    const lines = fact.earning.lines.map((line) => ({ ...line, points: [lot.points, lot.points] }));
    const state = owing(12);
    expect(booked(receiptOf(state, { ...fact, earning: { lots, lines, reason: null } }))).toEqual({
      ...{ 'issued/chain': -10, 'issued/partner:oil': -10 },
      ...{ [unspent]: 8, [arrears]: 12 },
    });
  });

  it('a return, by who had paid; what is not there is owed', () => {
    const { state } = given(tea(1, 10));
    spend(state, 1, 7);
    const back = comeBack(2, [{ product: 'tea', of: 1 }]);
    expect(booked(receiptOf(state, back))).toEqual({
      ...{ 'issued/chain': 10, [unspent]: -3, [arrears]: -7 },
    });
  });

  it('a redemption, and its refund that pays what is owed', () => {
    const { state } = given(tea(1, 10), tea(2, 5));
    expect(booked(spend(state, 1, 12))).toEqual({ [unspent]: -12, 'redeemed/discount': 12 });
    receiptOf(state, comeBack(3, [{ product: 'tea', of: 2 }]));
    expect(booked(cancel(state, 1, at(4)))).toEqual({
      ...{ 'redeemed/discount': -12, [unspent]: 10, [arrears]: 2 },
    });
  });

  it('a hold, its capture in part, and what is released and pays what is owed', () => {
    const { state } = given(tea(1, 10));
    expect(booked(reserve(state, 1, 8))).toEqual({ [unspent]: -8, [held]: 8 });
    receiptOf(state, comeBack(3, [{ product: 'tea', of: 1 }]));
    expect(booked(capture(state, 1, 3, 2, false))).toEqual({
      [held]: -3,
      'redeemed/reward:mug': 3,
    });
    expect(booked(release(state, 1))).toEqual({ [held]: -5, [arrears]: 5 });
    const other = given(tea(1, 10)).state;
    reserve(other, 1, 8);
    expect(booked(release(other, 1))).toEqual({ [held]: -8, [unspent]: 8 });
    const third = given(tea(1, 10), tea(2, 2)).state;
    reserve(third, 1, 12);
    receiptOf(third, comeBack(3, [{ product: 'tea', of: 2 }]));
    expect(booked(release(third, 1))).toEqual({ [held]: -12, [unspent]: 10, [arrears]: 2 });
  });

  it('expiry', () => {
    expect(booked(expire(given(tea(1, 10, 5)).state, at(6)))).toEqual({
      ...{ [unspent]: -10, expired: 10 },
    });
  });

  it('a correction down, and up where something is owed', () => {
    const points = 4 as never;
    const change = {
      kind: 'up',
      points,
      availableAt: at(0),
      expiresAt: null,
      funder: 'x',
    } as const;
    expect(booked(adjust(owing(3), 1, change))).toEqual({
      adjusted: -4,
      [unspent]: 1,
      [arrears]: 3,
    });
    const down = adjust(given(tea(1, 10)).state, 1, { kind: 'down', points });
    expect(booked(down)).toEqual({ adjusted: 4, [unspent]: -4 });
  });

  it('a transfer, on each side', () => {
    const sent = send(given(tea(1, 10)).state, opened(me), 1, 7);
    expect(booked(sent)).toEqual({ [unspent]: -7, transferred: 7 });
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    const { data } = sent.event;
    const to = { ...data, to: owing(3).opened?.account ?? me };
    expect(booked(receive(owing(3), to))).toEqual({
      ...{ transferred: -7, [unspent]: 4, [arrears]: 3 },
    });
  });

  it('a merge, on each side: points, holds and debts', () => {
    const { state } = given(tea(1, 10), tea(2, 6));
    reserve(state, 1, 10);
    spend(state, 1, 4);
    receiptOf(state, {
      ...comeBack(3, [{ product: 'tea', of: 2 }]),
      arrearsPolicy: 'paid-in-money',
    });
    receiptOf(state, { ...tea(4, 5), arrearsPolicy: 'paid-in-money' });
    const target = opened(me);
    const left = leave(state, target, 1);
    expect(booked(left)).toEqual({
      ...{ transferred: 11, [unspent]: -5, [held]: -10, [arrears]: 4 },
    });
    if (left.kind !== 'left') throw new Error(left.kind);
    // What had been owed is paid as it arrives.
    expect(booked(takeOver(target, left.event.data))).toEqual({
      ...{ transferred: -11, [unspent]: 1, [held]: 10 },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { accountId } from '@tallystick/kernel';
import {
  at,
  comeBack,
  given,
  givenAs,
  leave,
  opened,
  receive,
  sale,
  send,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import { decideReceipt, emptyAccount, postings, valuation, type TransferOut } from './index.js';

const [alice, bob, carol] = [accountId('alice'), accountId('bob'), accountId('carol')];
const tea = sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(9) });

const sentBy = (decision: ReturnType<typeof send>): TransferOut => {
  if (decision.kind !== 'sent') throw new Error(decision.kind);
  return decision.event.data;
};

describe('a transfer', () => {
  it('takes lots with their dates from one account to another, and both sides name each other', () => {
    const from = givenAs(alice, tea).state;
    const to = opened(bob);
    const sent = sentBy(send(from, to, 1, 7));
    expect(valuation(from, at(3))).toMatchObject({ available: 3 });
    expect(valuation(to, at(3))).toMatchObject({ available: 0 });
    const received = receive(to, sent);
    expect([sent.side, received]).toMatchObject(['out', { event: { data: { side: 'in' } } }]);
    expect(valuation(to, at(8))).toMatchObject({ available: 7 });
    expect(valuation(to, at(9))).toMatchObject({ lapsed: 7 });
    for (const data of [sent, received.kind === 'received' ? received.event.data : null])
      expect(data).toMatchObject({ from: alice, to: bob });
    expect(from.totals.transferredOut).toBe(7);
    expect(to.totals.transferredIn).toBe(7);
  });

  it('leaves nothing between the two accounts once it has arrived', () => {
    const from = givenAs(alice, tea).state;
    const to = opened(bob);
    const sent = send(from, to, 1, 7);
    const received = receive(to, sentBy(sent));
    const between = [sent, received].flatMap((decision) =>
      'event' in decision
        ? postings(alice, decision.event).filter((entry) => entry.account === 'transferred')
        : [],
    );
    expect(between.map(({ points }) => points)).toEqual([7, -7]);
  });

  it('is made once on each side, however often it is delivered', () => {
    const from = givenAs(alice, tea).state;
    const to = opened(bob);
    const sent = sentBy(send(from, to, 1, 7));
    expect(send(from, to, 1, 7).kind).toBe('known');
    expect(send(from, to, 1, 6).kind).toBe('conflict');
    receive(to, sent);
    expect(receive(to, sent).kind).toBe('known');
    expect(receive(to, { ...sent, factHash: 'other' }).kind).toBe('conflict');
    expect(valuation(to, at(3))).toMatchObject({ available: 7 });
  });

  it('moves what is available, to another account that is open', () => {
    const from = givenAs(alice, tea).state;
    const to = opened(bob);
    expect(send(from, to, 1, 11)).toEqual({ kind: 'insufficient', available: 10 });
    expect(send(from, from, 1, 1).kind).toBe('same-account');
    const sent = sentBy(send(from, to, 2, 1));
    expect(receive(opened(carol), sent).kind).toBe('misdirected');
    expect(receive(emptyAccount(), sent).kind).toBe('unopened');
    expect(send(emptyAccount(), to, 3, 1).kind).toBe('unopened');
  });

  it('of nothing is a mistake of who asks', () => {
    expect(() => send(givenAs(alice, tea).state, opened(bob), 1, 0)).toThrow(
      'a transfer moves something',
    );
  });

  it('pays what the receiver owes first', () => {
    const to = givenAs(bob, sale(5, [{ product: 'tea', points: 4 }])).state;
    spend(to, 1, 4);
    decideReceipt(to, comeBack(6, [{ product: 'tea', of: 5 }]), at(3));
    receive(to, sentBy(send(given(tea).state, to, 1, 7)));
    expect(valuation(to, at(3))).toMatchObject({ available: 3, arrears: 0 });
  });

  it.each([
    [8, 4, 3],
    [9, 0, 0],
  ])('pays with what has not lapsed on the way: at hour %i', (hour, paid, available) => {
    const to = givenAs(bob, sale(5, [{ product: 'tea', points: 4 }])).state;
    spend(to, 1, 4);
    decideReceipt(to, comeBack(6, [{ product: 'tea', of: 5 }]), at(3));
    receive(to, sentBy(send(given(tea).state, to, 1, 7)), at(hour));
    expect(to.totals.arrearsPaid).toBe(paid);
    expect(valuation(to, at(hour))).toMatchObject({ available, arrears: 4 - paid });
  });

  it('sent to an account that was merged meanwhile arrives at its successor', () => {
    const from = givenAs(alice, tea).state;
    const [to, successor] = [opened(bob), opened(carol)];
    const sent = sentBy(send(from, to, 1, 7));
    const left = leave(to, successor, 1);
    if (left.kind === 'left') takeOver(successor, left.event.data);
    expect(receive(to, sent)).toEqual({ kind: 'merged', into: carol });
    expect(receive(successor, sent).kind).toBe('received');
    expect(valuation(successor, at(3))).toMatchObject({ available: 7 });
  });

  it('to the very account that the sender becomes part of meanwhile still arrives, once', () => {
    const from = givenAs(alice, tea).state;
    const to = opened(bob);
    const sent = sentBy(send(from, to, 1, 7));
    const left = leave(from, to, 1);
    if (left.kind === 'left') takeOver(to, left.event.data);
    expect(receive(to, sent).kind).toBe('received');
    expect(receive(to, sent).kind).toBe('known');
    expect(valuation(to, at(3))).toMatchObject({ available: 10 });
  });
});

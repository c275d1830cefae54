import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountId, inactiveFrom, instant, timeZone, type Instant } from '@tallystick/kernel';
import {
  at,
  cancel,
  comeBack,
  expire,
  hour,
  leave,
  opened,
  receive,
  redemption,
  sale,
  send,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import {
  assertEquation,
  decideClose,
  decideReceipt,
  emptyAccount,
  evolve,
  nextDue,
  schemaVersionOf,
  valuation,
  type Account,
  type LedgerEvent,
  type RatedFact,
} from './index.js';

const zone = timeZone('Europe/London');
const inactivity = { months: 1, timeZone: zone };
const day = 24;
/** When lots lapse after an activity so many days after the beginning. */
const lapsed = (days: number): Instant => inactiveFrom(at(days * day), 1, zone);

/** A sale whose lots lapse a month after the account's last activity. */
const tea = (number: number, points: number, days: number): RatedFact => {
  const plain = sale(number, [{ product: 'tea', points }], { occurredAt: at(days * day) });
  const lots = plain.earning.lots.map((lot) => ({ ...lot, expiresAt: lapsed(days), inactivity }));
  return { ...plain, earning: { ...plain.earning, lots } };
};

const take = (state: Account, fact: RatedFact, days: number): readonly LedgerEvent[] => {
  const decision = decideReceipt(state, fact, at(days * day));
  if (decision.kind !== 'applied') throw new Error(decision.kind);
  assertEquation(state);
  return decision.events;
};
const dates = (state: Account) => [...state.lots.values()].map(({ expiresAt }) => expiresAt);

describe('lots that lapse after inactivity', () => {
  it('and come back for a grace lapse with it, whatever the account does meanwhile', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    spend(state, 1, 10, at(day));
    cancel(state, 1, at(100 * day), 7 * 24 * hour);
    expect(dates(state)).toEqual([at(107 * day)]);
    take(state, tea(2, 5, 101), 101);
    expect(dates(state)).toEqual([at(107 * day), lapsed(101)]);
  });

  it('lapse when their month is over, and live on with what the account earns and spends', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    expect(dates(state)).toEqual([instant('2026-02-02T00:00:00Z')]);
    take(state, tea(2, 5, 9), 9);
    expect(dates(state)).toEqual([lapsed(9), lapsed(9)]);
    spend(state, 1, 3, at(20 * day));
    expect(dates(state)).toEqual([lapsed(20), lapsed(20)]);
    expect(nextDue(state)).toBe(lapsed(20));
    expect(valuation(state, lapsed(20))).toMatchObject({ available: 0, lapsed: 12 });
  });

  it('are written so that a release that would let them lapse too early refuses', () => {
    const state = opened();
    const events = [
      ...take(state, tea(1, 10, 0), 0),
      ...take(state, sale(2, [{ product: 'tea', points: 1 }]), 1),
    ];
    expect(events.map(schemaVersionOf)).toEqual([3, 1]);
    const when = { through: at(day), keepFrom: at(0), fact: redemption('close'), factHash: 'h' };
    const closing = decideClose(state, when, at(day));
    expect(closing.kind === 'closed' && schemaVersionOf(closing.event)).toBe(3);
  });

  it('do not live longer by what earns nothing, by a return, or by points that come back', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    spend(state, 1, 3, at(1 * day));
    take(state, sale(2, [{ product: 'bag', points: 0 }], { occurredAt: at(5 * day) }), 5);
    take(state, comeBack(3, [{ product: 'tea', of: 1 }], { occurredAt: at(6 * day) }), 6);
    cancel(state, 1, at(7 * day));
    // All of it is spent or taken back by then: what its lot would live to is what counts.
    expect([...state.emptied.values()].map(({ expiresAt }) => expiresAt)).toEqual([lapsed(1)]);
    expect([state.lots.size, state.lastActive]).toEqual([0, at(1 * day)]);
  });

  it('come back by a refund with the date that the account has by then', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    spend(state, 1, 10, at(1 * day));
    take(state, tea(2, 5, 20), 20);
    cancel(state, 1, at(21 * day), 0, redemption(1));
    expect(valuation(state, at(45 * day))).toMatchObject({ available: 15 });
  });

  it('of a receipt that comes late have the date of what happened since', () => {
    const state = opened();
    take(state, tea(1, 10, 20), 20);
    take(state, tea(2, 5, 1), 21);
    expect(dates(state)).toEqual([lapsed(20), lapsed(20)]);
  });

  it('take their term along to another account, and live by its activity', () => {
    const [from, to] = [opened(accountId('from')), opened(accountId('to'))];
    take(from, tea(1, 10, 0), 0);
    take(to, sale(2, [{ product: 'tea', points: 1 }], { occurredAt: at(9 * day) }), 9);
    const sent = send(from, to, 1, 4, at(10 * day));
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    receive(to, sent.event.data, at(10 * day));
    expect(dates(to)).toEqual([null, lapsed(9)]);
    const left = leave(from, to, 1, at(12 * day));
    if (left.kind !== 'left') throw new Error(left.kind);
    takeOver(to, left.event.data, at(12 * day));
    expect(dates(to)).toEqual([null, lapsed(9), lapsed(9)]);
  });

  it('are carried by a closing, with the day of the last activity', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    spend(state, 1, 3, at(4 * day));
    const command = {
      fact: redemption('closing'),
      factHash: 'h',
      through: at(5 * day),
      keepFrom: at(5 * day),
    };
    const closing = decideClose(state, command, at(5 * day));
    if (closing.kind !== 'closed') throw new Error(closing.kind);
    const anew = evolve(emptyAccount(), closing.event);
    evolve(state, closing.event);
    expect(anew).toEqual(state);
    take(anew, tea(2, 5, 2), 6);
    expect(dates(anew)).toEqual([lapsed(4), lapsed(4)]);
  });

  it('do not live on by what happens at the moment at which they lapse', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    const moment = (Date.parse(lapsed(0)) - Date.parse(at(0))) / (3_600_000 * day);
    take(state, tea(2, 5, moment), moment);
    expect(valuation(state, lapsed(0))).toMatchObject({ available: 5, lapsed: 0 });
    expect(state.totals.expired).toBe(10);
    const before = opened();
    take(before, tea(1, 10, 0), 0);
    take(before, tea(2, 5, moment - 1 / day), moment - 1 / day);
    expect(valuation(before, lapsed(0))).toMatchObject({ available: 15 });
  });

  it('stay lapsed, posted or not, though other points are spent from that moment on', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    take(state, sale(2, [{ product: 'tea', points: 3 }]), 0);
    spend(state, 1, 1, lapsed(0));
    expect(dates(state)).toEqual([lapsed(0), null]);
    expect(valuation(state, lapsed(0))).toMatchObject({ available: 2, lapsed: 10 });
    spend(state, 2, 1, at(50 * day));
    expect(valuation(state, at(50 * day))).toMatchObject({ available: 1, lapsed: 10 });
  });

  it('stay lapsed once that is posted, though a late receipt tells that the account was active', () => {
    const state = opened();
    take(state, tea(1, 10, 0), 0);
    spend(state, 1, 4, at(0));
    expire(state, at(40 * day));
    take(state, tea(2, 5, 20), 41);
    expect(dates(state)).toEqual([lapsed(20)]);
    // What comes back of the redemption is of the lot that lapsed then.
    cancel(state, 1, at(42 * day), 0, redemption(1));
    expect(valuation(state, at(42 * day))).toMatchObject({ available: 5, unspent: 9 });
  });

  it('that come to an account which was never active, or less lately, keep their date', () => {
    const from = opened(accountId('from'));
    take(from, tea(1, 10, 9), 9);
    const idle = opened(accountId('idle'));
    const first = send(from, idle, 1, 4, at(10 * day));
    if (first.kind !== 'sent') throw new Error(first.kind);
    receive(idle, first.event.data, at(10 * day));
    expect([dates(idle), idle.lastActive]).toEqual([[lapsed(9)], null]);
    const quiet = opened(accountId('quiet'));
    take(quiet, tea(2, 1, 0), 0);
    const second = send(from, quiet, 2, 3, at(10 * day));
    if (second.kind !== 'sent') throw new Error(second.kind);
    receive(quiet, second.event.data, at(10 * day));
    expect(dates(quiet)).toEqual([lapsed(0), lapsed(9)]);
  });

  it('lapse when a naive count says so, whether the clock posts it in time, late or never', () => {
    const step = fc.record({
      after: fc.nat(25),
      late: fc.nat(40),
      kind: fc.constantFrom('earn', 'earn', 'spend'),
      clock: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(40), (steps, end) => {
        const [clocked, late] = [opened(), opened()];
        const events: LedgerEvent[] = [];
        const naive: { points: number; until: Instant }[] = [];
        let last: Instant | null = null;
        let now = 50;
        const forget = (when: Instant): void => {
          for (const lot of naive) if (lot.until <= when) lot.points = 0;
        };
        const active = (when: Instant): void => {
          if (last === null || last < when) last = when;
          const until = inactiveFrom(last, 1, zone);
          for (const lot of naive) if (lot.until < until) lot.until = until;
        };
        steps.forEach(({ after, late: by, kind, clock }, index) => {
          now += after;
          const when = at(now * day);
          if (clock) expire(clocked, when);
          forget(when);
          if (kind === 'earn') {
            const fact = tea(index, 2, now - by);
            take(clocked, fact, now);
            events.push(...take(late, fact, now));
            naive.push({ points: 2, until: lapsed(now - by) });
            active(fact.occurredAt);
          } else {
            const there = naive
              .filter(({ points }) => points > 0)
              .sort((a, b) => (a.until < b.until ? -1 : 1));
            const spent = spend(clocked, index, 1, when);
            const again = spend(late, index, 1, when);
            expect(spent.kind).toBe(there.length > 0 ? 'redeemed' : 'insufficient');
            if (spent.kind !== 'redeemed' || again.kind !== 'redeemed') return;
            events.push(again.event);
            const [allocation] = spent.event.data.allocations;
            const lot =
              naive[
                steps
                  .slice(0, Number(/(\d+)#/.exec(allocation?.lot ?? '')?.[1]))
                  .filter((one) => one.kind === 'earn').length
              ];
            if (lot !== undefined) lot.points -= 1;
            active(when);
          }
        });
        const when = at((now + end) * day);
        forget(when);
        const there = naive.reduce((sum, { points }) => sum + points, 0);
        const folded = events.reduce(evolve, opened());
        for (const state of [clocked, late, folded])
          expect(valuation(state, when).available).toBe(there);
      }),
      { numRuns: 400 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { Points, accountId, factId } from '@tallystick/kernel';
import {
  account,
  at,
  cancel,
  capture,
  comeBack,
  expire,
  given,
  leave,
  nameOf,
  opened,
  receipt,
  reserve,
  sale,
  spend,
  takeOver,
} from '../fixtures/facts.js';
import {
  assertEquation,
  decideClose,
  decideImport,
  decideReceipt,
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  fold,
  postings,
  valuation,
  type Account,
  type PeriodClosed,
} from './index.js';

const close = (state: Account, through: number, keepFrom: number, name = through): PeriodClosed => {
  const decision = ask(state, through, keepFrom, name);
  if (decision.kind !== 'closed') throw new Error(decision.kind);
  evolve(state, decision.event);
  assertEquation(state);
  return decision.event;
};
const ask = (state: Account, through: number, keepFrom: number, name = through) =>
  decideClose(
    state,
    {
      fact: factId('period', String(name)),
      factHash: `${through} ${keepFrom}`,
      through: at(through),
      keepFrom: at(keepFrom),
    },
    at(through),
  );
/** The account of somebody who reads the stored event alone. */
const begunAt = (event: PeriodClosed): Account =>
  fold([
    decodeLedgerEvent({ type: event.type, schemaVersion: 1, data: JSON.stringify(event.data) }),
  ]);

const lived = () => {
  const { state } = given(
    sale(1, [{ product: 'tea', points: 10 }], { expiresAt: at(30) }),
    sale(2, [{ product: 'pot', quantity: '2', points: 6 }], { occurredAt: at(20) }),
    comeBack(3, [{ product: 'pot', of: 2 }], { occurredAt: at(21) }),
  );
  spend(state, 1, 4, at(22));
  reserve(state, 1, 3, 22, 90);
  return state;
};

describe('a closed period', () => {
  it('is where a fold may begin: it comes to the same account', () => {
    const state = lived();
    const event = close(state, 25, 10);
    expect(begunAt(event)).toEqual(state);
    expect(valuation(state, at(25))).toMatchObject({ available: 6, held: 3 });
    const restarted = begunAt(event);
    for (const one of [state, restarted]) {
      expect(cancel(one, 1, at(26)).kind).toBe('refunded');
      expect(capture(one, 1, 3, 26).kind).toBe('captured');
      decideReceipt(one, comeBack(4, [{ product: 'pot', of: 2 }], { occurredAt: at(26) }), at(26));
      expire(one, at(30));
    }
    expect(restarted).toEqual(state);
  });

  it('is bounded: facts and returnable lines before the return window are left out', () => {
    const state = lived();
    close(state, 25, 20);
    expect([...state.facts.keys()]).toEqual([receipt(2), receipt(3)]);
    close(state, 80, 70);
    expect(state.facts.size).toBe(0);
    expect(state.redemptions.size).toBe(0);
    expect(state.emptied.size).toBe(0);
    expect([...state.holds.values()]).toMatchObject([{ status: 'open' }]);
    expect(valuation(state, at(29))).toMatchObject({ available: 6, held: 3 });
  });

  it('keeps an old sale that a recent return could give back to', () => {
    const { state } = given(
      sale(1, [{ product: 'tea', points: 10 }]),
      comeBack(2, [{ product: 'tea', of: 1 }], { occurredAt: at(20) }),
    );
    close(state, 25, 15);
    expect([...state.facts.keys()].sort()).toEqual([receipt(1), receipt(2)].sort());
    decideReceipt(state, sale(2, [], { factRevision: 2, occurredAt: at(20) }), at(26));
    assertEquation(state);
    expect(valuation(state, at(26))).toMatchObject({ available: 10 });
  });

  it('changes nothing of what a return takes back: of a sale past the window nothing, of one within it all', () => {
    const after = (closes: boolean) => {
      const { state } = given(
        sale(1, [{ product: 'tea', points: 10 }], { occurredAt: at(0) }),
        sale(2, [{ product: 'tea', points: 30 }], { occurredAt: at(10) }),
        sale(3, [{ product: 'tea', points: 50 }], { occurredAt: at(20) }),
      );
      if (closes) close(state, 25, 10);
      return [1, 2, 3].map((of, index) => {
        const when = { occurredAt: at(30 + index), returnsNotBefore: at(10 + index) };
        const back = comeBack(10 + of, [{ product: 'tea', of }], when);
        const decision = decideReceipt(state, back, at(30 + index));
        return decision.kind === 'applied'
          ? decision.events.map(({ data }) => 'points' in data && data.points)
          : decision.kind;
      });
    };
    expect(after(false)).toEqual([[0], [0], [50]]);
    expect(after(true)).toEqual(after(false));
  });

  it('refuses the correction of a fact that it left out, and takes a new one', () => {
    const state = lived();
    close(state, 25, 15);
    const late = sale(1, [{ product: 'tea', points: 20 }], { factRevision: 2 });
    expect(decideReceipt(state, late, at(26)).kind).toBe('forgotten');
    expect(decideReceipt(state, sale(9, [{ product: 'cup', points: 1 }]), at(26)).kind).toBe(
      'applied',
    );
  });

  it('is closed once, and no period before it', () => {
    const state = lived();
    close(state, 25, 10);
    expect(ask(state, 25, 10).kind).toBe('known');
    expect(ask(state, 26, 10, 25).kind).toBe('conflict');
    expect(ask(state, 24, 10)).toEqual({ kind: 'already-closed', through: at(25) });
    expect(ask(state, 25, 10, 99)).toEqual({ kind: 'already-closed', through: at(25) });
    expect(ask(emptyAccount(), 25, 10).kind).toBe('unopened');
  });

  it('never says that it remembers again what an earlier one left out', () => {
    const state = lived();
    expect(close(state, 25, 20).data.rememberedFrom).toBe(at(20));
    expect(close(state, 30, 10).data.rememberedFrom).toBe(at(20));
    expect(close(state, 35, 28).data.rememberedFrom).toBe(at(28));
  });

  it('moves no points, and the same account gives the same bytes', () => {
    const event = close(lived(), 25, 10);
    expect(postings(account, event)).toEqual([]);
    expect(JSON.stringify(event)).toBe(JSON.stringify(close(lived(), 25, 10)));
    const restarted = begunAt(event);
    const live = lived();
    close(live, 25, 10);
    expect(JSON.stringify(close(restarted, 30, 10))).toBe(JSON.stringify(close(live, 30, 10)));
  });

  it('that carries other sums than the account has is refused', () => {
    const event = close(lived(), 25, 10);
    const totals = { ...event.data.totals, earned: Points.points(17) };
    expect(() => evolve(lived(), { ...event, data: { ...event.data, totals } })).toThrow('earned');
    const [, ...lots] = event.data.carried.lots;
    const carried = { ...event.data.carried, lots };
    expect(() => evolve(lived(), { ...event, data: { ...event.data, carried } })).toThrow(
      'carries every point',
    );
  });

  it('remembers whom the account absorbed, and is not closed for one that is gone', () => {
    const [from, to] = [lived(), opened(accountId('successor'))];
    const left = leave(from, to, 1, at(24));
    if (left.kind === 'left') takeOver(to, left.event.data, at(24));
    expect(ask(from, 25, 10)).toEqual({ kind: 'merged', into: nameOf(to) });
    const event = close(to, 25, 10);
    expect(begunAt(event)).toEqual(to);
    expect([...to.absorbed]).toEqual([account]);
    const first = opened(accountId('0-first'));
    const further = leave(first, to, 2, at(26));
    if (further.kind === 'left') takeOver(to, further.event.data, at(26));
    const { data } = close(to, 30, 10);
    expect(data.absorbed).toEqual(['0-first', account]);
    // What it says counts, whoever the reader thought was absorbed.
    const told = { ...data, fact: factId('period', 'later'), absorbed: [] };
    expect(evolve(to, { type: 'PeriodClosed', data: told }).absorbed.size).toBe(0);
  });
});

describe('an opening balance', () => {
  const lot = (points: number, expiresAt: number | null) => ({
    points: Points.points(points),
    rule: 'opening',
    kind: 'base' as const,
    availableAt: at(0),
    expiresAt: expiresAt === null ? null : at(expiresAt),
    funder: 'chain',
    qualifies: false,
  });
  const bring = (
    state: Account,
    number: number,
    lots: readonly ReturnType<typeof lot>[],
    spend: { readonly [year: string]: number } = { 2025: 5000 },
  ) => {
    const decision = decideImport(
      state,
      {
        fact: factId('opening', 'oldsys', String(number)),
        factHash: JSON.stringify(lots),
        system: 'oldsys',
        reference: `customers.csv:${number}`,
        lots,
        spend,
      },
      at(1),
    );
    if (decision.kind === 'imported') evolve(state, decision.event);
    assertEquation(state);
    return decision;
  };

  it('brings no account more points or spend than it can hold', () => {
    const state = opened();
    const most = Number.MAX_SAFE_INTEGER;
    expect(bring(state, 1, [lot(most - 10, null)]).kind).toBe('imported');
    expect(bring(state, 2, [lot(5, null), lot(6, 50)])).toEqual({
      kind: 'beyond-limit',
      year: null,
    });
    expect(bring(state, 3, [lot(10, null)], { 2025: most - 10_000 }).kind).toBe('imported');
    expect(bring(state, 4, [], { 2024: 1, 2025: 10_001 })).toEqual({
      ...{ kind: 'beyond-limit', year: '2025' },
    });
    expect(bring(state, 4, [], { 2025: 5000 }).kind).toBe('imported');
    expect(state.spend.get('2025')).toBe(most);
  });

  it('comes with its lots’ dates, the spend that counts, and the old system’s reference', () => {
    const state = opened();
    const decision = bring(state, 1, [lot(30, 50), lot(12, null)]);
    expect(decision).toMatchObject({
      event: { data: { system: 'oldsys', reference: 'customers.csv:1', points: 42 } },
    });
    expect(valuation(state, at(2))).toMatchObject({ available: 42 });
    expect(valuation(state, at(50))).toMatchObject({ available: 12, lapsed: 30 });
    expect(state.totals).toMatchObject({ opening: 42, earned: 0 });
    expect(state.spend.get('2025')).toBe(5000);
    expect(decision.kind === 'imported' && postings(account, decision.event)).toEqual([
      { account: 'issued/chain', points: -30 },
      { account: 'issued/chain', points: -12 },
      { account: `member/${account}/unspent`, points: 42 },
    ]);
  });

  it('is taken over once per reference', () => {
    const state = opened();
    bring(state, 1, [lot(30, 50)]);
    expect(bring(state, 1, [lot(30, 50)]).kind).toBe('known');
    expect(bring(state, 1, [lot(31, 50)]).kind).toBe('conflict');
    expect(bring(state, 2, [lot(1, null)]).kind).toBe('imported');
    expect(bring(emptyAccount(), 1, [lot(1, null)]).kind).toBe('unopened');
    expect(valuation(state, at(2))).toMatchObject({ available: 31 });
  });

  it('of an empty lot is a mistake of who asks', () => {
    for (const lots of [[lot(0, 50)], [lot(5, 50), lot(0, null)]])
      expect(() => bring(opened(), 1, lots)).toThrow('a lot that is imported holds something');
  });

  it('pays what is owed already, with what is alive of it', () => {
    const owing = () => {
      const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
      spend(state, 1, 10);
      decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
      return state;
    };
    const [state, forEver] = [owing(), owing()];
    bring(state, 1, [lot(5, 1), lot(6, 2)]);
    expect(valuation(state, at(1))).toMatchObject({ available: 0, lapsed: 5, arrears: 4 });
    bring(forEver, 1, [lot(12, null)]);
    expect(valuation(forEver, at(1))).toMatchObject({ available: 2, arrears: 0 });
  });

  it('pays what is owed already', () => {
    const { state } = given(sale(1, [{ product: 'tea', points: 10 }]));
    spend(state, 1, 10);
    decideReceipt(state, comeBack(2, [{ product: 'tea', of: 1 }]), at(3));
    bring(state, 1, [lot(5, 0), lot(30, 50)]);
    expect(valuation(state, at(4))).toMatchObject({ available: 20, lapsed: 5, arrears: 0 });
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  Points,
  factId,
  instant,
  ledgerStream,
  accountId,
  programId,
  type FactId,
} from '@tallystick/kernel';
import { emptyAccount, type Account } from '@tallystick/ledger';
import { AccountCache, weightOf, type Held } from './account-cache.js';

const at = instant('2026-01-01T00:00:00Z');
const anna = ledgerStream(programId('club'), accountId('anna'));
const bert = ledgerStream(programId('club'), accountId('bert'));

/** An account that remembers so many things of each kind; `facts`: how many lines each has. */
const holding = (counts: {
  readonly lots?: number;
  readonly emptied?: number;
  readonly redemptions?: number;
  readonly holds?: number;
  readonly known?: number;
  readonly facts?: readonly number[];
}): Account => {
  const account = emptyAccount();
  const named = (kind: string, count = 0): FactId[] =>
    Array.from({ length: count }, (_, n) => factId(kind, `${n}`));
  const points = Points.points(1);
  const spent = { hash: 'h', kind: 'd', points, occurredAt: at };
  const lotOf = (id: string): NonNullable<ReturnType<Account['lots']['get']>> => ({
    lot: {
      ...{ id, points, rule: 'r', kind: 'base', availableAt: at, expiresAt: null },
      ...{ funder: 'chain', qualifies: true },
    },
    ...{ remaining: points, expiresAt: null, expired: Points.noPoints },
  });
  for (const id of named('lot', counts.lots)) account.lots.set(id, lotOf(id));
  for (const id of named('emptied', counts.emptied)) account.emptied.set(id, lotOf(id));
  for (const id of named('redemption', counts.redemptions))
    account.redemptions.set(id, {
      ...{ id, ...spent, allocations: [], refundedBy: null, refundHash: null },
    });
  for (const id of named('hold', counts.holds))
    account.holds.set(id, {
      ...{ id, ...spent, reference: 'r', lapsesAt: at, left: [], status: 'open' },
    });
  for (const id of named('known', counts.known))
    account.known.set(id, { id, hash: 'h', occurredAt: at });
  for (const [n, lines] of (counts.facts ?? []).entries()) {
    const id = factId('receipt', `${n}`);
    account.facts.set(id, {
      ...{ id, revision: 1, hash: 'h', occurredAt: at, card: null, spendYear: '2026' },
      ...{ lots: [], reversals: [], sequence: n },
      lines: Array.from({ length: lines }, (_, ordinal) => ({
        ...{ ordinal, product: 'p', quantity: '1', points: [points], spendMinor: 1 },
        ...{ returned: '0', reversed: [Points.noPoints], spendReversedMinor: 0 },
      })),
    });
  }
  return account;
};

describe('what an account weighs', () => {
  it.each<[string, number, Parameters<typeof holding>[0]]>([
    ['nothing that it remembers', 4, {}],
    ['lots', 9, { lots: 5 }],
    ['emptied lots', 9, { emptied: 5 }],
    ['redemptions', 9, { redemptions: 5 }],
    ['holds', 9, { holds: 5 }],
    ['other facts', 9, { known: 5 }],
    ['facts with their lines', 4 + 1 + 4 + 6, { facts: [0, 3, 5] }],
    [
      'all of it',
      4 + 1 + 2 + 3 + 4 + 5 + 3 + 2,
      { lots: 1, emptied: 2, redemptions: 3, holds: 4, known: 5, facts: [2, 1] },
    ],
  ])('counts %s', (_, weight, counts) => {
    expect(weightOf(holding(counts))).toBe(weight);
  });
});

describe('the states that are kept', () => {
  const held = (revision: number, lots = 0): Held => ({
    state: holding({ lots }),
    revision,
    position: BigInt(revision),
  });

  it('are had by one alone', () => {
    const cache = new AccountCache();
    expect(cache.take(anna)).toBeUndefined();
    const kept = held(1);
    cache.put(anna, kept);
    expect(cache.take(bert)).toBeUndefined();
    expect(cache.take(anna)).toBe(kept);
    expect(cache.take(anna)).toBeUndefined();
  });

  it('are those that have folded most, in whichever order they come back', () => {
    const cache = new AccountCache();
    const [older, newer, same] = [held(1, 9), held(2, 2), held(2, 5)];
    cache.put(anna, older);
    cache.put(anna, newer);
    expect(cache.weight).toBe(6);
    cache.put(anna, older);
    cache.put(anna, same);
    expect(cache.weight).toBe(6);
    expect(cache.take(anna)).toBe(newer);
    expect(cache.weight).toBe(0);
  });

  it.each([
    ['weigh too much', { weightMax: 20 }],
    ['take too many bytes', { bytesMax: 10_000 }],
  ])('leave, the one that was longest without use first, when they %s', (_, bound) => {
    const cache = new AccountCache(bound);
    const kept = held(1, 6);
    cache.put(anna, held(1, 6));
    cache.put(bert, kept);
    expect(cache.weight).toBe(20);
    cache.put(ledgerStream(programId('club'), accountId('carl')), held(1));
    expect(cache.take(anna)).toBeUndefined();
    expect(cache.take(bert)).toBe(kept);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Rulebook } from './rulebook.js';
import { kindsOf, rewardsFor, spendingFault } from './spending.js';

const book: Rulebook = {
  ...{ program: 'club', version: 1, name: 'Club', unit: 'points', currency: 'GBP' },
  ...{ effectiveFrom: '2020-01-01T00:00:00Z', timeZone: 'Europe/London' },
  ...{ earning: [], partnerEvents: [] },
  exclusions: { categories: [], products: [], brands: [] },
  lots: { pendingDays: 0, expiry: 'never' },
  tiers: {
    ...{ by: 'visits', window: 'lifetime' },
    levels: [
      { id: 'card', from: '0', multiplier: '1' },
      { id: 'gold', from: '5', multiplier: '1' },
    ],
  },
  redemption: { points: 100, value: '1.00' },
  returns: { windowDays: 365 },
  claims: { windowDays: null },
  refunds: { graceDays: 0 },
  rewards: [
    { id: 'mug', name: 'A mug', points: 150 },
    { id: 'key', name: 'A key', points: 10, tier: 'gold' },
  ],
};
const ask = (kind: string, points: number, level: string | null = 'card', of = book) =>
  spendingFault(of, { kind, points }, () => level)?.kind ?? 'fine';

describe('what points are spent on', () => {
  it('is what the version has a word for', () => {
    expect(kindsOf(book)).toEqual(['discount', 'reward:mug', 'reward:key']);
    expect(
      ['discount', 'reward:mug', 'mug', 'reward', 'reward:', 'reward:house'].map((kind) =>
        ask(kind, 150),
      ),
    ).toEqual(['fine', 'fine', 'kind-unknown', 'kind-unknown', 'reward-unknown', 'reward-unknown']);
  });

  it('is no money where points have no value, and no reward where there are none', () => {
    const { rewards: _rewards, ...without } = book;
    const poor: Rulebook = { ...without, redemption: null };
    expect(kindsOf(poor)).toEqual([]);
    expect([ask('discount', 1, null, poor), ask('reward:mug', 150, null, poor)]).toEqual([
      'kind-unknown',
      'reward-unknown',
    ]);
  });

  it('costs what the version says, neither less nor more nor twice', () => {
    expect([1, 149, 150, 151, 300].map((points) => ask('reward:mug', points))).toEqual([
      ...['price-differs', 'price-differs', 'fine', 'price-differs', 'price-differs'],
    ]);
    expect([1, 99, 12_345].map((points) => ask('discount', points))).toEqual([
      'fine',
      'fine',
      'fine',
    ]);
  });

  it('is for its level and those above it', () => {
    expect(
      ['card', 'gold', null, 'of-another-version'].map((level) => ask('reward:key', 10, level)),
    ).toEqual(['level-too-low', 'fine', 'level-too-low', 'level-too-low']);
    expect(ask('reward:key', 11, 'card')).toBe('level-too-low');
    expect(rewardsFor(book, 'card').map(({ id }) => id)).toEqual(['mug']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { partitionOf } from './partition-of.js';

describe('the partition of a key', () => {
  it('never changes, or messages of one key would overtake each other', () => {
    expect(['', 'a', 'ledger-p-1', 'ключ', '🗝️'].map((key) => partitionOf(key, 8))).toEqual([
      2, 2, 5, 2, 6,
    ]);
  });

  it('spreads keys evenly', () => {
    const counts = new Array<number>(8).fill(0);
    for (let nth = 0; nth < 8000; nth += 1) {
      const partition = partitionOf(`ledger-shop-${nth}`, 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

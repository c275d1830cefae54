import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fairShare } from './fair-share.js';

const members = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 40 });

describe('the fair share of a member', () => {
  it('adds up to all partitions and differs by one at most', () => {
    fc.assert(
      fc.property(fc.nat(64), members, fc.nat(), (partitions, pids, turn) => {
        const shares = pids.map((pid) => fairShare(partitions, pids, pid, turn));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitions);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is the same in whatever order the members are seen', () => {
    expect(fairShare(3, [7, 30, 200], 30, 5)).toBe(fairShare(3, [200, 7, 30], 30, 5));
  });

  it('gives the odd partition of each topic to another member', () => {
    const owners = [0, 1, 2].map((turn) =>
      [4, 5, 6].find((pid) => fairShare(1, [4, 5, 6], pid, turn)),
    );
    expect(new Set(owners).size).toBe(3);
  });

  it('is nothing for one who is not a member', () => {
    expect(fairShare(8, [1, 2], 3, 0)).toBe(0);
  });
});

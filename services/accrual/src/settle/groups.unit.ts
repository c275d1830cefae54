import { describe, expect, it } from '@jest/globals';
import { bundlesOf, groupByShared } from './groups.js';

describe('groups', () => {
  it('share no key with one another, and keep the order', () => {
    expect(
      groupByShared([['a', 'b'], ['c'], ['b', 'd'], ['e'], ['d', 'c']], (keys) => keys),
    ).toEqual([[['a', 'b'], ['c'], ['b', 'd'], ['d', 'c']], [['e']]]);
  });

  it('are bundled whole, in their order, and one that is too large goes alone', () => {
    const groups = [[1, 2], [3], [4, 5], [6, 7, 8, 9, 10], [11]];
    expect(bundlesOf(groups, 3)).toEqual([[[1, 2], [3]], [[4, 5]], [[6, 7, 8, 9, 10]], [[11]]]);
    expect(bundlesOf(groups, 1)).toEqual(groups.map((group) => [group]));
    expect(bundlesOf([], 3)).toEqual([]);
  });
});

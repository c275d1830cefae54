import { describe, expect, it } from '@jest/globals';
import { growingDelayMs } from './limits.js';

describe('a growing delay', () => {
  it('doubles with each attempt up to its limit, less a fifth at most', () => {
    for (const [attempt, full] of [
      [1, 100],
      [2, 200],
      [5, 1600],
      [9, 25_600],
      [10, 30_000],
      [5000, 30_000],
    ] as const) {
      const delay = growingDelayMs(attempt, 100, 30_000);
      expect(delay).toBeLessThanOrEqual(full);
      expect(delay).toBeGreaterThanOrEqual(full * 0.8);
    }
  });
});

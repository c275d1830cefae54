import { describe, expect, it } from '@jest/globals';
import { pace } from './pace.js';

describe('a pace', () => {
  it('lets a burst through at once, then one turn in each interval, and saves up while nobody asks', () => {
    let now = 0;
    const wait = pace({ burst: 3, everyMs: 50 }, () => now);
    const turn = (): number => {
      const ms = wait();
      now += ms;
      return ms;
    };
    expect([turn(), turn(), turn(), turn(), turn()]).toEqual([0, 0, 0, 50, 50]);
    now += 20;
    expect(turn()).toBeCloseTo(30);
    now += 1_000;
    expect([turn(), turn(), turn(), turn()]).toEqual([0, 0, 0, 50]);
  });
});

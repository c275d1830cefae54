import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localDate } from '@tallystick/kernel';
import { budgetCost, budgetIdOf, budgetName, pointsLeft } from './budgets.js';

const day = localDate('2026-05-31');

describe('the name of a budget', () => {
  it('is its own, with its period and its sender', () => {
    expect(budgetName({ id: 'b', points: 1 }, day, 'jane')).toBe('b');
    expect(budgetName({ id: 'b', points: 1, per: 'quarter' }, day, null)).toBe('b/2026-Q2');
    const each = { id: 'b', points: 1, per: 'month', each: 'sender' } as const;
    expect(budgetName(each, day, 'a/b')).toBe('b/2026-05/a%2Fb');
    expect(budgetName(each, day, null)).toBeNull();
    expect(budgetIdOf('b/2026-05/a%2Fb')).toBe('b');
  });
});

describe('a budget in money', () => {
  const worth = (points: number, value: string) => ({
    redemption: { points, value },
    currency: 'GBP',
  });

  it('has as many points left as it pays for, whatever a point is worth', () => {
    const half = worth(1, '0.005');
    expect(pointsLeft({ id: 'b', money: '1.00' }, 0, half)).toBe(200);
    expect(pointsLeft({ id: 'b', money: '1.00' }, 99, half)).toBe(2);
    expect(pointsLeft({ id: 'b', money: '1.00' }, 100, half)).toBe(0);
    expect(pointsLeft({ id: 'b', money: '1.00' }, 200, half)).toBe(0);
  });

  it('never pays more than it has', () => {
    const amounts = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(amounts, amounts, amounts, fc.nat(2_000_000), (points, pence, limit, used) => {
        const of = worth(points, (pence / 100).toFixed(2));
        const budget = { id: 'b', money: (limit / 100).toFixed(2) };
        const left = pointsLeft(budget, used, of);
        const cost = { ...of.redemption, currency: of.currency };
        expect(budgetCost(budget, left, cost)).toBeLessThanOrEqual(Math.max(0, limit - used));
        // And it pays all that it can.
        if (used <= limit) expect(budgetCost(budget, left + 1, cost)).toBeGreaterThan(limit - used);
      }),
    );
  });
});

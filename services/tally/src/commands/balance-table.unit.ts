import { describe, expect, it } from '@jest/globals';
import { balanceTable } from './balance-table.js';

const balance = {
  ...{ program: 'shop', account: 'a', asOf: '2026-05-05T12:00:00.000Z' },
  ...{ unspent: 0, pending: 0, available: 0, lapsed: 0, held: 0, arrears: 7 },
};

describe('a balance', () => {
  it.each([
    ['next-awards', 'owed: the next points pay it'],
    ['waived', 'owed: from before; points do not pay it, waive it or take money for it'],
    ['paid-in-money', 'owed: to be paid in money'],
    [null, 'owed'],
  ])('under the policy %s says of what is owed what is true', (policy, said) => {
    const line = balanceTable(balance, policy).split('\n').at(-1) ?? '';
    expect(line.replace(/\s+7$/, '')).toBe(said);
  });

  it('of an account that owes nothing says nothing of it', () => {
    expect(balanceTable({ ...balance, arrears: 0 }, null)).not.toContain('owed');
  });
});

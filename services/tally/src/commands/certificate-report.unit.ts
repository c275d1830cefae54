import { describe, expect, it } from '@jest/globals';
import { certificateTables } from './certificate-report.js';

const none = { count: 0, minor: 0 };

describe('the report of gift certificates', () => {
  it('shows each rule and period, and the double entry of each currency in its own units', () => {
    const text = certificateTables({
      rules: [
        {
          ...{ rule: 'gift', currency: 'GBP' },
          period: { first: '2026-01-01', last: '2026-01-31' },
          ...{ given: { count: 2, minor: 1_205 }, changed: { count: 1, minor: -5 } },
          ...{ used: none, givenBack: none, expired: none },
          outstanding: { count: 2, minor: 1_200 },
        },
      ],
      currencies: [
        {
          currency: 'JPY',
          accounts: [{ account: 'certificates/issued/chain', minor: '-9007199254740993' }],
          ...{ sum: 0, posted: 7, folded: 7 },
        },
      ],
      ...{ balanced: true, position: '12' },
    });
    expect(text).toMatch(/gift {2}2026-01-01 {2}2026-01-31 {2}GBP +2 {2}12\.05 +1 +-0\.05 +0 /);
    expect(text).toMatch(/certificates\/issued\/chain +-9007199254740993\n/);
    expect(text).toMatch(/outstanding as folded +7\nas of position 12/);
  });

  it('of a programme that has given none says so', () => {
    expect(
      certificateTables({ rules: [], currencies: [], balanced: true, position: '3' }),
    ).toContain('No gift certificates');
  });
});

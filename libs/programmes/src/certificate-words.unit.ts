import { expect, it } from '@jest/globals';
import type { CertificateV1 } from '@tallystick/contracts';
import { certificateWords } from './certificate-words.js';

const one: CertificateV1 = {
  ...{ certificate: 'certificate/x', status: 'used', value: '50', currency: 'PLN' },
  ...{ validUntil: '2026-05-01T00:00:00.000Z', funder: 'chain', rule: 'gift', by: 'spend' },
  period: { kind: 'quarter', first: '2026-01-01', last: '2026-03-31' },
  ...{ rulebook: { version: 2, hash: 'h' }, reached: '1079', threshold: '1000', corrections: 1 },
  steps: [
    { from: '1000', value: '50' },
    { from: '3000', value: '200' },
  ],
  now: { reached: '885', value: '0' },
  days: [{ day: '2026-01-20', amount: '600' }],
  receipts: [{ fact: 'receipt/1', day: '2026-01-20', amount: '600' }],
  uses: [{ use: 'u', at: '2026-04-10T00:00:00.000Z', reference: 'till 7', givenBack: true }],
};
const of = (certificates: readonly CertificateV1[]): string[] =>
  certificateWords({ program: 'p', account: 'a', asOf: 'now', certificates: [...certificates] });

it('a certificate is told with its threshold, its version, its spend and what became of it', () => {
  expect(of([one])).toEqual([
    '50 PLN used, until 2026-05-01T00:00:00.000Z: certificate/x',
    '  by rule gift for the quarter from 2026-01-01 to 2026-03-31, version 2 of the rulebook',
    '  1079 PLN reach the step from 1000 on; steps: 50 from 1000 on, 200 from 3000 on',
    '  corrected 1 times by what came late, or back',
    '  by now the period comes to 885 PLN, which would be worth 0 PLN',
    '  2026-01-20: 600 PLN',
    '    2026-01-20, 600 PLN: receipt/1',
    '  used at 2026-04-10T00:00:00.000Z, reference till 7, given back since',
  ]);
});

it('what was withdrawn reached no step, and an account may have none', () => {
  const none = { reached: '12', value: '0' };
  const withdrawn = { ...one, by: 'points', threshold: null, ...none, now: none } as const;
  expect(of([withdrawn])[2]).toBe(
    '  12 points reach no step; steps: 50 from 1000 on, 200 from 3000 on',
  );
  expect(of([withdrawn]).join()).not.toContain('by now');
  expect(of([])).toEqual(['account a has no gift certificates']);
});

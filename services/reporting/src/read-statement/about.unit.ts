import { describe, expect, it } from '@jest/globals';
import { factId } from '@tallystick/kernel';
import { aboutOf, explanationOf } from './about.js';

describe('an entry is about', () => {
  it.each([
    ['a redemption', factId('redemption', 'a/b', 'r-1'), { kind: 'redemption', id: 'r-1' }],
    [
      'the one that is refunded',
      factId('refund', 'p', 'r1', 'x'),
      { kind: 'redemption', id: 'r1' },
    ],
    ['a hold', factId('hold', 'p', 'h1'), { kind: 'hold', id: 'h1' }],
    ['the one that is released', factId('release', 'p', 'h1', 'x'), { kind: 'hold', id: 'h1' }],
    ['a transfer', factId('transfer', 'p', 't1'), { kind: 'transfer', id: 't1' }],
    ['nothing of the kind', factId('receipt', 'p', 'c', 's', 't', '1', '2026-01-01'), null],
    ['nothing at all', null, null],
  ])('%s', (_, fact, about) => {
    expect(aboutOf(fact)).toEqual(about);
  });
});

it('an entry of a receipt or a partner’s event says where it is explained', () => {
  const receipt = factId('receipt', 'p', 'c', 's', 't', '1/2', '2026-01-01');
  expect(explanationOf(receipt)).toBe(
    '/v1/receipts/explanation?program=p&chain=c&store=s&till=t&number=1%2F2&businessDate=2026-01-01',
  );
  expect(explanationOf(factId('partnerevent', 'p', 'cinema', 'e-1'))).toBe(
    '/v1/partner-awards/explanation?program=p&partner=cinema&event=e-1',
  );
  expect([explanationOf(factId('hold', 'p', 'h')), explanationOf(null)]).toEqual([null, null]);
});

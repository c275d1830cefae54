import { describe, expect, it } from '@jest/globals';
import { factId } from '@tallystick/kernel';
import { aboutOf } from './about.js';

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

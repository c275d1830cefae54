import { describe, expect, it } from '@jest/globals';
import { isSampled, readTraceparent, spanContextOf, traceparentOf } from './traceparent.js';

const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a traceparent', () => {
  it('is taken as it is, and one of a later version as far as it is known', () => {
    expect(readTraceparent(given)).toBe(given);
    expect(readTraceparent(`cc${given.slice(2)}-more`)).toBe(given);
  });

  it.each([
    undefined,
    '',
    `${given}-more`,
    given.toUpperCase(),
    `ff${given.slice(2)}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  ])('is none: %s', (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });

  it('says whether its trace is recorded, and comes back from its parts', () => {
    const unsampled = `${given.slice(0, 53)}00`;
    expect([given, unsampled, `${given.slice(0, 53)}03`].map(isSampled)).toEqual([
      true,
      false,
      true,
    ]);
    for (const one of [given, unsampled]) expect(traceparentOf(spanContextOf(one))).toBe(one);
  });
});

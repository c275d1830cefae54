import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';

const key = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '10',
    '9',
    '1a',
    '-1',
    '__proto__',
    'toJSON',
    '',
    'é',
    '€',
    '\ud83d\ude00',
    '\ufb33',
  ),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.constantFrom(null, true, false, -0, 1e21, 1e-7, undefined),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

const tried = (write: () => unknown): unknown => {
  try {
    return write();
  } catch {
    return 'refused';
  }
};

describe('canonical JSON', () => {
  it('is what RFC 8785 says, by its own package', () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(tried(() => canonicalJson(any))).toBe(tried(() => canonicalize(any)) ?? 'refused');
      }),
      { numRuns: 2_000 },
    );
  });

  it('has many keys in the same order as few', () => {
    const names = Array.from({ length: 100 }, (_, index) => `k${(index * 37) % 100}`);
    const many = Object.fromEntries(names.map((name) => [name, name]));
    expect(canonicalJson(many)).toBe(canonicalize(many));
  });

  it('is written of what is deep or has its own way, too', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 500; depth += 1) deep = { deep };
    expect(canonicalJson(deep)).toBe(canonicalize(deep));
    expect(canonicalJson({ b: new Date(0), a: 1 })).toBe('{"a":1,"b":"1970-01-01T00:00:00.000Z"}');
    expect(canonicalJson({ '10': 1, '9': 2 })).toBe('{"10":1,"9":2}');
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => canonicalJson(circle)).toThrow('Circular');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { add, allocate, compare, exact, isDecimal, round, toDecimal } from './exact.js';

const decimals = fc
  .tuple(fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.integer({ min: 0, max: 6 }))
  .map(([units, scale]) => {
    const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return `${units < 0n ? '-' : ''}${text}`;
  });

describe('an exact decimal', () => {
  it('comes back as the shortest text of the same value', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const value = exact(text);
        expect(compare(exact(toDecimal(value)), value)).toBe(0);
      }),
    );
    expect(toDecimal(exact('-0.500'))).toBe('-0.5');
    expect(toDecimal(exact('7.00'))).toBe('7');
  });

  it('adds what floating point cannot', () => {
    expect(toDecimal(add(exact('0.1'), exact('0.2')))).toBe('0.3');
  });

  it.each(['', '1.', '.5', '1e3', '0x1', ' 1', '+1', 'NaN', '1'.repeat(31)])(
    'is not %p',
    (text) => {
      expect(isDecimal(text)).toBe(false);
      expect(() => exact(text)).toThrow('not a decimal');
    },
  );
});

describe('rounding', () => {
  it.each([
    ['2.5', 2n, 2n, 3n],
    ['3.5', 3n, 4n, 4n],
    ['-2.5', -2n, -2n, -3n],
    ['-0.4', 0n, 0n, 0n],
    ['2.501', 2n, 3n, 3n],
    ['7', 7n, 7n, 7n],
  ])('of %s is named: down, half-even, half-up', (text, down, halfEven, halfUp) => {
    expect(round(exact(text), 'down')).toBe(down);
    expect(round(exact(text), 'half-even')).toBe(halfEven);
    expect(round(exact(text), 'half-up')).toBe(halfUp);
  });
});

describe('allocation', () => {
  it('of 1000 over 3 equal lines is 334 + 333 + 333', () => {
    expect(allocate(1000n, [exact(1), exact(1), exact(1)])).toEqual([334n, 333n, 333n]);
  });

  it('loses and invents nothing', () => {
    const weights = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.nat(1_000_000_000), weights, (total, parts) => {
        const shares = allocate(
          BigInt(total),
          parts.map((part) => exact(part)),
        );
        const given = shares.reduce((sum, share) => sum + share, 0n);
        expect(given).toBe(parts.some((part) => part > 0) ? BigInt(total) : 0n);
        expect(shares.every((share) => share >= 0n)).toBe(true);
      }),
    );
  });
});

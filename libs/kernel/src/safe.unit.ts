import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as Exact from './exact.js';
import * as Safe from './safe.js';

const nat = fc.oneof(fc.nat(50), fc.nat(100_000), fc.maxSafeNat());
const roundings = fc.constantFrom<Exact.Rounding>('down', 'half-even', 'half-up');
const fractionText = ({ n, d }: Exact.Exact): string => (d === 1n ? `${n}` : `${n}/${d}`);

describe('whole numbers that a double holds', () => {
  it('are read from every decimal that has few enough places, as Exact reads it', () => {
    const texts = fc.oneof(
      fc.stringMatching(/^-?\d{1,18}(\.\d{1,8})?$/),
      fc.stringMatching(/^[-.\d]{0,6}$/),
      fc.constantFrom('1e3', ' 1', '+1', '0x1', '1'.repeat(31), '-0', '-0.00', '00012.50'),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(0, 2, 6), (text, places) => {
        const units = Safe.units(text, places);
        if (Number.isNaN(units)) {
          if (!Exact.isDecimal(text)) return;
          const scaled = Exact.multiply(Exact.exact(text), Exact.exact(10n ** BigInt(places)));
          const tooFine = (text.split('.')[1] ?? '').length > places;
          expect(tooFine || Math.abs(Number(scaled.n)) > Number.MAX_SAFE_INTEGER).toBe(true);
          return;
        }
        const value = Exact.ratio(BigInt(units), 10n ** BigInt(places));
        expect(Exact.compare(value, Exact.exact(text))).toBe(0);
        expect(Object.is(units, -0)).toBe(false);
        expect(Safe.decimal(units, places)).toBe(Exact.toDecimal(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are rounded, and told as fractions, as Exact does', () => {
    fc.assert(
      fc.property(
        nat,
        fc
          .maxSafeNat()
          .map((d) => d + 1)
          .filter(Number.isSafeInteger),
        roundings,
        (n, large, how) => {
          for (const d of [large, 1 + (large % 12), 100]) {
            const exact = Exact.ratio(BigInt(n), BigInt(d));
            expect(Safe.round(n, d, how)).toBe(Number(Exact.round(exact, how)));
            expect(Safe.fraction(n, d)).toBe(fractionText(exact));
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(Safe.round(5, 2, 'half-even')).toBe(2);
    expect(Safe.round(7, 2, 'half-even')).toBe(4);
    expect(Safe.round(5, 2, 'half-up')).toBe(3);
  });

  it.each([1, 7, 100])('are shared out as Exact does, over lines by the %i', (many) => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(300), fc.nat(10 ** 9)),
        fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(10 ** 6)), {
          minLength: many,
          maxLength: many * 2,
        }),
        (total, parts) => {
          const sum = parts.reduce((all, part) => all + part, 0);
          const shares = Safe.allocate(total, parts, sum);
          const exactly = Exact.allocate(BigInt(total), parts.map(Exact.exact)).map(Number);
          if (shares !== null) expect(shares).toEqual(exactly);
          else expect(total * sum).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are never rounded to fit', () => {
    expect(Safe.times(2 ** 27, 2 ** 26)).toBeNaN();
    expect(Safe.times(94_906_265, 94_906_265)).toBe(94_906_265 ** 2);
    expect(Safe.whole(2 ** 53)).toBeNaN();
    expect(Safe.units('90071992547409.91', 2)).toBe(Number.MAX_SAFE_INTEGER);
    expect(Safe.units('90071992547409.92', 2)).toBeNaN();
    expect(Safe.allocate(2 ** 40, [2 ** 20, 1], 2 ** 20 + 1)).toBeNull();
  });
});

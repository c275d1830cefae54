import type { Points } from '@tallystick/kernel';
import { Exact, minorUnitDigits } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';

/** What points are worth as money, in major units, rounded down to whole minor units. */
export interface Worth {
  /** Exact decimal with the currency's digits. */
  readonly amount: string;
  readonly currency: string;
}

/** Null where the programme gives points no value in money. */
export const worthOf = (
  points: Points.Points,
  book: Pick<Rulebook, 'currency' | 'redemption'> | null,
): Worth | null => {
  if (book === null || book.redemption === null) return null;
  const { currency, redemption } = book;
  const digits = minorUnitDigits(currency);
  const minorPerMajor = 10n ** BigInt(digits);
  const exact = Exact.multiply(
    Exact.divide(Exact.exact(points), Exact.exact(redemption.points)),
    Exact.exact(redemption.value),
  );
  const minor = Exact.round(Exact.multiply(exact, Exact.exact(minorPerMajor)), 'down');
  if (digits === 0) return { amount: minor.toString(), currency };
  const fraction = (minor % minorPerMajor).toString().padStart(digits, '0');
  return { amount: `${minor / minorPerMajor}.${fraction}`, currency };
};

import { BeyondLimits } from './result.js';
import { exact, multiply, round, type Exact, type Rounding } from './exact.js';

/** An amount in whole minor units (pence, grosz) of an ISO 4217 currency. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

const exponents = new Map<string, number>();
const currencies = new Set(Intl.supportedValuesOf('currency'));

/** How many decimals a currency's minor unit has (ISO 4217, by way of CLDR): 2 for GBP, 0 for JPY. Throws on what is no code. */
export const minorUnitDigits = (currency: string): number => {
  let digits = exponents.get(currency);
  if (digits === undefined) {
    // Any three letters have a format; only codes have a meaning.
    if (!currencies.has(currency)) throw new Error(`no ISO 4217 code: ${currency.slice(0, 10)}`);
    digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
      .maximumFractionDigits;
    if (digits === undefined) throw new Error(`no minor unit is known for currency ${currency}`);
    exponents.set(currency, digits);
  }
  return digits;
};

/** Rounds an exact amount of major units (pounds) to whole minor units (pence). Throws `BeyondLimits`. */
export const toMinor = (amount: Exact, currency: string, rounding: Rounding): number => {
  const minor = Number(
    round(multiply(amount, exact(10n ** BigInt(minorUnitDigits(currency)))), rounding),
  );
  if (!Number.isSafeInteger(minor)) throw new BeyondLimits(`${minor} minor units of money`);
  return minor;
};

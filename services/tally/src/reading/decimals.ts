import { Exact } from '@tallystick/kernel';
import { literally } from './pattern.js';

export interface DecimalFormat {
  readonly decimalMark: '.' | ',';
  readonly groupMark?: ',' | '.' | ' ' | "'" | undefined;
}

/**
 * A reader of decimals as people write them, into the text that receipts have: `1.234,50` -> `1234.50`. It never
 * passes through a floating-point number. Null for what is no number; marks between thousands must stand between thousands.
 */
export const decimalReader = ({
  decimalMark,
  groupMark,
}: DecimalFormat): ((text: string) => string | null) => {
  const mark = literally(decimalMark);
  const grouped = groupMark === undefined ? '' : `|\\d{1,3}(?:${literally(groupMark)}\\d{3})+`;
  const pattern = new RegExp(`^([+-]?)(\\d+${grouped})?(?:${mark}(\\d*))?$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return null;
    const [, sign, whole = '', fraction = ''] = match;
    if (whole === '' && fraction === '') return null;
    const digits = groupMark === undefined ? whole : whole.replaceAll(groupMark, '');
    const decimal = `${sign === '-' ? '-' : ''}${digits === '' ? '0' : digits}${fraction === '' ? '' : `.${fraction}`}`;
    return Exact.isDecimal(decimal) ? decimal : null;
  };
};

/** -1, 0 or 1, read off the text. */
export const signOf = (decimal: string): -1 | 0 | 1 =>
  /[1-9]/.test(decimal) ? (decimal.startsWith('-') ? -1 : 1) : 0;

export const negated = (decimal: string): string =>
  decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`;

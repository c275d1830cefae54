import { err, ok, type Result } from '@tallystick/kernel';
import type { Mark, Source } from '../mapping/mapping.js';
import type { Columns } from './columns.js';
import type { RejectCode } from './rejects.js';

/** The cells of one row. */
export type Cells = readonly string[];

/** What is wrong with a cell, in words that do not repeat what it holds. */
export interface Flaw {
  readonly code: RejectCode;
  readonly explanation: string;
}
export type Read<T> = Result<T, Flaw>;
export type CellReader<T> = (cells: Cells) => Read<T>;

export const flaw = (code: RejectCode, explanation: string): Read<never> =>
  err({ code, explanation });

const codeCharsMax = 100;
/** What a decoder puts where bytes are no text. */
const damaged = '\uFFFD';

/** A code or a name, trimmed: never empty, too long or damaged. */
export const codeReader = (source: Source, columns: Columns): CellReader<string> => {
  const read = optionalReader(source, columns);
  const label = source.column === undefined ? 'the value' : columns.find(source.column).label;
  return (cells) => {
    const text = read(cells);
    if (!text.ok) return text;
    return text.value === null ? flaw('field-missing', `${label} is empty`) : ok(text.value);
  };
};

/** As `codeReader`, but an empty cell is null, and so is a field that the mapping does not name. */
export const optionalReader = (
  source: Source | undefined,
  columns: Columns,
): CellReader<string | null> => {
  if (source?.column === undefined) {
    const value = ok(source?.value ?? null);
    return () => value;
  }
  const { index, label } = columns.find(source.column);
  return (cells) => {
    const text = cells[index]?.trim() ?? '';
    if (text.length > codeCharsMax)
      return flaw('field-too-long', `${label} is longer than ${codeCharsMax} characters`);
    if (text.includes(damaged))
      return flaw('text-damaged', `${label} is no text in the encoding that the mapping names`);
    return ok(text === '' ? null : text);
  };
};

/** An exact decimal; `unreadable` is the code of a row whose cell is none. */
export const numberReader = (
  source: Source,
  columns: Columns,
  toDecimal: (text: string) => string | null,
  unreadable: RejectCode,
): CellReader<string> => {
  const read = codeReader(source, columns);
  const label = source.column === undefined ? 'the value' : columns.find(source.column).label;
  return (cells) => {
    const text = read(cells);
    if (!text.ok) return text;
    const decimal = toDecimal(text.value);
    return decimal === null
      ? flaw(unreadable, `${label} is not a number as the mapping says they are written`)
      : ok(decimal);
  };
};

/** Whether any of some marks is on a row. */
export const markReader = (
  marks: readonly Mark[],
  columns: Columns,
): ((cells: Cells) => boolean) => {
  const tests = marks.map(({ column, startsWith, equals }) => {
    const { index } = columns.find(column);
    const values = new Set(equals);
    return (cells: Cells): boolean => {
      const text = cells[index]?.trim() ?? '';
      return startsWith === undefined ? values.has(text) : text.startsWith(startsWith);
    };
  });
  return (cells) => tests.some((test) => test(cells));
};

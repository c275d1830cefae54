import { addDays, instant, localDate, startOfDay, type TimeZone } from '@tallystick/kernel';
import type { FileFormat } from '../mapping/flat-mapping.js';
import type { Column } from './columns.js';
import { linesOf } from './lines.js';
import { rowsOf, type Row } from './rows.js';
import type { Source } from './source.js';
import { UnreadableFile } from './unreadable-file.js';

/** Why a row of such a file was not sent. The codes are stored in rejects files: they do not change. */
export type FlatCode =
  | 'columns-wrong'
  | 'quote-not-closed'
  | 'text-damaged'
  | 'field-missing'
  | 'points-unreadable'
  | 'time-unreadable'
  | 'spend-unreadable'
  | 'qualifies-unreadable'
  | 'balance-differs'
  | 'balance-incomplete'
  | 'member-repeated'
  | 'segments-incomplete';

/** A row that is not sent. The explanation names columns, and never repeats what a cell holds: a card number may stand in any. */
export interface FlatReject {
  readonly line: number;
  readonly code: FlatCode;
  readonly explanation: string;
}

/** What is wrong with a cell. */
export class Flaw extends Error {
  readonly code: FlatCode;
  readonly explanation: string;

  constructor(code: FlatCode, explanation: string) {
    super(explanation);
    this.code = code;
    this.explanation = explanation;
  }
}

/** The rows of a file below its header. `reader` is given the header; `rows` is told of each row. */
export async function* flatRows<Read>(
  source: Source,
  { separator, quote, encoding }: FileFormat,
  reader: (header: readonly string[]) => (row: Row) => Read,
  rows: (count: number) => void,
): AsyncGenerator<Read> {
  const lines = linesOf(source.bytes, encoding);
  let read: ((row: Row) => Read) | null = null;
  for await (const block of rowsOf(lines, { separator, quote, columns: null }))
    for (const row of block) {
      if (read === null) {
        if (row.kind === 'broken')
          throw new UnreadableFile('the header of the file cannot be read');
        read = reader(row.cells);
        continue;
      }
      rows(1);
      yield read(row);
    }
  if (read === null) throw new UnreadableFile('the file is empty: it has not even a header');
}

/** The cells of a row that has as many as the header, or why it has not. */
export const cellsOf = (row: Row, count: number): readonly string[] | FlatReject => {
  if (row.kind === 'broken') {
    const explanation = 'a quote is opened and never closed';
    return { line: row.line, code: 'quote-not-closed', explanation };
  }
  const { line, cells } = row;
  const explanation = `the row has ${cells.length} cells, the header ${count}`;
  return cells.length === count ? cells : { line, code: 'columns-wrong', explanation };
};

const damaged = '\uFFFD';

/** A cell, trimmed; null: it is empty, or there is no such column. Throws `Flaw`. */
export const textIn = (cells: readonly string[], column: Column | null): string | null => {
  const value = column === null ? '' : (cells[column.index]?.trim() ?? '');
  if (value.includes(damaged))
    throw new Flaw('text-damaged', `${column?.label ?? ''} is no text in the file's encoding`);
  return value === '' ? null : value;
};

/** A moment in a cell: a day without a time is its beginning or its end. Throws `Flaw`. */
export const momentIn = (
  cells: readonly string[],
  column: Column | null,
  zone: TimeZone,
  day: 'begins' | 'ends',
): string | null => {
  const value = textIn(cells, column);
  if (value === null) return null;
  try {
    if (!/^\d{4}-\d\d-\d\d$/.test(value)) return instant(value);
    const date = localDate(value);
    return startOfDay(day === 'ends' ? addDays(date, 1) : date, zone);
  } catch {
    throw new Flaw(
      'time-unreadable',
      `${column?.label ?? ''} is neither a day such as 2027-01-31 nor a time with an offset`,
    );
  }
};

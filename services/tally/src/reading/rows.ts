import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { Line } from './lines.js';

/** Lines that one row may take, by line ends inside quotes, before its first quote counts as one that never closes. */
export const rowLinesMax = 50;
/** Lines given to the parser at once. */
const blockLines = 500;

/** One row of the file, or a line that is none. */
export type Row =
  | {
      readonly kind: 'row';
      readonly line: number;
      readonly lines: number;
      readonly cells: readonly string[];
    }
  | {
      readonly kind: 'broken';
      readonly line: number;
      readonly lines: 1;
      readonly why: 'quote-not-closed';
    };

export interface RowFormat {
  readonly separator: string;
  /** null: quotes mean nothing. */
  readonly quote: string | null;
  /** How many cells a row has; null until the first row says so. */
  readonly columns: number | null;
}

/**
 * Lines into rows, by `csv-parse`. What that parser cannot do alone is to lose only the damaged line when a quote is
 * opened and never closed: it would swallow all lines up to the next quote. So lines go to it in blocks; a block that
 * gives as many rows as it has lines has each row on its own line, and any other is parsed line by line, where a row
 * may take in further lines only if it then has the right number of cells. Blank lines are no rows.
 */
export async function* rowsOf(
  blocks: AsyncIterable<readonly Line[]>,
  format: RowFormat,
): AsyncGenerator<readonly Row[]> {
  const parser = rowParser(format);
  let waiting: readonly Line[] = [];
  for await (const block of blocks) {
    waiting = waiting.length === 0 ? block : [...waiting, ...block];
    // What follows a block is lent to its last row, which may go on there.
    while (waiting.length >= blockLines + rowLinesMax) {
      const { rows, used } = parser(waiting.slice(0, blockLines + rowLinesMax), blockLines);
      waiting = waiting.slice(used);
      if (rows.length > 0) yield rows;
    }
  }
  while (waiting.length > 0) {
    const { rows, used } = parser(waiting, waiting.length);
    waiting = waiting.slice(used);
    if (rows.length > 0) yield rows;
  }
}

interface Parsed {
  readonly rows: readonly Row[];
  /** Lines that the rows took, blank ones among them. */
  readonly used: number;
}

/** A parser of the first `count` of some lines, the last row of which may reach into the rest. */
const rowParser = (format: RowFormat): ((lines: readonly Line[], count: number) => Parsed) => {
  const options = {
    delimiter: format.separator,
    quote: format.quote ?? false,
    escape: format.quote ?? false,
    relax_quotes: true,
    relax_column_count: true,
    record_delimiter: '\n',
  } as const;
  let columns = format.columns;

  /** The cells of one row, or what is wrong with its quotes. */
  const cellsOf = (
    text: string,
    relaxed: boolean,
  ): readonly string[] | 'not-closed' | 'misplaced' => {
    try {
      return parse(text, { ...options, relax_quotes: relaxed })[0] ?? [''];
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      return error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'not-closed' : 'misplaced';
    }
  };

  /** All lines at once; null unless each is a row of its own. */
  const allAtOnce = (lines: readonly Line[]): readonly Row[] | null => {
    let cells: readonly (readonly string[])[];
    try {
      cells = parse(lines.map((line) => line.text).join('\n'), options);
    } catch (error) {
      if (error instanceof CsvError) return null;
      throw error;
    }
    if (cells.length !== lines.length) return null;
    columns ??= cells[0]?.length ?? null;
    return lines.map((line, index) => ({
      kind: 'row',
      line: line.number,
      lines: 1,
      cells: cells[index] ?? [],
    }));
  };

  /** One row from the lines at hand: the shortest run that closes its quotes and has the right number of cells. */
  const oneRow = (lines: readonly Line[], first: Line): Row => {
    const alone = cellsOf(first.text, true);
    if (typeof alone === 'object') {
      columns ??= alone.length;
      return { kind: 'row', line: first.number, lines: 1, cells: alone };
    }
    let text = first.text;
    for (let count = 2; count <= Math.min(rowLinesMax, lines.length); count += 1) {
      text += `\n${lines[count - 1]?.text ?? ''}`;
      // Strictly: a row that took in the next one would otherwise close its quote with one that opens there.
      const cells = cellsOf(text, false);
      if (cells === 'not-closed') continue;
      if (cells === 'misplaced' || (columns !== null && cells.length !== columns)) break;
      columns ??= cells.length;
      return { kind: 'row', line: first.number, lines: count, cells };
    }
    return { kind: 'broken', line: first.number, lines: 1, why: 'quote-not-closed' };
  };

  return (lines, count) => {
    const own = lines.slice(0, count);
    const simple = allAtOnce(own.filter((line) => !isBlank(line)));
    if (simple !== null) return { rows: simple, used: own.length };
    const rows: Row[] = [];
    let used = 0;
    while (used < own.length) {
      const first = own[used];
      if (first === undefined) break;
      if (isBlank(first)) {
        used += 1;
        continue;
      }
      const row = oneRow(lines.slice(used, used + rowLinesMax), first);
      rows.push(row);
      used += row.lines;
    }
    return { rows, used };
  };
};

const isBlank = (line: Line): boolean => line.text.trim() === '';

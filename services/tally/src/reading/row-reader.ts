import { err, invariant, ok, type Result } from '@tallystick/kernel';
import type { Mapping } from '../mapping/mapping.js';
import { markReader, type Cells } from './cells.js';
import { columnsOf } from './columns.js';
import { headReader, type ReceiptHead } from './head-reader.js';
import { itemReader, type ReceiptItem } from './item-reader.js';
import type { Reject } from './rejects.js';
import type { Row } from './rows.js';

/** A row as the mapping understands it. */
export type ReadRow = ItemRow | BadRow | { readonly kind: 'not-a-sale'; readonly line: number };

export interface ItemRow {
  readonly kind: 'item';
  readonly line: number;
  readonly key: string;
  readonly head: ReceiptHead;
  readonly item: ReceiptItem;
}

/** A rejected row, and as much as can be told of the receipt that is not whole without it. */
export interface BadRow extends Reject {
  readonly kind: 'bad';
  readonly key: string | null;
  readonly head: ReceiptHead | null;
}

/**
 * Makes the reader of a file's rows. `header` is the file's first row, null if the mapping says that there is none.
 * The answer is an error if the file has not the columns that the mapping names, each told.
 */
export const rowReader = (
  mapping: Mapping,
  header: Cells | null,
): Result<(row: Row) => ReadRow, readonly string[]> => {
  const columns = columnsOf(header, mapping.file.columns ?? header?.length ?? 0);
  const isNotASale = markReader(mapping.receipt.notSales, columns);
  const readHead = headReader(mapping, columns);
  const readItem = itemReader(mapping, columns);
  if (columns.missing.size > 0) return err([...columns.missing]);

  return ok((row) => {
    const { line } = row;
    if (row.kind === 'broken')
      return {
        kind: 'bad',
        line,
        key: null,
        head: null,
        code: row.why,
        explanation: 'a quote is opened and not closed',
      };
    const { cells } = row;
    const whole = cells.length === columns.count;
    if (whole && isNotASale(cells)) return { kind: 'not-a-sale', line };
    const { head: read, key } = readHead(cells, line);
    const head = read.ok ? read.value : null;
    if (!whole) {
      const explanation = `the row has ${cells.length} columns, and not ${columns.count}`;
      return { kind: 'bad', line, key, head, code: 'columns-wrong', explanation };
    }
    if (!read.ok) return { kind: 'bad', line, key, head, ...read.error };
    const item = readItem(cells);
    if (!item.ok) return { kind: 'bad', line, key, head, ...item.error };
    invariant(key !== null, 'a head is read from all that its key is made of');
    return { kind: 'item', line, key, head: read.value, item: item.value };
  });
};

import type { Mapping } from '../mapping/mapping.js';
import { assembler, type FileReceipt } from './assemble.js';
import { linesOf } from './lines.js';
import type { Reject } from './rejects.js';
import { rowReader, type BadRow, type ItemRow, type ReadRow } from './row-reader.js';
import { rowsOf, type Row } from './rows.js';
import { UnreadableFile } from './unreadable-file.js';
import { openWindow, type Group } from './window.js';

/** What comes out of a file: receipts to send, in the order of their first rows, and rows that are not sent. */
export type FileItem =
  | ({ readonly kind: 'receipt' } & FileReceipt)
  | ({ readonly kind: 'reject' } & Reject)
  | { readonly kind: 'not-a-sale'; readonly line: number };

/** What has been read, counted where it is read: what comes out must add up to it. */
export interface ReadCounts {
  /** Lines of text, the header and blank ones among them. */
  lines: number;
  /** Rows, without the header. */
  rows: number;
  /** The most rows that were held at one time. */
  rowsHeldPeak: number;
}

export const noCounts = (): ReadCounts => ({ lines: 0, rows: 0, rowsHeldPeak: 0 });

/**
 * Reads a sales file into receipts, in bounded memory; each block is what one piece of the file brought about.
 * Throws `UnreadableFile`, also in the middle: the receipts whose last rows might still have come are then not given out.
 */
export async function* receiptsOf(
  bytes: AsyncIterable<Buffer>,
  mapping: Mapping,
  program: string,
  counts: ReadCounts,
): AsyncGenerator<readonly FileItem[]> {
  const { file, receipt } = mapping;
  const window = openWindow<ItemRow | BadRow>({
    rows: receipt.key === 'row' ? 0 : mapping.window.rows,
    rowsHeld: mapping.window.rowsHeld,
  });
  const assemble = assembler(program);
  let read = file.header ? null : readerFor(mapping, null);

  for await (const rows of rowsOf(counted(linesOf(bytes, file.encoding), counts), formatOf(file))) {
    const items: FileItem[] = [];
    for (const row of rows) {
      if (read === null) {
        read = readerFor(mapping, headerOf(row));
        continue;
      }
      counts.rows += 1;
      takeRow(read(row), items);
      counts.rowsHeldPeak = Math.max(counts.rowsHeldPeak, window.rowsHeld());
      for (const group of window.leaving()) takeGroup(group, items);
    }
    yield items;
  }
  if (read === null) throw new UnreadableFile('the file is empty: it has not even the header');
  const items: FileItem[] = [];
  for (const group of window.end()) takeGroup(group, items);
  yield items;

  function takeRow(row: ReadRow, items: FileItem[]): void {
    if (row.kind === 'not-a-sale') {
      window.pass();
      items.push(row);
      return;
    }
    if (row.kind === 'bad')
      items.push({ kind: 'reject', line: row.line, code: row.code, explanation: row.explanation });
    if (row.key === null) {
      window.pass();
      return;
    }
    if (window.take(row.key, row) === 'late' && row.kind === 'item')
      items.push({
        kind: 'reject',
        line: row.line,
        code: 'receipt-already-sent',
        explanation:
          `the row's receipt was complete ${mapping.window.rows} rows after its last line, or ${mapping.window.rowsHeld} ` +
          'rows were held: sort the file by receipt, or raise window.rows or window.rowsHeld in the mapping',
      });
  }

  function takeGroup(group: Group<ItemRow | BadRow>, items: FileItem[]): void {
    const assembled = assemble(group.rows);
    if (!assembled.ok)
      items.push(...assembled.error.map((reject) => ({ kind: 'reject' as const, ...reject })));
    else if (assembled.value !== null) items.push({ kind: 'receipt', ...assembled.value });
  }
}

const formatOf = (file: Mapping['file']): Parameters<typeof rowsOf>[1] => ({
  separator: file.separator === 'tab' ? '\t' : file.separator,
  quote: file.quote === 'none' ? null : file.quote,
  columns: file.columns ?? null,
});

const readerFor = (mapping: Mapping, header: readonly string[] | null): ((row: Row) => ReadRow) => {
  const reader = rowReader(mapping, header);
  if (reader.ok) return reader.value;
  throw new UnreadableFile(
    `the file is not of the shape that mapping ${mapping.name} describes: ${reader.error.join('; ')}`,
  );
};

const headerOf = (row: Row): readonly string[] => {
  if (row.kind === 'row') return row.cells;
  throw new UnreadableFile('the header opens a quote and does not close it');
};

async function* counted<T>(
  blocks: AsyncIterable<readonly T[]>,
  counts: ReadCounts,
): AsyncGenerator<readonly T[]> {
  for await (const block of blocks) {
    counts.lines += block.length;
    yield block;
  }
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * The raw file, read by nothing of ours: what the tests compare an import with must not share its mistakes.
 * The file lies beside the project, and is no part of it.
 */
export const retailFile = path.resolve(
  import.meta.dirname,
  '../../../../../../shared/data/online-retail-2010-12_2011-06.csv.gz',
);

export const retailFileIsHere = existsSync(retailFile);

/** One line of an invoice. */
export interface RetailLine {
  readonly invoice: string;
  readonly product: string;
  /** Negative: goods that come back, or that the stockroom writes off. */
  readonly quantity: bigint;
  /** Time of the shop's own clock, `2010-12-01 08:26:00`. */
  readonly time: string;
  /** Price of one, in thousandths of a penny. */
  readonly price: bigint;
  /** null: no card. */
  readonly card: string | null;
}

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** All lines, in the order of the file. */
export const readRetailFile = (): RetailLine[] => {
  const text = gunzipSync(readFileSync(retailFile)).toString('utf8');
  const [first, ...rows] = cellsOf(text);
  if (first?.join(',') !== header) throw new Error('the file has another header');
  return rows.map((cells) => {
    const [invoice, product, , quantity, time, price, customer] = cells;
    if (
      cells.length !== 8 ||
      invoice === undefined ||
      product === undefined ||
      quantity === undefined ||
      time === undefined ||
      price === undefined ||
      customer === undefined
    )
      throw new Error(`a row has ${cells.length} cells`);
    return {
      invoice,
      product: product.trim(),
      quantity: BigInt(quantity),
      time,
      price: thousandthsOfAPenny(price),
      card: customer === '' ? null : customer.replace(/\.0$/, ''),
    };
  });
};

/** Comma, double quotes, line feeds; a quote inside quotes is doubled. */
const cellsOf = (text: string): string[][] => {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      row.push(cell);
      cell = '';
    } else if (char === '\n') {
      row.push(cell);
      rows.push(row);
      row = [];
      cell = '';
    } else if (char !== '\r') cell += char;
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell]);
  return rows;
};

const thousandthsOfAPenny = (pounds: string): bigint => {
  const match = /^(\d+)(?:\.(\d{1,5}))?$/.exec(pounds);
  if (match === null) throw new Error(`not a price: ${pounds}`);
  return BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(5, '0'));
};

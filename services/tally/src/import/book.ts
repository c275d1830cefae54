import type { LineOutcome, ReceiptOutcome, ReceiptOutcomeKind } from '@tallystick/contracts';

/** What may become of a row of the file. Each row ends in exactly one. */
export const rowOutcomes = [
  'earned',
  'nothing',
  'reversed',
  'unmatched',
  'waiting',
  'refused',
  'rejected',
  /** Only in a dry run: it would be sent. */
  'readable',
] as const;
export type RowOutcome = (typeof rowOutcomes)[number];

/** How often something happened, in all and by reason. */
export interface Counted {
  total: number;
  readonly reasons: Map<string, number>;
}

export interface PointsMoved {
  earned: number;
  reversed: number;
  arrearsRaised: number;
}

/** What has become of a file so far. Rows are counted here one by one, as their outcomes are told. */
export interface Book {
  readonly rows: Map<RowOutcome, Counted>;
  readonly receipts: Map<ReceiptOutcomeKind | 'rejected', Counted>;
  /** Receipts that the system had taken before this run. */
  receiptsKnown: number;
  receiptsNew: number;
  receiptsRefused: number;
  /** By all the file's receipts, and by those that were new. */
  readonly points: { readonly ofFile: PointsMoved; readonly ofNew: PointsMoved };
}

export const emptyBook = (): Book => ({
  rows: new Map(),
  receipts: new Map(),
  receiptsKnown: 0,
  receiptsNew: 0,
  receiptsRefused: 0,
  points: {
    ofFile: { earned: 0, reversed: 0, arrearsRaised: 0 },
    ofNew: { earned: 0, reversed: 0, arrearsRaised: 0 },
  },
});

const count = <K>(of: Map<K, Counted>, kind: K, reason: string | null, times = 1): void => {
  let counted = of.get(kind);
  if (counted === undefined) of.set(kind, (counted = { total: 0, reasons: new Map() }));
  counted.total += times;
  if (reason !== null) counted.reasons.set(reason, (counted.reasons.get(reason) ?? 0) + times);
};

export const countRow = (book: Book, outcome: RowOutcome, reason: string | null): void =>
  count(book.rows, outcome, reason);

/** The stable part of a service's reason, before what explains it: `conflict: this receipt is …`. */
export const reasonCode = (reason: string): string => reason.split(': ')[0] ?? reason;

/** Books a receipt's outcome and that of each of its lines. */
export const countReceipt = (book: Book, outcome: ReceiptOutcome): void => {
  count(
    book.receipts,
    outcome.outcome,
    outcome.reason === null ? null : reasonCode(outcome.reason),
  );
  for (const line of outcome.lines) countRow(book, line.outcome, reasonOf(line, outcome));
  if (outcome.outcome === 'refused') {
    book.receiptsRefused += 1;
    return;
  }
  addPoints(book.points.ofFile, outcome);
  if (outcome.known) book.receiptsKnown += 1;
  else {
    book.receiptsNew += 1;
    addPoints(book.points.ofNew, outcome);
  }
};

/** Books a receipt that the system would not have, all of its rows with it. */
export const countRefused = (book: Book, reason: string, rows: number): void => {
  count(book.receipts, 'refused', reason);
  count(book.rows, 'refused', reason, rows);
  book.receiptsRefused += 1;
};

const reasonOf = (line: LineOutcome, receipt: ReceiptOutcome): string | null => {
  const hasOne = line.outcome === 'nothing' || line.outcome === 'refused';
  const reason = line.reason ?? (hasOne ? receipt.reason : null);
  return reason === null ? null : reasonCode(reason);
};

const addPoints = (to: PointsMoved, outcome: ReceiptOutcome): void => {
  to.earned += outcome.earned;
  to.reversed += outcome.reversed;
  to.arrearsRaised += outcome.arrearsRaised;
};

/** All rows that have an outcome: at the end, every row of the file. */
export const rowsBooked = (book: Book): number =>
  [...book.rows.values()].reduce((sum, { total }) => sum + total, 0);

/** Whether a finished import found everything there already. */
export const changedNothing = (book: Book): boolean =>
  book.receiptsNew === 0 && book.receiptsKnown > 0;

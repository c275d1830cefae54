import { table, whole } from '../output/table.js';
import {
  changedNothing,
  rowOutcomes,
  rowsBooked,
  type Book,
  type Counted,
  type RowOutcome,
} from './book.js';
import type { Imported } from './run-import.js';

export interface SummaryOf extends Imported {
  readonly file: string;
  readonly mapping: string;
  readonly program: string;
  readonly dryRun: boolean;
  /** null: no row was rejected or refused. */
  readonly rejectsFile: string | null;
  readonly seconds: number;
  readonly peakMemoryMiB: number;
}

const words: Readonly<Record<RowOutcome, string>> = {
  earned: 'earned',
  nothing: 'nothing to earn',
  reversed: 'returned, points taken back',
  unmatched: 'returned, sale unknown',
  waiting: 'waiting for the card',
  refused: 'refused by the system',
  rejected: 'rejected, not sent',
  readable: 'readable, not sent',
};

/** Whether each row that was read has exactly one outcome. */
export const addsUp = ({ book, counts }: Imported): boolean => rowsBooked(book) === counts.rows;

/** The end of an import as a machine reads it. */
export const summaryJson = (of: SummaryOf): object => ({
  file: of.file,
  mapping: of.mapping,
  program: of.program,
  dryRun: of.dryRun,
  addsUp: addsUp(of),
  unchanged: changedNothing(of.book) && of.enrolled.enrolled === 0,
  rows: { total: of.counts.rows, textLines: of.counts.lines, byOutcome: asObject(of.book.rows) },
  receipts: {
    new: of.book.receiptsNew,
    known: of.book.receiptsKnown,
    refused: of.book.receiptsRefused,
    byOutcome: asObject(of.book.receipts),
  },
  points: of.book.points,
  members: of.enrolled,
  rejectsFile: of.rejectsFile,
  seconds: of.seconds,
  rowsHeldPeak: of.counts.rowsHeldPeak,
  peakMemoryMiB: of.peakMemoryMiB,
});

const asObject = (counts: ReadonlyMap<string, Counted>): object =>
  Object.fromEntries(
    [...counts].map(([kind, { total, reasons }]) => [
      kind,
      { total, reasons: Object.fromEntries(reasons) },
    ]),
  );

/** The end of an import as a person reads it. */
export const showSummary = (of: SummaryOf): string => {
  const { book, counts, enrolled } = of;
  const rows = [
    [`rows of the file`, whole(counts.rows)],
    ...rowOutcomes.flatMap((outcome) => counted(words[outcome], book.rows.get(outcome))),
  ];
  const receipts = of.dryRun
    ? []
    : [
        ['', ''],
        ['receipts', whole(book.receiptsNew + book.receiptsKnown + book.receiptsRefused)],
        ...[...book.receipts].flatMap(([outcome, count]) => counted(outcome, count)),
        ['  of them new', whole(book.receiptsNew)],
        ['  of them known before', whole(book.receiptsKnown)],
        ['', ''],
        ['points earned', whole(book.points.ofFile.earned)],
        ['  by new receipts', whole(book.points.ofNew.earned)],
        ['points reversed', whole(book.points.ofFile.reversed)],
        ['  by new receipts', whole(book.points.ofNew.reversed)],
        ['  of them owed now', whole(book.points.ofNew.arrearsRaised)],
        ...(enrolled.enrolled + enrolled.alreadyEnrolled + enrolled.notEnrolled > 0
          ? [
              ['', ''],
              ['members enrolled', whole(enrolled.enrolled)],
              ['  enrolled before', whole(enrolled.alreadyEnrolled)],
              ...(enrolled.notEnrolled > 0
                ? [['  numbers not taken', whole(enrolled.notEnrolled)]]
                : []),
            ]
          : []),
      ];
  return [
    `${of.file} by mapping ${of.mapping} into programme ${of.program}${of.dryRun ? ' (dry run: nothing was sent)' : ''}`,
    '',
    table([...rows, ...receipts], ['left', 'right']),
    '',
    ...closing(of, book),
  ].join('\n');
};

const counted = (name: string, count: Counted | undefined): string[][] =>
  count === undefined || count.total === 0
    ? []
    : [
        [`  ${name}`, whole(count.total)],
        ...[...count.reasons]
          .sort(([, a], [, b]) => b - a)
          .map(([reason, times]) => [`    ${reason}`, whole(times)]),
      ];

const closing = (of: SummaryOf, book: Book): string[] => {
  const unsent = (book.rows.get('rejected')?.total ?? 0) + (book.rows.get('refused')?.total ?? 0);
  return [
    addsUp(of)
      ? `Every row has one outcome. ${of.seconds.toFixed(1)} s.`
      : `The outcomes of ${whole(rowsBooked(book))} rows do not add up to the file's ${whole(of.counts.rows)}: this is a bug.`,
    ...(of.rejectsFile === null
      ? []
      : [`Rows not taken: ${whole(unsent)}. Which and why: ${of.rejectsFile}`]),
    ...(changedNothing(book) && of.enrolled.enrolled === 0
      ? [
          `Nothing changed: all ${whole(book.receiptsKnown)} receipts were already known${book.receiptsRefused > 0 ? ', besides those refused' : ''}.`,
        ]
      : []),
  ];
};

import { basename } from 'node:path';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { quietProgress, showProgress, type Progress } from '../import/progress.js';
import { rejectsFile } from '../import/rejects-file.js';
import {
  addsUp,
  changedNothing,
  importBalances,
  sumOf,
  type BalancesBook,
} from '../opening-balances/import-balances.js';
import { parseBalanceMapping } from '../opening-balances/mapping.js';
import { table, whole } from '../output/table.js';
import { readTyped, typedPath } from '../paths.js';
import { openSource } from '../reading/source.js';
import { openSystem } from '../system/open-system.js';
import { newestRulebook } from './newest-rulebook.js';
import type { Run } from './run.js';

export interface OpeningBalancesOptions {
  readonly program: string;
  readonly system: string;
  readonly mapping?: string;
  readonly rejects?: string;
  readonly as?: string;
  readonly json?: boolean;
}

/** `tally opening-balances`: what another system kept until now, from a file, once for its references. */
export const importOpeningBalances = async (
  run: Run,
  file: string,
  options: OpeningBalancesOptions,
): Promise<ExitCode> => {
  const { program, system: oldSystem, json = false, as: subject } = options;
  const mapping =
    options.mapping === undefined
      ? parseBalanceMapping('', '')
      : parseBalanceMapping(options.mapping, await readTyped(typedPath(run.env, options.mapping)));
  const name = file === '-' ? 'standard input' : basename(file);
  const rejects = rejectsFile(
    typedPath(run.env, options.rejects ?? `${file === '-' ? 'stdin' : name}.rejects.csv`),
  );
  const source = await openSource(typedPath(run.env, file));
  let progress: Progress = quietProgress(run.terminal.note);
  const system = await openSystem({
    ...{ env: run.env, roles: ['manager'], signal: run.signal },
    ...(subject === undefined ? {} : { subject }),
    note: (message) => progress.note(message),
  });
  try {
    const rulebook = await newestRulebook(system.client, program);
    if (!json) progress = showProgress(run.terminal.stderr, source.size, 'balances');
    const book = await importBalances({
      ...{ source, mapping, program, system: oldSystem, rulebook, rejects, progress },
      ...{ client: system.client, signal: run.signal },
    });
    await rejects.close();
    const rejected = rejects.count() > 0 ? rejects.path : null;
    progress.stop();
    run.terminal.out(
      json
        ? JSON.stringify(asJson(name, options, book, rejected), null, 2)
        : summary(name, options, book, rejected),
    );
    if (!addsUp(book)) return exitCodes.failed;
    return rejected === null ? exitCodes.ok : exitCodes.someRejected;
  } finally {
    progress.stop();
    await system.close();
  }
};

const asJson = (
  file: string,
  { program, system }: OpeningBalancesOptions,
  book: BalancesBook,
  rejected: string | null,
): object => ({
  ...{ file, program, system, addsUp: addsUp(book), unchanged: changedNothing(book) },
  rows: {
    ...{ total: book.rows, imported: book.imported, known: book.known },
    refused: Object.fromEntries(book.refused),
    rejected: Object.fromEntries(book.rejected),
  },
  balances: book.balances,
  points: book.points,
  rejectsFile: rejected,
});

const summary = (
  file: string,
  { program, system }: OpeningBalancesOptions,
  book: BalancesBook,
  rejected: string | null,
): string => {
  const reasons = (of: ReadonlyMap<string, number>): string[][] =>
    [...of].map(([reason, times]) => [`    ${reason}`, whole(times)]);
  const lines = [
    ['rows of the file', whole(book.rows)],
    ['  imported', whole(book.imported)],
    ['  known before', whole(book.known)],
    ['  refused', whole(sumOf(book.refused))],
    ...reasons(book.refused),
    ['  rejected', whole(sumOf(book.rejected))],
    ...reasons(book.rejected),
    ['', ''],
    ['balances imported', whole(book.balances.new)],
    ['  known before', whole(book.balances.known)],
    ['points imported', whole(book.points.new)],
    ['  known before', whole(book.points.known)],
  ];
  return [
    `${file} of ${system} into programme ${program}`,
    '',
    table(lines, ['left', 'right']),
    '',
    addsUp(book)
      ? 'Every row has one outcome.'
      : 'The outcomes do not add up to the rows of the file: this is a bug.',
    ...(rejected === null ? [] : [`Rows not taken, and why: ${rejected}`]),
    ...(changedNothing(book)
      ? [`Nothing changed: all ${whole(book.balances.known)} balances were already there.`]
      : []),
  ].join('\n');
};

import { basename } from 'node:path';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { quietProgress, showProgress, type Progress } from '../import/progress.js';
import { rejectsFile } from '../import/rejects-file.js';
import { table, whole } from '../output/table.js';
import { readTyped, typedPath } from '../paths.js';
import { openSource } from '../reading/source.js';
import { parseSegmentsMapping } from '../segments/mapping.js';
import {
  addsUp,
  changedNothing,
  sendSegments,
  sumOf,
  type SegmentsBook,
} from '../segments/send-segments.js';
import { openSystem } from '../system/open-system.js';
import type { ManagerOptions } from './adjustments.js';
import { newestRulebook } from './newest-rulebook.js';
import type { Run } from './run.js';

export interface SegmentsFileOptions extends ManagerOptions {
  readonly mapping?: string;
  readonly rejects?: string;
  readonly dryRun?: boolean;
}

/** `tally member segments-file`: what many members are in, from a file. */
export const tellSegmentsOfFile = async (
  run: Run,
  file: string,
  options: SegmentsFileOptions,
): Promise<ExitCode> => {
  const { program, json = false, dryRun = false, as: subject } = options;
  const mapping =
    options.mapping === undefined
      ? parseSegmentsMapping('', '')
      : parseSegmentsMapping(options.mapping, await readTyped(typedPath(run.env, options.mapping)));
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
    const { timeZone: programZone } = await newestRulebook(system.client, program);
    if (!json) progress = showProgress(run.terminal.stderr, source.size, 'members');
    const book = await sendSegments({
      ...{ source, mapping, program, programZone, dryRun, rejects, progress },
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
  { program, dryRun = false }: SegmentsFileOptions,
  book: SegmentsBook,
  rejected: string | null,
): object => ({
  ...{ file, program, dryRun, addsUp: addsUp(book), unchanged: changedNothing(book) },
  rows: {
    ...{ total: book.rows, told: book.told, known: book.known },
    refused: Object.fromEntries(book.refused),
    rejected: Object.fromEntries(book.rejected),
  },
  members: book.members,
  rejectsFile: rejected,
});

const summary = (
  file: string,
  { program, dryRun = false }: SegmentsFileOptions,
  book: SegmentsBook,
  rejected: string | null,
): string => {
  const reasons = (of: ReadonlyMap<string, number>): string[][] =>
    [...of].map(([reason, times]) => [`    ${reason}`, whole(times)]);
  const lines = [
    ['rows of the file', whole(book.rows)],
    [dryRun ? '  would be set' : '  set', whole(book.told)],
    ['  known before', whole(book.known)],
    ['  refused', whole(sumOf(book.refused))],
    ...reasons(book.refused),
    ['  rejected', whole(sumOf(book.rejected))],
    ...reasons(book.rejected),
    ['', ''],
    [dryRun ? 'members that would be set' : 'members set', whole(book.members.told)],
    ['  known before', whole(book.members.known)],
  ];
  return [
    `${file} into programme ${program}${dryRun ? ' (dry run: nothing was set)' : ''}`,
    '',
    table(lines, ['left', 'right']),
    '',
    addsUp(book)
      ? 'Every row has one outcome.'
      : 'The outcomes do not add up to the rows of the file: this is a bug.',
    ...(rejected === null ? [] : [`Rows not taken, and why: ${rejected}`]),
    ...(changedNothing(book)
      ? [
          `Nothing ${dryRun ? 'would change' : 'changed'}: all ${whole(book.members.known)} members that were taken were so already.`,
        ]
      : []),
  ].join('\n');
};

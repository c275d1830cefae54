import { basename } from 'node:path';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { quietProgress, showProgress, type Progress } from '../import/progress.js';
import { rejectsFile } from '../import/rejects-file.js';
import {
  batchNamed,
  openBatches,
  proposeBatch,
  saidOfBatch,
  type BalanceBatch,
} from '../opening-balances/batch.js';
import {
  addsUp,
  changedNothing,
  checkBalances,
  postBalances,
  sumOf,
  type BalancesBook,
} from '../opening-balances/import-balances.js';
import { parseBalanceMapping } from '../opening-balances/mapping.js';
import { table, whole } from '../output/table.js';
import { readTyped, typedPath } from '../paths.js';
import { openSource } from '../reading/source.js';
import { openSystem } from '../system/open-system.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import { newestRulebook } from './newest-rulebook.js';
import type { Run } from './run.js';

export interface OpeningBalancesOptions {
  readonly program: string;
  readonly system: string;
  readonly name?: string;
  readonly mapping?: string;
  readonly rejects?: string;
  readonly as?: string;
  readonly json?: boolean;
}

/**
 * `tally opening-balances`: what another system kept until now, from a file. It is proposed first; sent again when another person has approved
 * it, it is posted, once for its references.
 */
export const importOpeningBalances = async (
  run: Run,
  file: string,
  options: OpeningBalancesOptions,
): Promise<ExitCode> => {
  const { program, system: oldSystem, json = false, as: subject } = options;
  const name = options.name ?? (file === '-' ? null : basename(file));
  if (name === null)
    throw new Failure(exitCodes.usage, '- needs --name: what the balances are called');
  const mapping =
    options.mapping === undefined
      ? parseBalanceMapping('', '')
      : parseBalanceMapping(options.mapping, await readTyped(typedPath(run.env, options.mapping)));
  const fileName = file === '-' ? 'stdin' : basename(file);
  const rejects = rejectsFile(typedPath(run.env, options.rejects ?? `${fileName}.rejects.csv`));
  const source = await openSource(typedPath(run.env, file));
  let progress: Progress = quietProgress(run.terminal.note);
  const system = await openSystem({
    ...{ env: run.env, roles: ['manager'], signal: run.signal },
    ...(subject === undefined ? {} : { subject }),
    note: (message) => progress.note(message),
  });
  try {
    const { client } = system;
    const named = { program, system: oldSystem, name };
    const before = await batchNamed(client, named);
    if (before !== null && before.rejected !== null)
      throw new Failure(
        exitCodes.refused,
        `${name} of ${oldSystem} was rejected (${before.rejected.reason}): propose the balances under another --name`,
      );
    const rulebook = await newestRulebook(client, program);
    if (!json) progress = showProgress(run.terminal.stderr, source.size, 'balances');
    const parts = {
      ...{ source, mapping, program, system: oldSystem, rulebook, rejects, progress },
      ...{ client, signal: run.signal },
    };
    const done =
      before?.status === 'approved'
        ? { posted: true, book: await postBalances(parts, before), batch: before }
        : await proposed();
    await rejects.close();
    const rejected = rejects.count() > 0 ? rejects.path : null;
    progress.stop();
    run.terminal.out(
      json
        ? JSON.stringify(asJson(fileName, options, done, rejected), null, 2)
        : summary(fileName, options, done, rejected),
    );
    if (!addsUp(done.book) || isCut(done)) return exitCodes.failed;
    return rejected === null ? exitCodes.ok : exitCodes.someRejected;

    async function proposed(): Promise<Done> {
      const { book, pages } = await checkBalances(parts);
      const batch = pages.length === 0 ? null : await proposeBatch(client, named, pages);
      return { posted: false, book, batch };
    }
  } finally {
    progress.stop();
    await system.close();
  }
};

interface Done {
  /** Or else proposed. */
  readonly posted: boolean;
  readonly book: BalancesBook;
  /** Null: the file has no balance. */
  readonly batch: BalanceBatch | null;
}

/** Less was sent than was approved. */
const isCut = ({ posted, book, batch }: Done): boolean =>
  posted && book.pages < (batch?.pages ?? 0);

/** `tally balance-batches`: what waits for approval. */
export const listBatches = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const open = await openBatches(client, options.program);
    if (options.json === true) run.terminal.out(JSON.stringify({ batches: open }, null, 2));
    else if (open.length === 0) run.terminal.out('No opening balances wait for approval.');
    else run.terminal.out(listed(open));
    return exitCodes.ok;
  });

const listed = (open: readonly BalanceBatch[]): string =>
  table(
    [
      ['batch', 'proposed at (UTC)', 'by', 'system', 'name', 'balances', 'points'],
      ...open.map((one) => [
        ...[one.batch, `${one.requestedAt.slice(0, 10)} ${one.requestedAt.slice(11, 16)}`],
        ...[one.requestedBy, one.system, one.name, whole(one.balances), whole(one.points)],
      ]),
    ],
    ['left', 'left', 'left', 'left', 'left', 'right', 'right'],
  );

const asJson = (
  file: string,
  { program, system }: OpeningBalancesOptions,
  { posted, book, batch }: Done,
  rejected: string | null,
): object => ({
  ...{
    file,
    program,
    system,
    posted,
    addsUp: addsUp(book),
    unchanged: changedNothing(book),
    batch,
  },
  rows: {
    ...{ total: book.rows, proposed: book.proposed, imported: book.imported, known: book.known },
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
  done: Done,
  rejected: string | null,
): string => {
  const { posted, book, batch } = done;
  const reasons = (of: ReadonlyMap<string, number>): string[][] =>
    [...of].map(([reason, times]) => [`    ${reason}`, whole(times)]);
  const lines = [
    ['rows of the file', whole(book.rows)],
    ...(posted
      ? [
          ['  imported', whole(book.imported)],
          ['  known before', whole(book.known)],
        ]
      : [['  proposed', whole(book.proposed)]]),
    ['  refused', whole(sumOf(book.refused))],
    ...reasons(book.refused),
    ['  rejected', whole(sumOf(book.rejected))],
    ...reasons(book.rejected),
    ...(posted
      ? [
          ['', ''],
          ['balances imported', whole(book.balances.new)],
          ['  known before', whole(book.balances.known)],
          ['points imported', whole(book.points.new)],
          ['  known before', whole(book.points.known)],
        ]
      : []),
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
    ...(isCut(done)
      ? [
          `The file ends before what was approved: ${whole(book.pages)} pages of ${whole(batch?.pages ?? 0)}.`,
        ]
      : []),
    ...(posted ? [] : next(batch)),
  ].join('\n');
};

const next = (batch: BalanceBatch | null): readonly string[] => {
  if (batch === null) return ['There is nothing to propose.'];
  const said = `proposed: ${saidOfBatch(batch)}`;
  return batch.status === 'approved'
    ? [said, 'It was approved meanwhile: send the file again, and it is posted.']
    : [
        said,
        `Nothing is posted yet. Another manager approves it: tally approve ${batch.batch} --program ${batch.program}`,
        'Then send the file again, and it is posted.',
      ];
};

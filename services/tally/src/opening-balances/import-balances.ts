import { z } from 'zod';
import { exitCodes, Failure } from '../exit-codes.js';
import type { Progress } from '../import/progress.js';
import type { RejectsFile } from '../import/rejects-file.js';
import type { Source } from '../reading/source.js';
import type { Client } from '../system/client.js';
import { failureOf, problemOf } from '../system/problem.js';
import type { BalanceMapping } from './mapping.js';
import { balancesOf, type BalanceProgram, type FileBalance } from './read-balances.js';

const batchMax = 500;
/** Of a batch, once it has them: what is one request stays far below what accrual takes as one. */
const batchLotsMax = 5_000;

const batchAnswer = z.looseObject({
  items: z.array(
    z.union([
      z.object({
        status: z.literal(200),
        outcome: z.object({ points: z.int(), known: z.boolean() }),
      }),
      z.object({ status: z.int().min(400), problem: z.looseObject({}) }),
    ]),
  ),
});

/** What became of a file. Each row is in exactly one of imported, known, refused and rejected. */
export interface BalancesBook {
  rows: number;
  imported: number;
  known: number;
  /** By reason: the system would not have the balance. */
  readonly refused: Map<string, number>;
  /** By code: the row could not be read. */
  readonly rejected: Map<string, number>;
  readonly balances: { new: number; known: number; refused: number };
  readonly points: { new: number; known: number };
}

export interface ImportBalances {
  readonly source: Source;
  readonly mapping: BalanceMapping;
  readonly program: string;
  /** Of the rulebook that is newest. */
  readonly rulebook: BalanceProgram;
  readonly system: string;
  readonly client: Client;
  readonly rejects: RejectsFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const count = (of: Map<string, number>, key: string, times: number): void => {
  of.set(key, (of.get(key) ?? 0) + times);
};

/** Reads a file and sends its balances, batch by batch, in bounded memory. */
export const importBalances = async (parts: ImportBalances): Promise<BalancesBook> => {
  const { source, mapping, rulebook, rejects, progress, signal } = parts;
  const book: BalancesBook = {
    ...{ rows: 0, imported: 0, known: 0, refused: new Map(), rejected: new Map() },
    balances: { new: 0, known: 0, refused: 0 },
    points: { new: 0, known: 0 },
  };
  let batch: FileBalance[] = [];
  let lots = 0;
  let sent = 0;
  const send = async (): Promise<void> => {
    signal.throwIfAborted();
    if (batch.length > 0) await sendBatch(parts, book, batch);
    sent += batch.length;
    batch = [];
    lots = 0;
    progress.update({ bytesRead: source.bytesRead(), rows: book.rows, receipts: sent });
  };
  const read = balancesOf(source, mapping, rulebook, (rows) => (book.rows += rows));
  for await (const item of read) {
    if (item.kind === 'reject') {
      count(book.rejected, item.code, 1);
      await rejects.add(item.line, item.code, item.explanation);
      continue;
    }
    batch.push(item);
    lots += item.item.lots.length;
    if (batch.length === batchMax || lots >= batchLotsMax) await send();
  }
  await send();
  return book;
};

const sendBatch = async (
  { client, program, system, rejects }: ImportBalances,
  book: BalancesBook,
  batch: readonly FileBalance[],
): Promise<void> => {
  const answer = await client.call({
    service: 'accrual',
    method: 'POST',
    path: '/v1/opening-balances/batch',
    body: JSON.stringify({ program, system, items: batch.map(({ item }) => item) }),
    answer: batchAnswer,
    isForLater: (answered) =>
      answered.ok && answered.value.items.some(({ status }) => status >= 500),
  });
  if (!answer.ok) throw failureOf('the balances cannot be imported', answer.error);
  const { items } = answer.value.value;
  if (items.length !== batch.length)
    throw new Failure(
      exitCodes.failed,
      `accrual answers ${items.length} of ${batch.length} balances`,
    );
  for (const [index, { lines }] of batch.entries()) {
    const item = items[index];
    if (item === undefined) continue;
    if ('outcome' in item) {
      const kind = item.outcome.known ? 'known' : 'new';
      book.balances[kind] += 1;
      book.points[kind] += item.outcome.points;
      book[item.outcome.known ? 'known' : 'imported'] += lines.length;
      continue;
    }
    const problem = problemOf(item.status, item.problem);
    book.balances.refused += 1;
    count(book.refused, problem.type, lines.length);
    for (const line of lines)
      await rejects.add(line, problem.type, `the system refuses the balance: ${problem.message}`);
  }
};

export const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, times) => sum + times, 0);

/** Whether each row that was read has exactly one outcome. */
export const addsUp = (book: BalancesBook): boolean =>
  book.imported + book.known + sumOf(book.refused) + sumOf(book.rejected) === book.rows;

export const changedNothing = ({ balances }: BalancesBook): boolean =>
  balances.new === 0 && balances.known > 0;

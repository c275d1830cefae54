import { z } from 'zod';
import { exitCodes, Failure } from '../exit-codes.js';
import type { Progress } from '../import/progress.js';
import type { RejectsFile } from '../import/rejects-file.js';
import type { Source } from '../reading/source.js';
import type { Client } from '../system/client.js';
import { failureOf, problemOf } from '../system/problem.js';
import { batchesPath, page, type BalanceBatch, type Page } from './batch.js';
import type { BalanceMapping } from './mapping.js';
import { balancesOf, type BalanceProgram, type FileBalance } from './read-balances.js';

/** How a file is divided into pages is a part of what is approved: with other numbers it is another batch. */
const pageMax = 500;
/** Of a page, once it has them: what is one request stays far below what accrual takes as one. */
const pageLotsMax = 5_000;
/** Of a batch: 2,500,000 balances. */
const pagesMax = 5_000;

const refused = z.object({ status: z.int().min(400), problem: z.looseObject({}) });
const checkedPage = z.looseObject({
  page: page.nullable(),
  items: z.array(z.union([z.object({ status: z.literal(200) }), refused])),
});
const postedPage = z.looseObject({
  items: z.array(
    z.union([
      z.object({
        status: z.literal(200),
        outcome: z.object({ points: z.int(), known: z.boolean() }),
      }),
      refused,
    ]),
  ),
});

/** What became of a file. Each row is in exactly one of proposed, imported, known, refused and rejected. */
export interface BalancesBook {
  rows: number;
  proposed: number;
  imported: number;
  known: number;
  /** By reason: the system would not have the balance. */
  readonly refused: Map<string, number>;
  /** By code: the row could not be read. */
  readonly rejected: Map<string, number>;
  readonly balances: { new: number; known: number; refused: number };
  readonly points: { new: number; known: number };
  /** That were sent. */
  pages: number;
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

/** Reads a file and says what it comes to, page by page, in bounded memory; nothing is posted. */
export const checkBalances = async (
  parts: ImportBalances,
): Promise<{ readonly book: BalancesBook; readonly pages: readonly Page[] }> => {
  const pages: Page[] = [];
  const { client, program, system } = parts;
  const book = await pageByPage(parts, async (items, tell) => {
    if (pages.length === pagesMax)
      throw new Failure(exitCodes.refused, 'the file is too large for one batch: divide it');
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/opening-balances/pages' },
      ...{ body: JSON.stringify({ program, system, items }), answer: checkedPage },
    });
    if (!answer.ok) throw failureOf('the balances cannot be proposed', answer.error);
    const { page: figures, items: answered } = answer.value.value;
    if (figures !== null) pages.push(figures);
    await tell(answered, (_, rows, book) => (book.proposed += rows));
  });
  return { book, pages };
};

/** Reads a file and posts its balances, page by page, under a batch that was approved. */
export const postBalances = (
  parts: ImportBalances,
  { program, batch, name }: BalanceBatch,
): Promise<BalancesBook> => {
  const { client } = parts;
  return pageByPage(parts, async (items, tell) => {
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: `${batchesPath(program, batch)}/pages` },
      ...{ body: JSON.stringify({ items }), answer: postedPage },
      isForLater: (answered) =>
        answered.ok && answered.value.items.some(({ status }) => status >= 500),
    });
    if (!answer.ok)
      throw failureOf(
        `the balances are not posted: is it the file that was approved as ${name}?`,
        answer.error,
      );
    await tell(answer.value.value.items, ({ outcome }, rows, book) => {
      const kind = outcome.known ? 'known' : 'new';
      book.balances[kind] += 1;
      book.points[kind] += outcome.points;
      book[outcome.known ? 'known' : 'imported'] += rows;
    });
  });
};

type Refused = z.output<typeof refused>;
/** Tells of each item of a page what was answered. */
type Tell = <Taken extends { readonly status: 200 }>(
  answered: readonly (Taken | Refused)[],
  taken: (item: Taken, rows: number, book: BalancesBook) => void,
) => Promise<void>;

const pageByPage = async (
  parts: ImportBalances,
  send: (items: readonly object[], tell: Tell) => Promise<void>,
): Promise<BalancesBook> => {
  const { source, mapping, rulebook, rejects, progress, signal } = parts;
  const book: BalancesBook = {
    ...{ rows: 0, proposed: 0, imported: 0, known: 0, refused: new Map(), rejected: new Map() },
    balances: { new: 0, known: 0, refused: 0 },
    points: { new: 0, known: 0 },
    pages: 0,
  };
  let open: FileBalance[] = [];
  let lots = 0;
  let sent = 0;
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    const balances = open;
    if (balances.length > 0) {
      await send(
        balances.map(({ item }) => item),
        (answered, taken) => tellOf(parts, book, balances, answered, taken),
      );
      book.pages += 1;
    }
    sent += balances.length;
    open = [];
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
    open.push(item);
    lots += item.item.lots.length;
    if (open.length === pageMax || lots >= pageLotsMax) await flush();
  }
  await flush();
  return book;
};

const tellOf = async <Taken extends { readonly status: 200 }>(
  { rejects }: ImportBalances,
  book: BalancesBook,
  balances: readonly FileBalance[],
  answered: readonly (Taken | Refused)[],
  taken: (item: Taken, rows: number, book: BalancesBook) => void,
): Promise<void> => {
  if (answered.length !== balances.length)
    throw new Failure(
      exitCodes.failed,
      `accrual answers ${answered.length} of ${balances.length} balances`,
    );
  for (const [index, { lines }] of balances.entries()) {
    const item = answered[index];
    if (item === undefined) continue;
    if (!('problem' in item)) {
      taken(item, lines.length, book);
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
  book.proposed + book.imported + book.known + sumOf(book.refused) + sumOf(book.rejected) ===
  book.rows;

export const changedNothing = ({ balances }: BalancesBook): boolean =>
  balances.new === 0 && balances.known > 0;

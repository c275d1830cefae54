import { z } from 'zod';
import { exitCodes, Failure } from '../exit-codes.js';
import type { Progress } from '../import/progress.js';
import type { RejectsFile } from '../import/rejects-file.js';
import type { Source } from '../reading/source.js';
import type { Client } from '../system/client.js';
import { failureOf, problemOf } from '../system/problem.js';
import type { SegmentsMapping } from './mapping.js';
import { segmentsOf, type FileSegments } from './read-segments.js';

/** As many as enrollment takes. */
const batchMax = 500;

const batchAnswer = z.looseObject({
  items: z.array(
    z.union([
      z.looseObject({ status: z.union([z.literal(200), z.literal(201)]) }),
      z.looseObject({ status: z.int().min(400), problem: z.looseObject({}) }),
    ]),
  ),
});

/** What became of a file. Each row is in exactly one of told, known, refused and rejected. */
export interface SegmentsBook {
  rows: number;
  told: number;
  known: number;
  /** By reason: the system would not have it. */
  readonly refused: Map<string, number>;
  /** By code: the row could not be read. */
  readonly rejected: Map<string, number>;
  readonly members: { told: number; known: number; refused: number };
}

export interface SendSegments {
  readonly source: Source;
  readonly mapping: SegmentsMapping;
  readonly program: string;
  /** IANA: of days without a time, where the mapping names no zone. */
  readonly programZone: string;
  /** Asks what would be, and tells nothing. */
  readonly dryRun: boolean;
  readonly client: Client;
  readonly rejects: RejectsFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const count = (of: Map<string, number>, key: string, times: number): void => {
  of.set(key, (of.get(key) ?? 0) + times);
};

/** Reads a file and sends what it says, batch by batch, in bounded memory. */
export const sendSegments = async (parts: SendSegments): Promise<SegmentsBook> => {
  const { source, mapping, programZone, rejects, progress, signal } = parts;
  const book: SegmentsBook = {
    ...{ rows: 0, told: 0, known: 0, refused: new Map(), rejected: new Map() },
    members: { told: 0, known: 0, refused: 0 },
  };
  let batch: FileSegments[] = [];
  let sent = 0;
  const send = async (): Promise<void> => {
    signal.throwIfAborted();
    if (batch.length > 0) await sendBatch(parts, book, batch);
    sent += batch.length;
    batch = [];
    progress.update({ bytesRead: source.bytesRead(), rows: book.rows, receipts: sent });
  };
  const read = segmentsOf(source, mapping, programZone, (rows) => (book.rows += rows));
  for await (const item of read) {
    if (item.kind === 'reject') {
      count(book.rejected, item.code, 1);
      await rejects.add(item.line, item.code, item.explanation);
      continue;
    }
    batch.push(item);
    if (batch.length === batchMax) await send();
  }
  await send();
  return book;
};

const sendBatch = async (
  { client, program, dryRun, rejects }: SendSegments,
  book: SegmentsBook,
  batch: readonly FileSegments[],
): Promise<void> => {
  const answer = await client.call({
    ...{ service: 'enrollment', method: 'POST', path: '/v1/members/attributes/batch' },
    body: JSON.stringify({ program, dryRun, items: batch.map(({ item }) => item) }),
    answer: batchAnswer,
  });
  if (!answer.ok) throw failureOf('the segments are not set', answer.error);
  const { items } = answer.value.value;
  if (items.length !== batch.length)
    throw new Failure(
      exitCodes.failed,
      `enrollment answers ${items.length} of ${batch.length} members`,
    );
  for (const [index, { lines }] of batch.entries()) {
    const item = items[index];
    if (item === undefined) continue;
    if (!('problem' in item)) {
      const kind = item.status === 200 ? 'known' : 'told';
      book.members[kind] += 1;
      book[kind] += lines.length;
      continue;
    }
    const problem = problemOf(item.status, item.problem);
    book.members.refused += 1;
    count(book.refused, problem.type, lines.length);
    for (const line of lines)
      await rejects.add(line, problem.type, `the system refuses it: ${problem.message}`);
  }
};

export const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, times) => sum + times, 0);

/** Whether each row that was read has exactly one outcome. */
export const addsUp = (book: SegmentsBook): boolean =>
  book.told + book.known + sumOf(book.refused) + sumOf(book.rejected) === book.rows;

export const changedNothing = ({ members }: SegmentsBook): boolean =>
  members.told === 0 && members.known > 0;

import type { Mapping } from '../mapping/mapping.js';
import { noCounts, receiptsOf, type ReadCounts } from '../reading/receipts.js';
import type { Source } from '../reading/source.js';
import type { Client } from '../system/client.js';
import { batchesOf, type Batch, type Unsent } from './batches.js';
import { countRow, emptyBook, type Book } from './book.js';
import { cardEnroller, type EnrolCounts } from './enrol-cards.js';
import type { Progress } from './progress.js';
import type { RejectsFile } from './rejects-file.js';
import { sendBatch } from './send-batch.js';

export interface ImportParts {
  readonly source: Source;
  readonly mapping: Mapping;
  readonly program: string;
  /** null: a dry run, nothing is sent. */
  readonly client: Client | null;
  readonly enrol: boolean;
  readonly rejects: RejectsFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Imported {
  readonly counts: ReadCounts;
  readonly book: Book;
  readonly enrolled: EnrolCounts;
}

/**
 * Reads a file and sends it, batch by batch: while one is on its way the next is read, and never are two on their way,
 * so that a card's receipts arrive in their order. Memory holds two batches and the rows of receipts that are not whole.
 */
export const runImport = async (parts: ImportParts): Promise<Imported> => {
  const { source, mapping, program, client, rejects, progress, signal } = parts;
  const counts = noCounts();
  const book = emptyBook();
  const enrolled: EnrolCounts = { enrolled: 0, alreadyEnrolled: 0, notEnrolled: 0 };
  const enrol =
    parts.enrol && client !== null ? cardEnroller(client, program, enrolled, parts.now) : null;

  const unsent = async (item: Unsent): Promise<void> => {
    if (item.kind === 'not-a-sale') {
      countRow(book, 'nothing', 'not-a-sale');
      return;
    }
    countRow(book, 'rejected', item.code);
    await rejects.add(item.line, item.code, item.explanation);
  };
  const send = async (batch: Batch): Promise<void> => {
    if (client === null)
      for (const { fileLines } of batch.receipts)
        for (let row = 0; row < fileLines.length; row += 1) countRow(book, 'readable', null);
    else await sendBatch({ client, enrol, book, refused: (...row) => rejects.add(...row) }, batch);
    receiptsDone += batch.receipts.length;
    progress.update({ bytesRead: source.bytesRead(), rows: counts.rows, receipts: receiptsDone });
  };

  let receiptsDone = 0;
  let onItsWay: Promise<Sent> = Promise.resolve(null);
  try {
    const blocks = receiptsOf(source.bytes, mapping, program, counts);
    for await (const batch of batchesOf(blocks, unsent)) {
      throwIfFailed(await onItsWay);
      signal.throwIfAborted();
      onItsWay = settled(send(batch));
    }
    throwIfFailed(await onItsWay);
  } finally {
    // Whatever stopped the reading: what is on its way is not left alone.
    await onItsWay;
  }
  return { counts, book, enrolled };
};

/** What a batch on its way ended with: null, or what it failed with, kept until it is looked at. */
type Sent = { readonly error: unknown } | null;

const settled = async (sending: Promise<void>): Promise<Sent> => {
  try {
    await sending;
    return null;
  } catch (error) {
    return { error };
  }
};

const throwIfFailed = (sent: Sent): void => {
  if (sent !== null) throw sent.error;
};

import { receiptBatchAnswer, type ReceiptBatchAnswer } from '@tallystick/contracts';
import { exitCodes, Failure } from '../exit-codes.js';
import type { FileReceipt } from '../reading/assemble.js';
import type { Client } from '../system/client.js';
import { failureOf, problemOf } from '../system/problem.js';
import type { Batch } from './batches.js';
import { countReceipt, countRefused, reasonCode, type Book } from './book.js';
import type { EnrolCards } from './enrol-cards.js';

type ItemAnswer = ReceiptBatchAnswer['items'][number];

export interface SendParts {
  readonly client: Client;
  /** null: unknown cards wait. */
  readonly enrol: EnrolCards | null;
  readonly book: Book;
  /** A row that the system refused. */
  readonly refused: (line: number, reason: string, explanation: string) => Promise<void>;
}

/** Sends one batch and books what became of each of its rows. */
export const sendBatch = async (parts: SendParts, { receipts, body }: Batch): Promise<void> => {
  const { client, enrol } = parts;
  const after =
    enrol === null
      ? null
      : await enrol(
          receipts.flatMap(({ receipt: { card, occurredAt } }) =>
            card === null || card === undefined ? [] : [{ card, since: occurredAt }],
          ),
        );
  const answer = await client.call({
    service: 'accrual',
    method: 'POST',
    path: '/v1/receipts/batch',
    body,
    headers: after === null ? {} : { 'tallystick-after': after },
    answer: receiptBatchAnswer,
    isForLater: (answered) =>
      answered.ok && answered.value.items.some(({ status }) => status >= 500),
  });
  if (!answer.ok) throw failureOf('the receipts cannot be imported', answer.error);
  const { items } = answer.value.value;
  if (items.length !== receipts.length)
    throw new Failure(
      exitCodes.failed,
      `accrual answers ${items.length} of ${receipts.length} receipts`,
    );
  for (const [index, item] of items.entries()) {
    const receipt = receipts[index];
    if (receipt !== undefined) await bookAnswer(parts, receipt, item);
  }
};

const bookAnswer = async (
  { book, refused }: SendParts,
  { receipt, fileLines }: FileReceipt,
  item: ItemAnswer,
): Promise<void> => {
  if (!('outcome' in item)) {
    const problem = problemOf(item.status, item.problem);
    // Not this receipt's own fault: the next would be answered the same.
    if (item.status === 401 || item.status === 403 || item.status === 404)
      throw failureOf(`receipt ${receipt.number} cannot be imported`, problem);
    countRefused(book, problem.type, fileLines.length);
    for (const line of fileLines)
      await refused(line, problem.type, `the system refuses the receipt: ${problem.message}`);
    return;
  }
  const { outcome } = item;
  const answered = new Set(outcome.lines.map(({ ordinal }) => ordinal));
  if (
    outcome.lines.length !== fileLines.length ||
    !fileLines.every((_, index) => answered.has(index + 1))
  )
    throw new Failure(
      exitCodes.failed,
      `accrual does not answer each of the ${fileLines.length} lines of receipt ${receipt.number} once`,
    );
  countReceipt(book, outcome);
  for (const line of outcome.lines)
    if (line.outcome === 'refused') {
      const reason = line.reason ?? outcome.reason ?? 'refused';
      const fileLine = fileLines[line.ordinal - 1] ?? 0;
      await refused(fileLine, reasonCode(reason), `the system refuses the receipt: ${reason}`);
    }
};

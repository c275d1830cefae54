import {
  receiptLinesMax,
  receiptV1,
  type ReceiptV1,
  type ReceiptV1Input,
} from '@tallystick/contracts';
import { err, ok, type Result } from '@tallystick/kernel';
import type { ReceiptHead } from './head-reader.js';
import type { Reject } from './rejects.js';
import type { BadRow, ItemRow } from './row-reader.js';
import { UnreadableFile } from './unreadable-file.js';

/** A receipt as it is sent, and where its lines stand in the file. */
export interface FileReceipt {
  readonly receipt: ReceiptV1;
  /** The file's line of each of the receipt's lines, by ordinal - 1. */
  readonly fileLines: readonly number[];
}

/** Days of stores whose receipts are counted at once. */
const countersMax = 1_000_000;

/** Rows of one receipt in, the receipt out; or why each of its rows is rejected. */
export type Assemble = (
  rows: readonly (ItemRow | BadRow)[],
) => Result<FileReceipt | null, readonly Reject[]>;

/**
 * Makes receipts of grouped rows. A receipt is sent whole or not at all: what is sent once cannot be completed later
 * under the same number, so a rejected row rejects its receipt's other rows, until the file is mended.
 * null: there was nothing but rows that were rejected before.
 */
export const assembler = (program: string): Assemble => {
  const counters = new Map<string, number>();

  /** Receipts are counted as they come, rejected ones too: a mended file then gives the others the same numbers. */
  const numberOf = (head: ReceiptHead): string => {
    if (head.number !== null) return head.number;
    const key = JSON.stringify([head.chain, head.store, head.till, head.day]);
    const count = (counters.get(key) ?? 0) + 1;
    counters.set(key, count);
    if (counters.size > countersMax)
      throw new UnreadableFile(
        `receipts are counted per day, and this file has more than ${countersMax} days of stores: split it`,
      );
    return String(count);
  };

  return (rows) => {
    const head = rows.find((row) => row.head !== null)?.head ?? null;
    const number = head === null ? null : numberOf(head);
    const items = rows.filter((row) => row.kind === 'item');
    if (items.length === 0 || head === null || number === null) return ok(null);
    const rejectAll = (code: Reject['code'], explanation: string): ReturnType<Assemble> =>
      err(items.map(({ line }) => ({ line, code, explanation })));

    const bad = rows.find((row) => row.kind === 'bad');
    if (bad !== undefined)
      return rejectAll(
        'receipt-incomplete',
        `line ${bad.line} belongs to the same receipt and is rejected (${bad.code}): a receipt is sent whole or not at all`,
      );
    const other = items.find((item) => differing(item.head, head) !== null);
    if (other !== undefined)
      return rejectAll(
        'receipt-differs',
        `the rows of this receipt do not agree on its ${differing(other.head, head) ?? ''} (line ${other.line})`,
      );
    if (items.length > receiptLinesMax)
      return rejectAll('receipt-too-long', `the receipt has more than ${receiptLinesMax} lines`);

    const receipt: ReceiptV1Input = {
      program,
      chain: head.chain,
      store: head.store,
      till: head.till,
      number,
      businessDate: head.day,
      occurredAt: head.occurredAt,
      currency: head.currency,
      ...(head.channel === null ? {} : { channel: head.channel }),
      card: head.card,
      lines: items.map(({ item }, index) => ({ ordinal: index + 1, ...item })),
    };
    const checked = receiptV1.safeParse(receipt);
    if (checked.success)
      return ok({ receipt: checked.data, fileLines: items.map(({ line }) => line) });
    const [issue] = checked.error.issues;
    return rejectAll(
      'receipt-invalid',
      `${issue?.path.join('.') ?? 'the receipt'}: ${issue?.message ?? 'is not as the format says'}`,
    );
  };
};

/** Which of the fields that all rows of a receipt share is not the same in both. Its time may differ: the first counts. */
const differing = (a: ReceiptHead, b: ReceiptHead): string | null => {
  if (a.card !== b.card) return 'card';
  if (a.chain !== b.chain) return 'chain';
  if (a.store !== b.store) return 'store';
  if (a.till !== b.till) return 'till';
  if (a.number !== b.number) return 'number';
  if (a.currency !== b.currency) return 'currency';
  if (a.channel !== b.channel) return 'channel';
  return null;
};

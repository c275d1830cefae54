import {
  receiptBatchAnswer,
  receiptOutcomeKinds,
  topics,
  type ReceiptOutcome,
  type ReceiptOutcomeKind,
  type ReceiptV1Input,
} from '@tallystick/contracts';
import { encodePart } from '@tallystick/kernel';
import type { OutgoingMessage } from '@tallystick/message-bus';
import type { Client } from './client.js';

/** What the services answered about each receipt, the newest answer of each. */
export class Answers {
  /** Answers to messages: each message has exactly one. */
  messages = 0;
  /** Same number and revision, other content: refused, while the first stays as it was. */
  changed = 0;
  /** Receipts that were put on the bus and were not there when they were asked for. */
  lost = 0;
  readonly #newest = new Map<
    string,
    { readonly receipt: ReceiptV1Input; readonly outcome: ReceiptOutcome }
  >();

  take(receipt: ReceiptV1Input, outcome: ReceiptOutcome): void {
    if (outcome.outcome === 'refused' && this.#newest.has(outcome.receipt)) this.changed += 1;
    else this.#newest.set(outcome.receipt, { receipt, outcome });
  }

  counts(): Record<ReceiptOutcomeKind, number> {
    const counts = { awarded: 0, nothing: 0, waiting: 0, refused: 0 };
    for (const { outcome } of this.#newest.values()) counts[outcome.outcome] += 1;
    return counts;
  }

  /** Receipts whose outcome may have changed since they were answered. */
  waiting(): ReceiptV1Input[] {
    return [...this.#newest.values()]
      .filter(({ outcome }) => outcome.outcome === 'waiting')
      .map(({ receipt }) => receipt);
  }
}

export const receiptTotal = (counts: Readonly<Record<ReceiptOutcomeKind, number>>): number =>
  receiptOutcomeKinds.reduce((sum, kind) => sum + counts[kind], 0);

/** Sends receipts in one batch. A receipt that is not taken at all is a fault of the sample, and throws. */
export const sendBatch = async (
  client: Client,
  receipts: readonly ReceiptV1Input[],
  after: bigint | undefined,
): Promise<readonly ReceiptOutcome[]> => {
  const { value } = await client.expect({
    service: 'accrual',
    method: 'POST',
    path: '/v1/receipts/batch',
    body: JSON.stringify({ receipts }),
    ...(after === undefined ? {} : { after }),
    answer: receiptBatchAnswer,
  });
  if (value.items.length !== receipts.length)
    throw new Error('a batch was not answered item by item');
  return value.items.map((item) => {
    if ('outcome' in item) return item.outcome;
    throw new Error(`a receipt of the sample was not taken: ${item.problem.title}`);
  });
};

/** A receipt as a till puts it on the bus: ordered per card, or per receipt where there is no card. */
export const busMessage = (receipt: ReceiptV1Input): OutgoingMessage => {
  const { chain, store, till, number, businessDate, revision = 1 } = receipt;
  const identity = [chain, store, till, number, businessDate].map(encodePart).join('/');
  const id = `${identity}/${revision}`;
  return {
    topic: topics.receipts.name,
    key: receipt.card ?? identity,
    id,
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: `/chains/${encodePart(chain)}/stores/${encodePart(store)}`,
      ce_type: 'tallystick.receipt.v1',
      ce_time: receipt.occurredAt,
      'content-type': 'application/json',
    },
    value: JSON.stringify(receipt),
  };
};

import { topics } from '@tallystick/contracts';
import type { Projection } from '../views/projection.js';
import type { Row } from '../views/view.js';
import { decodeReceiptEvent, type ReceiptEvent } from './events.js';
import { receipts, refusals } from './tables.js';

type Pin = Extract<ReceiptEvent, { type: 'FactPinned' }>['data']['pin'];

export interface ReceiptState {
  readonly stream: string;
  latest: Extract<ReceiptEvent, { type: 'ReceiptRegistered' }>['data'] | null;
}

/** One receipt's stream becomes its row, and a row for each delivery that was refused. */
export const receiptProjection: Projection<ReceiptState> = {
  category: 'receipt',
  topic: topics.receiptLog.name,
  head: receipts,
  views: [receipts, refusals],
  begin: (stream) => ({ stream, latest: null }),
  fold: (state, stored) => {
    const event = decodeReceiptEvent(stored);
    if (event.type === 'ReceiptRegistered') state.latest = event.data;
    if (event.type === 'ReturnNoted')
      state.latest ??= notCome(event.data, stored.metadata.occurredAt);
    if (state.latest === null)
      throw new Error(`a receipt begins with its registration, not with ${event.type}`);
    if (event.type === 'FactPinned') state.latest = { ...state.latest, pin: event.data.pin };

    const { stream, latest } = state;
    const { revision, position } = stored;
    const head = {
      view: receipts,
      key: [stream],
      row: receiptRow(stream, latest, { revision, position: position.toString() }),
    };
    if (event.type !== 'FactRefused') return [head];
    const { fact, revision: fact_revision, reason } = event.data;
    const { program } = latest.document;
    const refusal = { stream, revision, program, fact, fact_revision, reason };
    return [head, { view: refusals, key: [stream, revision], row: refusal }];
  },
  weigh: () => 2,
};

/** A receipt that is known from what returns something of it alone: revision 0. */
const notCome = (
  { fact, program, ref }: Extract<ReceiptEvent, { type: 'ReturnNoted' }>['data'],
  occurredAt: string,
): NonNullable<ReceiptState['latest']> => ({
  fact,
  document: { program, revision: 0, occurredAt, card: null, ref },
  pin: null,
});

const receiptRow = (
  stream: string,
  { fact, document, pin }: NonNullable<ReceiptState['latest']>,
  at: { readonly revision: number; readonly position: string },
): Row => ({
  stream,
  ...at,
  program: document.program,
  fact,
  chain: document.ref.chain,
  store: document.ref.store,
  till: document.ref.till,
  number: document.ref.number,
  business_date: document.ref.businessDate,
  fact_revision: document.revision,
  occurred_at: document.occurredAt,
  with_card: document.card !== null,
  pinned: pin !== null && !allWaits(pin),
  parts: pin?.parts.length ?? 0,
  rulebook: pin?.rulebook?.version ?? null,
  nothing: pin?.nothing ?? null,
});

/** What an earlier revision gave was taken back; what this one brings waits for its card. */
const allWaits = ({ parts, waits }: Pin): boolean =>
  waits !== undefined && parts.every(({ lines }) => lines.length === 0);

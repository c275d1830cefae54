import type { AccountId, Instant, Points, ProgramId } from '@tallystick/kernel';
import type { PointsTransferred, TransferOut } from '@tallystick/ledger';
import { readHistory } from '../orders/history.js';
import type { Means } from '../orders/order.js';
import { readPin } from '../orders/pin.js';
import { transferFact, transferStream } from './transfer-stream.js';

/** A transfer as its events tell it. */
export interface TransferStory {
  readonly transfer: string;
  readonly program: ProgramId;
  readonly from: AccountId;
  readonly to: AccountId;
  readonly status: 'under-way' | 'arrived';
  readonly points: Points.Points;
  readonly reason: string;
  readonly sentAt: Instant;
  readonly arrivedAt: Instant | null;
  /** The two that it is between, and those that they became part of. */
  readonly accounts: readonly AccountId[];
}

/** Null: there is no such transfer. Told by the events of its accounts, so that it is known for ever. */
export const readTransfer = async (
  { store }: Means,
  program: ProgramId,
  transfer: string,
): Promise<TransferStory | null> => {
  const pin = await readPin(store, transferStream(program, transfer));
  if (pin === null) return null;
  const fact = transferFact(program, transfer);
  const accounts = new Set<AccountId>();
  const halves = async (from: AccountId): Promise<readonly PointsTransferred['data'][]> => {
    const found: PointsTransferred['data'][] = [];
    await readHistory(store, program, from, ({ type, data }, _, { opened }) => {
      if (opened !== null) accounts.add(opened.account);
      if (type === 'PointsTransferred' && data.fact === fact) found.push(data);
    });
    return found;
  };
  const isSent = (data: PointsTransferred['data']): data is TransferOut => data.side === 'out';
  const sent = (await halves(pin.account)).find(isSent);
  if (sent === undefined) return null;
  const arrived = (await halves(sent.to)).find(({ side }) => side === 'in');
  const { from, to, points, reason } = sent;
  return {
    ...{ transfer, program, from, to, points, reason, accounts: [...accounts] },
    status: arrived === undefined ? 'under-way' : 'arrived',
    sentAt: sent.occurredAt,
    arrivedAt: arrived?.occurredAt ?? null,
  };
};

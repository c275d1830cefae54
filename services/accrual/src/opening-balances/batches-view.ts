import type { Pool } from 'pg';
import { RequestsView, requestHeard } from '@tallystick/accounts/signed';
import type { BatchStatus } from './balance-batch.js';

/** Which batches of opening balances wait for approval. */
export class BalanceBatchesView extends RequestsView {
  constructor(db: Pool) {
    super(db, { table: 'balance_batches', id: 'batch' });
  }
}

const statusAfter: Readonly<Record<string, BatchStatus>> = {
  BalanceBatchProposed: 'requested',
  BalanceBatchApproved: 'approved',
  BalanceBatchRejected: 'rejected',
};

/** What an event of a batch's stream says of where it stands; null for any other event. */
export const batchHeard = requestHeard('batch', statusAfter);

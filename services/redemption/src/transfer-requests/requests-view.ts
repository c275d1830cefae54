import type { Pool } from 'pg';
import { RequestsView, requestHeard } from '@tallystick/accounts/signed';
import type { TransferRequestStatus } from './transfer-request.js';

/** Which transfers are asked for and wait for approval. */
export class TransferRequestsView extends RequestsView {
  constructor(db: Pool) {
    super(db, { table: 'transfer_requests', id: 'transfer' });
  }
}

const statusAfter: Readonly<Record<string, TransferRequestStatus>> = {
  TransferProposed: 'requested',
  TransferApproved: 'approved',
  TransferRefused: 'requested',
  TransferApplied: 'applied',
  TransferRejected: 'rejected',
};

/** What an event of a request's stream says of where it stands; null for any other event. */
export const transferRequestHeard = requestHeard('transfer', statusAfter);

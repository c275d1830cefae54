import type { Pool } from 'pg';
import { RequestsView, requestHeard } from '@tallystick/accounts/signed';
import type { AdjustmentStatus } from './adjustment.js';

/** Which adjustments are open. */
export class AdjustmentsView extends RequestsView {
  constructor(db: Pool) {
    super(db, { table: 'adjustments', id: 'adjustment' });
  }
}

const statusAfter: Readonly<Record<string, AdjustmentStatus>> = {
  AdjustmentRequested: 'requested',
  AdjustmentApproved: 'approved',
  AdjustmentRefused: 'requested',
  AdjustmentApplied: 'applied',
  AdjustmentRejected: 'rejected',
};

/** What an event of an adjustment's stream says of where it stands; null for any other event. */
export const adjustmentHeard = requestHeard('adjustment', statusAfter);

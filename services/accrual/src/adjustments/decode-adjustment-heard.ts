import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import { instant, programId } from '@tallystick/kernel';
import type { AdjustmentStatus } from './adjustment.js';
import type { AdjustmentHeard } from './adjustments-view.js';

const named = z.object({ adjustment: z.string() });
const envelope = z.object({ program: z.string(), recordedAt: z.string() });

const statusAfter: Readonly<Record<string, AdjustmentStatus>> = {
  AdjustmentRequested: 'requested',
  AdjustmentApproved: 'approved',
  AdjustmentRefused: 'requested',
  AdjustmentApplied: 'applied',
  AdjustmentRejected: 'rejected',
};

/** What an event of an adjustment's stream says of where it stands; null for any other event. */
export const adjustmentHeard = ({
  type,
  data,
  metadata,
  revision,
}: RelayedEvent): AdjustmentHeard | null => {
  const status = Object.hasOwn(statusAfter, type) ? statusAfter[type] : undefined;
  if (status === undefined) return null;
  const { program, recordedAt } = envelope.parse(metadata);
  return {
    program: programId(program),
    adjustment: named.parse(data).adjustment,
    revision,
    status,
    at: instant(recordedAt),
  };
};

import { z } from 'zod';
import { type EventOf, type Kept, type Signed, signedStreams } from '@tallystick/accounts/signed';
import { Points, accountId, instant, programId } from '@tallystick/kernel';

const points = z.number().transform((value) => Points.points(value));
const time = z.string().transform(instant);

const change = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('up'),
    points,
    expiresAt: time.nullable(),
    funder: z.string(),
  }),
  z.object({ kind: z.literal('down'), points }),
  z.object({ kind: z.literal('waive-arrears'), points }),
  z.object({
    kind: z.literal('arrears-paid-in-money'),
    points,
    payment: z.object({ minor: z.number(), currency: z.string(), reference: z.string() }),
  }),
]);
/** What is to be changed. Money is in minor units. */
export type AskedChange = z.output<typeof change>;

const requested = z.object({
  adjustment: z.string(),
  program: z.string().transform(programId),
  account: z.string().transform(accountId),
  change,
  reason: z.string(),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
  /** SHA-256 of the request: the same key with another request is refused. */
  hash: z.string(),
});
export type AdjustmentRequested = z.output<typeof requested>;
const approved = z.object({ adjustment: z.string(), approvedBy: z.string() });
/** The account would not take it any more when it was approved: it is open again. */
const refused = z.object({ adjustment: z.string(), reason: z.string() });
/** It is on the account: what it did there. */
const applied = z.object({ adjustment: z.string(), points, arrearsPaid: points });
const rejected = z.object({ adjustment: z.string(), rejectedBy: z.string(), reason: z.string() });

const events = {
  AdjustmentRequested: requested,
  AdjustmentApproved: approved,
  AdjustmentRefused: refused,
  AdjustmentApplied: applied,
  AdjustmentRejected: rejected,
};
export type AdjustmentEvent = EventOf<typeof events>;

/** `requested`: open. `approved`: on its way to the account, for a moment. `applied` and `rejected` are final. */
export const adjustmentStatuses = ['requested', 'approved', 'applied', 'rejected'] as const;
export type AdjustmentStatus = (typeof adjustmentStatuses)[number];

interface State extends Signed {
  readonly asked: AdjustmentRequested;
  readonly status: AdjustmentStatus;
  /** What it did to the account, once it has. */
  readonly applied: { readonly points: number; readonly arrearsPaid: number } | null;
  /** Why the account would not take it, when it was last approved. */
  readonly refusal: string | null;
}
export type Adjustment = State & Kept;

const evolve = (state: State | null, event: AdjustmentEvent): State | null => {
  if (event.type === 'AdjustmentRequested') {
    const nothingYet = { approvedBy: null, applied: null, rejected: null, refusal: null };
    return { asked: event.data, status: 'requested', ...nothingYet };
  }
  if (state === null) return null;
  switch (event.type) {
    case 'AdjustmentApproved':
      return { ...state, status: 'approved', approvedBy: event.data.approvedBy, refusal: null };
    case 'AdjustmentRefused':
      return { ...state, status: 'requested', approvedBy: null, refusal: event.data.reason };
    case 'AdjustmentApplied': {
      const { points: changed, arrearsPaid } = event.data;
      return { ...state, status: 'applied', applied: { points: changed, arrearsPaid } };
    }
    case 'AdjustmentRejected': {
      const { rejectedBy: by, reason } = event.data;
      return { ...state, status: 'rejected', rejected: { by, reason } };
    }
  }
};

/** An adjustment's own stream: what one person asked for, and what others made of it. */
export const adjustmentStreams = signedStreams({
  category: 'adjustment',
  ...{ events, evolve },
  nameOf: ({ asked: { program, adjustment } }) => ({ program, id: adjustment }),
});

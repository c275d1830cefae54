import { z } from 'zod';
import { signedStreams, type EventOf, type Kept, type Signed } from '@tallystick/accounts/signed';
import { Points, accountId, programId } from '@tallystick/kernel';

const proposed = z.object({
  /** Of the request, and of the transfer that it becomes. */
  transfer: z.string(),
  program: z.string().transform(programId),
  from: z.string().transform(accountId),
  to: z.string().transform(accountId),
  points: z.number().transform((value) => Points.points(value)),
  reason: z.string(),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
  /** SHA-256 of the request: the same key with another request is refused. */
  hash: z.string(),
});
export type TransferProposed = z.output<typeof proposed>;

const events = {
  TransferProposed: proposed,
  TransferApproved: z.object({ transfer: z.string(), approvedBy: z.string() }),
  /** The accounts would not do it any more when it was approved: it is open again. */
  TransferRefused: z.object({ transfer: z.string(), reason: z.string() }),
  /** The points have arrived. */
  TransferApplied: z.object({ transfer: z.string() }),
  TransferRejected: z.object({
    transfer: z.string(),
    rejectedBy: z.string(),
    reason: z.string(),
  }),
};
export type TransferRequestEvent = EventOf<typeof events>;

/** `requested`: open. `approved`: on its way to the accounts, for a moment. `applied` and `rejected` are final. */
export const transferRequestStatuses = ['requested', 'approved', 'applied', 'rejected'] as const;
export type TransferRequestStatus = (typeof transferRequestStatuses)[number];

interface State extends Signed {
  readonly asked: TransferProposed;
  readonly status: TransferRequestStatus;
}
export type TransferRequest = State & Kept;

const evolve = (state: State | null, event: TransferRequestEvent): State | null => {
  if (event.type === 'TransferProposed')
    return { asked: event.data, status: 'requested', approvedBy: null, rejected: null };
  if (state === null) return null;
  switch (event.type) {
    case 'TransferApproved':
      return { ...state, status: 'approved', approvedBy: event.data.approvedBy };
    case 'TransferRefused':
      return { ...state, status: 'requested', approvedBy: null };
    case 'TransferApplied':
      return { ...state, status: 'applied' };
    case 'TransferRejected': {
      const { rejectedBy: by, reason } = event.data;
      return { ...state, status: 'rejected', rejected: { by, reason } };
    }
  }
};

/** A request's own stream: what one person wants sent of another's points, and what others made of it. */
export const transferRequestStreams = signedStreams({
  category: 'transferrequest',
  ...{ events, evolve },
  nameOf: ({ asked: { program, transfer } }) => ({ program, id: transfer }),
});

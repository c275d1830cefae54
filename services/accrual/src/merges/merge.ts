import { z } from 'zod';
import { type EventOf, type Kept, type Signed, signedStreams } from '@tallystick/accounts/signed';
import { Points, accountId, programId, type Instant } from '@tallystick/kernel';
import { certificateStatus, type MergeOut } from '@tallystick/ledger';

const points = z.number().transform((value) => Points.points(value));

/** What goes from one account to the other. */
const figures = z.object({
  /** Unspent, whatever its dates, and in how many lots. */
  points,
  lots: z.int(),
  /** What open holds reserve, and how many these are. */
  held: points,
  holds: z.int(),
  /** What is owed. */
  arrears: points,
  /** Gift certificates that can still be used. */
  certificates: z.int(),
});
export type Figures = z.output<typeof figures>;

export const figuresOf = ({ unspent, held, arrears, carried }: MergeOut, at: Instant): Figures => ({
  points: unspent,
  lots: carried.lots.filter(({ remaining }) => remaining > 0).length,
  held,
  holds: carried.holds.filter(({ status }) => status === 'open').length,
  arrears,
  certificates: (carried.certificates ?? []).filter(
    (certificate) => certificateStatus(certificate, at) === 'open',
  ).length,
});

const proposed = z.object({
  merge: z.string(),
  program: z.string().transform(programId),
  /** The account that becomes part of the other one. */
  source: z.string().transform(accountId),
  target: z.string().transform(accountId),
  reason: z.string(),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
  /** SHA-256 of the request: the same key with another request is refused. */
  hash: z.string(),
  /** What would have moved when it was asked for. */
  moves: figures,
});
export type MergeProposed = z.output<typeof proposed>;
const approved = z.object({ merge: z.string(), approvedBy: z.string() });
/** The accounts could not become one any more when it was approved: it is open again. */
const refused = z.object({ merge: z.string(), reason: z.string() });
/** It has happened: what it moved. */
const applied = z.object({ merge: z.string(), moved: figures });
const rejected = z.object({ merge: z.string(), rejectedBy: z.string(), reason: z.string() });

const events = {
  MergeProposed: proposed,
  MergeApproved: approved,
  MergeRefused: refused,
  MergeApplied: applied,
  MergeRejected: rejected,
};
export type MergeEvent = EventOf<typeof events>;

/** `requested`: open. `approved`: on its way to the accounts, for a moment. `applied` and `rejected` are final. */
export const mergeStatuses = ['requested', 'approved', 'applied', 'rejected'] as const;
export type MergeStatus = (typeof mergeStatuses)[number];

interface State extends Signed {
  readonly asked: MergeProposed;
  readonly status: MergeStatus;
  /** What it moved, once it has. */
  readonly moved: Figures | null;
  /** Why the accounts could not become one, when it was last approved. */
  readonly refusal: string | null;
}
export type Merge = State & Kept;

const evolve = (state: State | null, event: MergeEvent): State | null => {
  if (event.type === 'MergeProposed') {
    const nothingYet = { approvedBy: null, moved: null, rejected: null, refusal: null };
    return { asked: event.data, status: 'requested', ...nothingYet };
  }
  if (state === null) return null;
  switch (event.type) {
    case 'MergeApproved':
      return { ...state, status: 'approved', approvedBy: event.data.approvedBy, refusal: null };
    case 'MergeRefused':
      return { ...state, status: 'requested', approvedBy: null, refusal: event.data.reason };
    case 'MergeApplied':
      return { ...state, status: 'applied', moved: event.data.moved };
    case 'MergeRejected': {
      const { rejectedBy: by, reason } = event.data;
      return { ...state, status: 'rejected', rejected: { by, reason } };
    }
  }
};

/**
 * A merge's own stream: what one person asked for, and what others made of it. The fact is that of the programme's register and of both
 * accounts' events.
 */
export const mergeStreams = signedStreams({
  category: 'merge',
  ...{ events, evolve },
  nameOf: ({ asked: { program, merge } }) => ({ program, id: merge }),
});

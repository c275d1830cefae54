import { z } from 'zod';
import {
  idOf,
  signedStreams,
  type EventOf,
  type Kept,
  type Signed,
} from '@tallystick/accounts/signed';
import { programId, type ProgramId } from '@tallystick/kernel';

const proposed = z.object({
  batch: z.string(),
  program: z.string().transform(programId),
  system: z.string(),
  /** What people call it: the file. */
  name: z.string(),
  /** Exactly these may be posted, once it is approved. */
  pages: z.array(
    z.object({
      /** SHA-256 of the page's balances: see `figuresOf`. */
      hash: z.string(),
      balances: z.number(),
      points: z.number(),
      /** Minor units, of all years. */
      spend: z.number(),
    }),
  ),
  /** A token's subject, never a name. */
  requestedBy: z.string(),
  /** SHA-256 of the request: the same name with other pages is refused. */
  hash: z.string(),
});
export type BalanceBatchProposed = z.output<typeof proposed>;

const events = {
  BalanceBatchProposed: proposed,
  BalanceBatchApproved: z.object({ batch: z.string(), approvedBy: z.string() }),
  BalanceBatchRejected: z.object({
    batch: z.string(),
    rejectedBy: z.string(),
    reason: z.string(),
  }),
};
type BalanceBatchEvent = EventOf<typeof events>;

/** `requested`: open. `approved`: its pages may be posted. `rejected`: none ever is. */
export const batchStatuses = ['requested', 'approved', 'rejected'] as const;
export type BatchStatus = (typeof batchStatuses)[number];

interface State extends Signed {
  readonly asked: BalanceBatchProposed;
  readonly status: BatchStatus;
}
export type BalanceBatch = State & Kept;

const evolve = (state: State | null, event: BalanceBatchEvent): State | null => {
  if (event.type === 'BalanceBatchProposed')
    return { asked: event.data, status: 'requested', approvedBy: null, rejected: null };
  if (state === null) return null;
  switch (event.type) {
    case 'BalanceBatchApproved':
      return { ...state, status: 'approved', approvedBy: event.data.approvedBy };
    case 'BalanceBatchRejected': {
      const { rejectedBy: by, reason } = event.data;
      return { ...state, status: 'rejected', rejected: { by, reason } };
    }
  }
};

/** A batch's own stream: what one person wants taken over, page by page, and whether another agreed. */
export const batchStreams = signedStreams({
  category: 'balancebatch',
  ...{ events, evolve },
  nameOf: ({ asked: { program, batch } }) => ({ program, id: batch }),
});

/** A name is one batch's of its system, whoever sends it. */
export const batchIdOf = (program: ProgramId, system: string, name: string): string =>
  idOf({ balances: 'batch', program, system, name });

import { z } from 'zod';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
  programId,
  streamName,
  type FactId,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** An adjustment's own stream: what one person asked for, and what others made of it. */
export const adjustmentStream = (program: ProgramId, adjustment: string): StreamName =>
  streamName('adjustment', program, adjustment);

export const adjustmentFact = (program: ProgramId, adjustment: string): FactId =>
  factId('adjustment', program, adjustment);

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

export type AdjustmentEvent =
  | { readonly type: 'AdjustmentRequested'; readonly data: AdjustmentRequested }
  | { readonly type: 'AdjustmentApproved'; readonly data: z.output<typeof approved> }
  | { readonly type: 'AdjustmentRefused'; readonly data: z.output<typeof refused> }
  | { readonly type: 'AdjustmentApplied'; readonly data: z.output<typeof applied> }
  | { readonly type: 'AdjustmentRejected'; readonly data: z.output<typeof rejected> };

/** `requested`: open. `approved`: on its way to the account, for a moment. `applied` and `rejected` are final. */
export const adjustmentStatuses = ['requested', 'approved', 'applied', 'rejected'] as const;
export type AdjustmentStatus = (typeof adjustmentStatuses)[number];

export interface Adjustment {
  readonly asked: AdjustmentRequested;
  readonly requestedAt: Instant;
  /** Where the request is in the store's order. */
  readonly position: bigint;
  readonly status: AdjustmentStatus;
  /** Of the last event of its stream. */
  readonly revision: number;
  readonly newestPosition: bigint;
  readonly approvedBy: string | null;
  /** What it did to the account, once it has. */
  readonly applied: { readonly points: number; readonly arrearsPaid: number } | null;
  readonly rejected: { readonly by: string; readonly reason: string } | null;
  /** Why the account would not take it, when it was last approved. */
  readonly refusal: string | null;
}

/** Folds an adjustment's stream; null where it is empty. Throws on an event that this release does not know. */
export const adjustmentOf = (events: readonly RecordedEvent[]): Adjustment | null => {
  let state: Adjustment | null = null;
  for (const recorded of events) {
    const event = decode(recorded);
    if (event.type === 'AdjustmentRequested') {
      state = {
        asked: event.data,
        requestedAt: recorded.metadata.recordedAt,
        position: recorded.position,
        status: 'requested',
        revision: recorded.revision,
        newestPosition: recorded.position,
        approvedBy: null,
        applied: null,
        rejected: null,
        refusal: null,
      };
    } else if (state !== null) {
      const { revision, position: newestPosition } = recorded;
      state = { ...evolve(state, event), revision, newestPosition };
    }
  }
  return state;
};

const evolve = (
  state: Adjustment,
  event: Exclude<AdjustmentEvent, { type: 'AdjustmentRequested' }>,
): Adjustment => {
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

const decode = ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): AdjustmentEvent => {
  const value: unknown = JSON.parse(data);
  switch (type) {
    case 'AdjustmentRequested':
      return { type, data: requested.parse(value) };
    case 'AdjustmentApproved':
      return { type, data: approved.parse(value) };
    case 'AdjustmentRefused':
      return { type, data: refused.parse(value) };
    case 'AdjustmentApplied':
      return { type, data: applied.parse(value) };
    case 'AdjustmentRejected':
      return { type, data: rejected.parse(value) };
    default:
      throw new Error(`this release does not understand ${type}: upgrade it`);
  }
};

export const readAdjustment = async (
  store: EventStore,
  program: ProgramId,
  adjustment: string,
): Promise<Adjustment | null> => {
  const stream = adjustmentStream(program, adjustment);
  return adjustmentOf((await store.readStreams([stream])).get(stream) ?? []);
};

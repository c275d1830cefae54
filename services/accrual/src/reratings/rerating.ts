import { z } from 'zod';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import {
  factId,
  instant,
  programId,
  streamName,
  type FactId,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** A run's own stream: what one person asked for, what it would do, who approved it, what it did. */
export const reratingStream = (program: ProgramId, rerating: string): StreamName =>
  streamName('rerating', program, rerating);
export const reratingFact = (program: ProgramId, rerating: string): FactId =>
  factId('rerating', program, rerating);

const ref = z.object({ version: z.int(), hash: z.string() });
const time = z.string().transform(instant);

const requested = z.object({
  rerating: z.string(),
  program: z.string().transform(programId),
  /** The wrong version, and the one that rates what it had rated. */
  from: ref,
  to: ref,
  /** Facts from this moment on, and before that one; null: all. */
  since: time.nullable(),
  until: time.nullable(),
  reason: z.string(),
  /** A token's subject. */
  requestedBy: z.string(),
  /** SHA-256 of the request: the same key with another request is refused. */
  hash: z.string(),
});
export type ReratingRequested = z.output<typeof requested>;

/** What a run comes to. A fact counts in `up` or in `down` by what it comes to in all; a rule likewise, fact by fact. */
export const figures = z.object({
  /** Looked at. */
  accounts: z.int(),
  /** Of these, with a difference. */
  accountsChanged: z.int(),
  facts: z.int(),
  up: z.int(),
  down: z.int(),
  /** What of `down` is not there any more, and is owed. */
  owed: z.int(),
  /** Facts that cannot be rated again: a correction of theirs is under way. */
  skipped: z.int(),
  rules: z.array(z.object({ rule: z.string(), up: z.int(), down: z.int() })),
});
export type Figures = z.output<typeof figures>;

const counted = z.object({ rerating: z.string(), figures });
const approved = z.object({ rerating: z.string(), approvedBy: z.string() });
const rejected = z.object({ rerating: z.string(), rejectedBy: z.string(), reason: z.string() });
const posted = z.object({ rerating: z.string(), figures });

export type ReratingEvent =
  | { readonly type: 'ReratingRequested'; readonly data: ReratingRequested }
  | { readonly type: 'ReratingCounted'; readonly data: z.output<typeof counted> }
  | { readonly type: 'ReratingApproved'; readonly data: z.output<typeof approved> }
  | { readonly type: 'ReratingRejected'; readonly data: z.output<typeof rejected> }
  | { readonly type: 'ReratingPosted'; readonly data: z.output<typeof posted> };

/** `requested`: it is being counted what it would do. `counted`: it can be approved. `approved`: it is being posted. */
export const reratingStatuses = ['requested', 'counted', 'approved', 'posted', 'rejected'] as const;
export type ReratingStatus = (typeof reratingStatuses)[number];

export interface Rerating {
  readonly asked: ReratingRequested;
  readonly requestedAt: Instant;
  readonly status: ReratingStatus;
  /** The dry run. */
  readonly counted: Figures | null;
  readonly approvedBy: string | null;
  readonly posted: Figures | null;
  readonly rejected: { readonly by: string; readonly reason: string } | null;
  /** Of the last event of its stream. */
  readonly revision: number;
  readonly position: bigint;
  /** Of all that it causes. */
  readonly correlationId: string;
}

/** Folds a run's stream; null where it is empty. Throws on an event that this release does not know. */
export const reratingOf = (events: readonly RecordedEvent[]): Rerating | null => {
  let state: Rerating | null = null;
  for (const recorded of events) {
    const event = decode(recorded);
    const { revision, position, metadata } = recorded;
    if (event.type === 'ReratingRequested') {
      state = {
        ...{ asked: event.data, requestedAt: metadata.recordedAt, status: 'requested' },
        ...{ counted: null, approvedBy: null, posted: null, rejected: null, revision, position },
        correlationId: metadata.correlationId,
      };
    } else if (state !== null) state = { ...evolve(state, event), revision, position };
  }
  return state;
};

const evolve = (
  state: Rerating,
  event: Exclude<ReratingEvent, { type: 'ReratingRequested' }>,
): Rerating => {
  switch (event.type) {
    case 'ReratingCounted':
      return { ...state, status: 'counted', counted: event.data.figures };
    case 'ReratingApproved':
      return { ...state, status: 'approved', approvedBy: event.data.approvedBy };
    case 'ReratingRejected': {
      const { rejectedBy: by, reason } = event.data;
      return { ...state, status: 'rejected', rejected: { by, reason } };
    }
    case 'ReratingPosted':
      return { ...state, status: 'posted', posted: event.data.figures };
  }
};

const decode = ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): ReratingEvent => {
  const value: unknown = JSON.parse(data);
  switch (type) {
    case 'ReratingRequested':
      return { type, data: requested.parse(value) };
    case 'ReratingCounted':
      return { type, data: counted.parse(value) };
    case 'ReratingApproved':
      return { type, data: approved.parse(value) };
    case 'ReratingRejected':
      return { type, data: rejected.parse(value) };
    case 'ReratingPosted':
      return { type, data: posted.parse(value) };
    default:
      throw new Error(`this release does not understand ${type}: upgrade it`);
  }
};

const named = z.object({ rerating: z.string() });
/** Which run an event is of. */
export const reratingIn = (data: string): string => named.parse(JSON.parse(data)).rerating;

export const readRerating = async (
  store: EventStore,
  program: ProgramId,
  rerating: string,
): Promise<Rerating | null> => {
  const stream = reratingStream(program, rerating);
  return reratingOf((await store.readStreams([stream])).get(stream) ?? []);
};

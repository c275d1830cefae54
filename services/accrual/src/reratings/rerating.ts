import { z } from 'zod';
import { type EventOf, type Kept, type Signed, signedStreams } from '@tallystick/accounts/signed';
import { instant, programId } from '@tallystick/kernel';

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
  /** Facts that cannot be rated again: a correction of theirs is under way, or a budget pays for some of what they earn. */
  skipped: z.int(),
  rules: z.array(z.object({ rule: z.string(), up: z.int(), down: z.int() })),
});
export type Figures = z.output<typeof figures>;

const counted = z.object({ rerating: z.string(), figures });
const approved = z.object({ rerating: z.string(), approvedBy: z.string() });
const rejected = z.object({ rerating: z.string(), rejectedBy: z.string(), reason: z.string() });
const posted = z.object({ rerating: z.string(), figures });

const events = {
  ReratingRequested: requested,
  ReratingCounted: counted,
  ReratingApproved: approved,
  ReratingRejected: rejected,
  ReratingPosted: posted,
};
export type ReratingEvent = EventOf<typeof events>;

/** `requested`: it is being counted what it would do. `counted`: it can be approved. `approved`: it is being posted. */
export const reratingStatuses = ['requested', 'counted', 'approved', 'posted', 'rejected'] as const;
export type ReratingStatus = (typeof reratingStatuses)[number];

interface State extends Signed {
  readonly asked: ReratingRequested;
  readonly status: ReratingStatus;
  /** The dry run. */
  readonly counted: Figures | null;
  readonly posted: Figures | null;
}
export type Rerating = State & Kept;

const evolve = (state: State | null, event: ReratingEvent): State | null => {
  if (event.type === 'ReratingRequested') {
    const nothingYet = { counted: null, approvedBy: null, posted: null, rejected: null };
    return { asked: event.data, status: 'requested', ...nothingYet };
  }
  if (state === null) return null;
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

/** A run's own stream: what one person asked for, what it would do, who approved it, what it did. */
export const reratingStreams = signedStreams({
  category: 'rerating',
  ...{ events, evolve },
  nameOf: ({ asked: { program, rerating } }) => ({ program, id: rerating }),
});

const named = z.object({ rerating: z.string() });
/** Which run an event is of. */
export const reratingIn = (data: string): string => named.parse(JSON.parse(data)).rerating;

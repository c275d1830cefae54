import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import type { Instant, ProgramId } from '@tallystick/kernel';
import { sameName } from '@tallystick/ledger';
import type { Catalog, PublishedRulebook } from '../programs/catalog.js';
import {
  readRerating,
  reratingFact,
  reratingStream,
  type Rerating,
  type ReratingEvent,
  type ReratingRequested,
} from './rerating.js';

/** What a person asks for: which version was wrong, and which one rates instead. */
export interface ReratingRequest {
  readonly program: ProgramId;
  readonly from: number;
  readonly to: number;
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly reason: string;
}

export interface ReratingFault {
  readonly field: 'from' | 'to';
  readonly message: string;
}

export type RequestAnswer =
  | { readonly kind: 'requested'; readonly rerating: Rerating }
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'invalid'; readonly faults: readonly ReratingFault[] }
  | { readonly kind: 'key-reused' };

/** Keeps what one person asks for, once for a key. Nothing happens before it was counted and another person has approved it. */
export const requestRerating = async (
  { store, catalog }: { readonly store: EventStore; readonly catalog: Catalog },
  by: { readonly subject: string; readonly key: string },
  request: ReratingRequest,
  metadata: EventMetadata,
): Promise<RequestAnswer> => {
  const { program, ...rest } = request;
  const rerating = contentHash({ program, ...by }).slice(0, 32);
  const hash = contentHash(request);
  for (;;) {
    const known = await readRerating(store, program, rerating);
    if (known !== null)
      return known.asked.hash === hash
        ? { kind: 'requested', rerating: known }
        : { kind: 'key-reused' };
    const published = await catalog.read(program);
    if (published === null) return { kind: 'program-unknown' };
    const version = (number: number): PublishedRulebook | undefined =>
      published.versions.find(({ ref }) => ref.version === number);
    const [from, to] = [version(request.from), version(request.to)];
    const fault = faultOf(from, to);
    if (from === undefined || to === undefined || fault !== null)
      return { kind: 'invalid', faults: fault === null ? [] : [fault] };
    const data: ReratingRequested = {
      ...{ ...rest, rerating, program, from: from.ref, to: to.ref, hash },
      requestedBy: by.subject,
    };
    await store.append([
      {
        stream: reratingStream(program, rerating),
        expected: 'noStream',
        events: [
          newEvent(
            reratingFact(program, rerating),
            0,
            { type: 'ReratingRequested', data },
            metadata,
          ),
        ],
      },
    ]);
  }
};

/** A budget is spent in the order in which receipts come: which of them it would have paid for cannot be said afterwards. */
const hasBudgets = ({ book }: PublishedRulebook): boolean => (book.budgets ?? []).length > 0;

const faultOf = (
  from: PublishedRulebook | undefined,
  to: PublishedRulebook | undefined,
): ReratingFault | null => {
  const unknown = 'is no approved version of the programme';
  const budgets = 'has budgets: what a budget pays for cannot be rated again';
  if (from === undefined) return { field: 'from', message: unknown };
  if (to === undefined) return { field: 'to', message: unknown };
  if (from === to) return { field: 'to', message: 'must be another version than from' };
  if (hasBudgets(from)) return { field: 'from', message: budgets };
  return hasBudgets(to) ? { field: 'to', message: budgets } : null;
};

export type Refusal =
  | { readonly kind: 'rerating-unknown' }
  | { readonly kind: 'same-person' }
  /** It is not counted yet what it would do. */
  | { readonly kind: 'not-counted' }
  | { readonly kind: 'closed'; readonly status: Rerating['status'] };

export type ChangeAnswer = { readonly kind: 'done'; readonly rerating: Rerating } | Refusal;

interface Named {
  readonly program: ProgramId;
  readonly rerating: string;
  /** A token's subject. */
  readonly by: string;
}

/** Approves what another person asked for and was counted; accrual posts it from then on, however often it is stopped. */
export const approveRerating = async (
  store: EventStore,
  { program, rerating, by }: Named,
  metadata: EventMetadata,
): Promise<ChangeAnswer> => {
  for (;;) {
    const found = await readRerating(store, program, rerating);
    if (found === null) return { kind: 'rerating-unknown' };
    if (found.approvedBy === by) return { kind: 'done', rerating: found };
    if (found.status === 'requested') return { kind: 'not-counted' };
    if (found.status !== 'counted') return { kind: 'closed', status: found.status };
    if (sameName(found.asked.requestedBy, by)) return { kind: 'same-person' };
    const data = { rerating, approvedBy: by };
    await sayOfRerating(store, found, { type: 'ReratingApproved', data }, metadata);
  }
};

/** Ends a request; who asked for it may take it back this way. */
export const rejectRerating = async (
  store: EventStore,
  { program, rerating, by }: Named,
  reason: string,
  metadata: EventMetadata,
): Promise<ChangeAnswer> => {
  for (;;) {
    const found = await readRerating(store, program, rerating);
    if (found === null) return { kind: 'rerating-unknown' };
    if (found.rejected?.by === by && found.rejected.reason === reason)
      return { kind: 'done', rerating: found };
    if (found.status !== 'requested' && found.status !== 'counted')
      return { kind: 'closed', status: found.status };
    const data = { rerating, rejectedBy: by, reason };
    await sayOfRerating(store, found, { type: 'ReratingRejected', data }, metadata);
  }
};

/** Where somebody else has spoken first, nothing is written: the caller looks again. */
export const sayOfRerating = async (
  store: EventStore,
  { asked: { program, rerating }, revision }: Rerating,
  event: ReratingEvent,
  metadata: EventMetadata,
): Promise<void> => {
  await store.append([
    {
      stream: reratingStream(program, rerating),
      expected: revision,
      events: [newEvent(reratingFact(program, rerating), revision + 1, event, metadata)],
    },
  ]);
};

import {
  type Closed,
  type Done,
  type SamePerson,
  type Signer,
  decideApproval,
  decideRejection,
} from '@tallystick/accounts/signed';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { Instant, ProgramId } from '@tallystick/kernel';
import type { Catalog, PublishedRulebook } from '../programs/catalog.js';
import { reratingStreams, type Rerating, type ReratingStatus } from './rerating.js';

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
  | { readonly kind: 'requested'; readonly found: Rerating }
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'invalid'; readonly faults: readonly ReratingFault[] }
  | { readonly kind: 'key-reused' };

/** Keeps what one person asks for, once for a key. Nothing happens before it was counted and another person has approved it. */
export const requestRerating = (
  { store, catalog }: { readonly store: EventStore; readonly catalog: Catalog },
  by: { readonly subject: string; readonly key: string },
  request: ReratingRequest,
  metadata: EventMetadata,
): Promise<RequestAnswer> => {
  const { program } = request;
  return reratingStreams.ask<Exclude<RequestAnswer, { kind: 'requested' | 'key-reused' }>>(
    store,
    { program, ...by },
    request,
    async ({ id, requestedBy, hash }) => {
      const published = await catalog.read(program);
      if (published === null) return { kind: 'program-unknown' };
      const version = (number: number): PublishedRulebook | undefined =>
        published.versions.find(({ ref }) => ref.version === number);
      const [from, to] = [version(request.from), version(request.to)];
      const fault = faultOf(from, to);
      if (from === undefined || to === undefined || fault !== null)
        return { kind: 'invalid', faults: fault === null ? [] : [fault] };
      const data = {
        ...{ ...request, rerating: id, from: from.ref, to: to.ref, hash },
        requestedBy,
      };
      return { type: 'ReratingRequested', data };
    },
    metadata,
  );
};

const faultOf = (
  from: PublishedRulebook | undefined,
  to: PublishedRulebook | undefined,
): ReratingFault | null => {
  const unknown = 'is no approved version of the programme';
  if (from === undefined) return { field: 'from', message: unknown };
  if (to === undefined) return { field: 'to', message: unknown };
  return from === to ? { field: 'to', message: 'must be another version than from' } : null;
};

export type Refusal =
  | { readonly kind: 'unknown' }
  | SamePerson
  /** It is not counted yet what it would do. */
  | { readonly kind: 'not-counted' }
  | Closed<ReratingStatus>;

export type ChangeAnswer = Done<Rerating> | Refusal;

/** Approves what another person asked for and was counted; accrual posts it from then on, however often it is stopped. */
export const approveRerating = (
  store: EventStore,
  { by, ...named }: Signer,
  metadata: EventMetadata,
): Promise<ChangeAnswer> =>
  reratingStreams.change<ChangeAnswer>(
    store,
    named,
    (found) =>
      found.status === 'requested'
        ? { kind: 'not-counted' }
        : (decideApproval(found, by, ['counted']) ?? {
            type: 'ReratingApproved',
            data: { rerating: named.id, approvedBy: by },
          }),
    metadata,
  );

/** Ends a request; who asked for it may take it back this way. */
export const rejectRerating = (
  store: EventStore,
  { by, ...named }: Signer,
  reason: string,
  metadata: EventMetadata,
): Promise<ChangeAnswer> =>
  reratingStreams.change<ChangeAnswer>(
    store,
    named,
    (found) =>
      decideRejection(found, by, reason, ['requested', 'counted']) ?? {
        type: 'ReratingRejected',
        data: { rerating: named.id, rejectedBy: by, reason },
      },
    metadata,
  );

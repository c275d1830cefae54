import {
  decideApproval,
  decideRejection,
  type Closed,
  type Done,
  type SamePerson,
  type Signer,
} from '@tallystick/accounts/signed';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { ProgramId } from '@tallystick/kernel';
import { batchIdOf, batchStreams, type BalanceBatch, type BatchStatus } from './balance-batch.js';
import type { PageFigures } from './balance-form.js';

export interface BatchRequest {
  readonly program: ProgramId;
  readonly system: string;
  readonly name: string;
  readonly pages: readonly PageFigures[];
}

export type ProposeAnswer =
  | { readonly kind: 'requested'; readonly found: BalanceBatch }
  /** The name is another batch's. */
  | { readonly kind: 'differs'; readonly found: BalanceBatch };

/** Keeps what one person wants taken over, once for its system and name. Nothing is posted before another person has approved it. */
export const proposeBatch = async (
  store: EventStore,
  subject: string,
  { program, system, name, pages }: BatchRequest,
  metadata: EventMetadata,
): Promise<ProposeAnswer> => {
  const named = { program, id: batchIdOf(program, system, name) };
  const what = { program, system, name, pages: [...pages] };
  const answer = await batchStreams.ask<never>(
    store,
    { ...named, subject },
    what,
    async ({ id: batch, requestedBy, hash }) => ({
      ...{ type: 'BalanceBatchProposed' as const, data: { batch, ...what, requestedBy, hash } },
    }),
    metadata,
  );
  if (answer.kind === 'requested') return answer;
  const found = await batchStreams.read(store, named);
  if (found === null) throw new Error(`batch ${named.id} is taken and not there`);
  return { kind: 'differs', found };
};

/** There is no such batch, or others, or this person otherwise, have approved or rejected it. */
export type NotOpen = { readonly kind: 'unknown' } | Closed<BatchStatus>;

/** Approves what another person has proposed: from then on its pages may be posted. */
export const approveBatch = (
  store: EventStore,
  { by, ...named }: Signer,
  metadata: EventMetadata,
): Promise<Done<BalanceBatch> | SamePerson | NotOpen> =>
  batchStreams.change<Done<BalanceBatch> | SamePerson | NotOpen>(
    store,
    named,
    (found) =>
      decideApproval(found, by, ['requested']) ?? {
        type: 'BalanceBatchApproved',
        data: { batch: named.id, approvedBy: by },
      },
    metadata,
  );

/** Ends a batch of which nothing was posted. Who proposed it may take it back this way. */
export const rejectBatch = (
  store: EventStore,
  { by, ...named }: Signer,
  reason: string,
  metadata: EventMetadata,
): Promise<Done<BalanceBatch> | NotOpen> =>
  batchStreams.change<Done<BalanceBatch> | NotOpen>(
    store,
    named,
    (found) =>
      decideRejection(found, by, reason, ['requested']) ?? {
        type: 'BalanceBatchRejected',
        data: { batch: named.id, rejectedBy: by, reason },
      },
    metadata,
  );

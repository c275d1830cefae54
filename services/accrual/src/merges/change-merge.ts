import { leftOf } from '@tallystick/accounts';
import {
  type Closed,
  type Done,
  type Named,
  type SamePerson,
  type Signer,
  decideApproval,
  decideRejection,
} from '@tallystick/accounts/signed';
import type { EventMetadata } from '@tallystick/event-store';
import type { AccountId } from '@tallystick/kernel';
import { returnableSince } from '../programs/return-window.js';
import {
  figuresOf,
  mergeStreams,
  type Figures,
  type Merge,
  type MergeEvent,
  type MergeStatus,
} from './merge.js';
import {
  lookAtMerge,
  mergeAccounts,
  wouldLeave,
  type MergeParts,
  type MergeRequest,
  type Obstacle,
} from './merge-accounts.js';
import type { Registered } from './merge-register.js';

export type RequestAnswer =
  | { readonly kind: 'requested'; readonly found: Merge }
  /** An older release took the same request under this key from one person alone, and it has happened. */
  | { readonly kind: 'before'; readonly merge: Registered }
  | Obstacle
  | { readonly kind: 'key-reused' };

/** Keeps what one person asks for, once for a key. Nothing happens to the accounts before another person has approved it. */
export const requestMerge = (
  parts: MergeParts,
  by: { readonly subject: string; readonly key: string },
  request: MergeRequest,
  metadata: EventMetadata,
): Promise<RequestAnswer> => {
  const { program } = request;
  return mergeStreams.ask<Exclude<RequestAnswer, { kind: 'requested' }>>(
    parts.store,
    { program, ...by },
    request,
    async ({ id, requestedBy, hash }) => {
      const before = (await parts.register.read(program)).byId.get(id);
      if (before !== undefined)
        return before.hash === hash ? { kind: 'before', merge: before } : { kind: 'key-reused' };
      const found = await lookAtMerge(parts, request, metadata);
      if (found.kind !== 'possible') return found;
      const data = { merge: id, ...request, requestedBy, hash, moves: found.moves };
      return { type: 'MergeProposed', data };
    },
    metadata,
  );
};

/** There is no such merge, or others, or this person otherwise, have approved or rejected it. */
export type NotOpen = { readonly kind: 'unknown' } | Closed<MergeStatus>;
/** What speaks against it. The request stays open. */
export type Refusal = SamePerson | Obstacle;
export type ApprovalAnswer = Done<Merge> | Refusal | NotOpen;

/**
 * Approves what another person has asked for, and carries it out. The approval is kept first, then the accounts are written: who sends it
 * again after a crash, or accrual's sweeper, finishes from there.
 */
export const approveMerge = (
  parts: MergeParts,
  { by, ...named }: Signer,
  metadata: EventMetadata,
): Promise<ApprovalAnswer> =>
  mergeStreams.change<ApprovalAnswer>(
    parts.store,
    named,
    async (found) => {
      const answer = decideApproval(found, by, ['requested']);
      if (answer?.kind === 'done') return finishRequest(parts, found, metadata);
      if (answer !== null) return answer;
      const look = await lookAtMerge(parts, requestOf(found), metadata);
      if (look.kind !== 'possible') return look;
      return { type: 'MergeApproved', data: { merge: named.id, approvedBy: by } };
    },
    metadata,
  );

/** Ends a request without an effect. Who asked for it may take it back this way. */
export const rejectMerge = (
  { store }: Pick<MergeParts, 'store'>,
  { by, ...named }: Signer,
  reason: string,
  metadata: EventMetadata,
): Promise<Done<Merge> | NotOpen> =>
  mergeStreams.change<Done<Merge> | NotOpen>(
    store,
    named,
    (found) =>
      decideRejection(found, by, reason, ['requested']) ?? {
        type: 'MergeRejected',
        data: { merge: named.id, rejectedBy: by, reason },
      },
    metadata,
  );

/**
 * Carries out an approved merge, or finds that it has happened. Null: it stands otherwise by now, or is open again because the accounts could
 * not become one in the last moment; look again.
 */
export const finishRequest = async (
  parts: MergeParts,
  found: Merge,
  metadata: EventMetadata,
): Promise<Done<Merge> | Obstacle | null> => {
  if (found.status === 'applied') return { kind: 'done', found };
  const { program, merge } = found.asked;
  const result = await mergeAccounts(parts, found.asked, found.approvedBy ?? '', metadata);
  const event: MergeEvent =
    result.kind === 'merged'
      ? { type: 'MergeApplied', data: { merge, moved: result.moved } }
      : { type: 'MergeRefused', data: { merge, reason: result.kind } };
  await mergeStreams.say(parts.store, found, event, metadata);
  if (result.kind !== 'merged') return result;
  const now = await mergeStreams.read(parts.store, { program, id: merge });
  return now?.status === 'applied' ? { kind: 'done', found: now } : null;
};

/** What an open request would do now. */
export interface Outlook {
  readonly moves: Figures;
  /** One of its accounts has become part of another one since: it can only be rejected. */
  readonly stale: { readonly account: AccountId; readonly successor: AccountId } | null;
}

/** Of a request that is over: what it would have moved when it was asked for. Writes nothing. */
export const outlookOf = async (parts: MergeParts, found: Merge): Promise<Outlook> => {
  const { program, source, target, moves } = found.asked;
  if (found.status !== 'requested') return { moves, stale: null };
  for (const account of [source, target]) {
    const successor = await parts.accounts.look(
      program,
      account,
      ({ merged }) => merged?.into ?? null,
    );
    if (successor !== null) return { moves, stale: { account, successor } };
  }
  const published = await parts.catalog.read(program);
  if (published === null) return { moves, stale: null };
  const keepFrom = returnableSince(published, parts.clock());
  const leaving = await wouldLeave(parts, { ...requestOf(found), keepFrom });
  return {
    moves: leaving === null ? moves : figuresOf(leaving, leaving.occurredAt),
    stale: null,
  };
};

/** A merge that an older release took from one person alone; null: there is none of that name. */
export const mergedBefore = async (
  { store, register }: MergeParts,
  { program, id }: Named,
): Promise<{ readonly merge: Registered; readonly moved: Figures | null } | null> => {
  const merge = (await register.read(program)).byId.get(id);
  if (merge === undefined) return null;
  const left = await leftOf(store, program, merge.source);
  return { merge, moved: left === null ? null : figuresOf(left.data, left.data.occurredAt) };
};

const requestOf = ({ asked: { program, source, target, reason } }: Merge): MergeRequest => ({
  ...{ program, source, target, reason },
});

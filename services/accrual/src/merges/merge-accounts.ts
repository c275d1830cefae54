import { bytesOf, leftOf, recording, successorOf, type Accounts } from '@tallystick/accounts';
import {
  appendLimits,
  contentHash,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import {
  Points,
  type AccountId,
  type Clock,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  arrearsOf,
  closedTo,
  decideMergeOut,
  hasRoomFor,
  heldOf,
  unspentOf,
  type MergeOut,
} from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookAt, type Catalog } from '../programs/catalog.js';
import { returnableSince } from '../programs/return-window.js';
import { mergeFact, type MergeRegister, type MergeRequested } from './merge-register.js';

/** Events of a merge: 0 is in the programme's register, 1 on the source, 2 (see `successorOf`) on the target. */
const mergeOutOrdinal = 1;

/** Well below what one append may hold: the target's names lots anew, and says what it paid. */
const mergeBytesMax = appendLimits.appendBytesMax * 0.8;

export interface MergeParts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  readonly register: MergeRegister;
  readonly clock: Clock;
}

export interface MergeRequest {
  readonly program: ProgramId;
  readonly source: AccountId;
  readonly target: AccountId;
  readonly reason: string;
}

export interface Merged {
  readonly merge: MergeRequested;
  /** What left the source. */
  readonly left: MergeOut;
  /** Up to which the target has it. */
  readonly position: bigint;
}

export type MergeAnswer =
  | ({ readonly kind: 'merged' } & Merged)
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'account-unknown'; readonly account: AccountId }
  /** It is part of another one already. */
  | { readonly kind: 'already-merged'; readonly account: AccountId; readonly successor: AccountId }
  /** More of it can still be returned, refunded and captured than one append holds. */
  | { readonly kind: 'too-large'; readonly account: AccountId }
  /** The target would come to more points than an account can hold. */
  | { readonly kind: 'beyond-limit' }
  /** An account cannot become part of itself, nor of what became part of it. */
  | { readonly kind: 'same-account' }
  | { readonly kind: 'key-reused' };

/**
 * Makes one account part of another, once for a key. It is registered first, then it leaves the source, then it arrives at the target: who
 * sends it again after a crash, accrual's sweeper, or the first who follows the source, finishes from there.
 */
export const mergeAccounts = async (
  parts: MergeParts,
  by: { readonly subject: string; readonly key: string },
  request: MergeRequest,
  metadata: EventMetadata,
): Promise<MergeAnswer> => {
  const { program, source } = request;
  const id = contentHash({ program, ...by }).slice(0, 32);
  const hash = contentHash(request);
  for (;;) {
    const { byId, bySource, revision } = await parts.register.read(program);
    const known = byId.get(id);
    if (known !== undefined) {
      if (known.hash !== hash) return { kind: 'key-reused' };
      return { kind: 'merged', ...(await finishMerge(parts, known, metadata)) };
    }
    const published = await parts.catalog.read(program);
    if (published === null) return { kind: 'program-unknown' };
    // What was registered before comes first: then the accounts say themselves whether this one is still possible.
    for (const account of [source, request.target]) {
      const before = bySource.get(account);
      if (before !== undefined) await finishMerge(parts, before, metadata);
    }
    const refusal = await refusalOf(parts, request);
    if (refusal !== null) {
      // Sent twice at once, the same request may have merged them between the two readings.
      if ((await parts.register.read(program)).byId.has(id)) continue;
      return refusal;
    }
    const keepFrom = returnableSince(published, parts.clock());
    if ((await bytesToMove(parts, request, keepFrom, metadata)) > mergeBytesMax)
      return { kind: 'too-large', account: source };
    if (!(await hasRoom(parts, request))) return { kind: 'beyond-limit' };
    const merge = { merge: id, ...request, keepFrom, requestedBy: by.subject, hash };
    await parts.register.write(merge, revision, metadata);
  }
};

const refusalOf = async (
  { store, accounts }: MergeParts,
  { program, source, target }: MergeRequest,
): Promise<Exclude<MergeAnswer, { kind: 'merged' }> | null> => {
  if (source === target) return { kind: 'same-account' };
  for (const account of [source, target]) {
    const closed = await accounts.look(program, account, closedTo);
    if (closed?.kind === 'unopened') return { kind: 'account-unknown', account };
    if (closed?.kind !== 'merged') continue;
    const successor = await successorOf({ store, accounts }, program, account);
    return account === target && successor === source
      ? { kind: 'same-account' }
      : { kind: 'already-merged', account, successor };
  }
  return null;
};

/** How large the event would be with which the source leaves; the target's is about as large. */
const bytesToMove = (
  { accounts }: MergeParts,
  { program, source, target, reason }: MergeRequest,
  keepFrom: Instant,
  metadata: EventMetadata,
): Promise<number> =>
  accounts.run(program, source, {
    decide: (state, at) => {
      const fact = mergeFact(program, 'measured');
      const command = { fact, factHash: '', target, reason, keepFrom };
      const decision = decideMergeOut(state, command, at);
      const bytes =
        decision.kind === 'left'
          ? bytesOf(recording(fact, mergeOutOrdinal, decision.event, metadata))
          : 0;
      return { kind: 'answer', answer: () => bytes };
    },
  });

/** Asked before anything is written: what has left the source must be able to arrive. */
const hasRoom = async (
  { accounts }: MergeParts,
  { program, source, target }: MergeRequest,
): Promise<boolean> => {
  const moved = await accounts.look(program, source, (state) =>
    [unspentOf(state), heldOf(state), arrearsOf(state)].map(BigInt).reduce((a, b) => a + b),
  );
  return await accounts.look(
    program,
    target,
    (state) => moved <= Number.MAX_SAFE_INTEGER && hasRoomFor(state, Points.points(moved)),
  );
};

/** Brings a registered merge to its end, from wherever it stands. */
export const finishMerge = async (
  parts: MergeParts,
  merge: MergeRequested,
  metadata: EventMetadata,
): Promise<Merged> => {
  const { store, accounts, catalog, clock } = parts;
  const { program, source, target, reason, keepFrom, hash: factHash } = merge;
  const fact = mergeFact(program, merge.merge);
  await accounts.run(program, source, {
    decide: (state, at) => {
      const command = { fact, factHash, target, reason, keepFrom };
      const decision = decideMergeOut(state, command, at);
      switch (decision.kind) {
        case 'left': {
          const envelope = { ...metadata, occurredAt: at, recordedAt: at };
          const events = [recording(fact, mergeOutOrdinal, decision.event, envelope)];
          return { kind: 'write', events, answer: () => () => undefined };
        }
        case 'known':
          return { kind: 'answer', answer: () => undefined };
        default:
          throw new Error(`account ${source} was to be merged, and is ${decision.kind}`);
      }
    },
  });
  const published = await catalog.read(program);
  const rulebook = published === null ? null : rulebookAt(published, clock());
  const policy = rulebook === null ? undefined : arrearsPolicyOf(rulebook.book);
  const successor = await successorOf({ store, accounts }, program, source, policy);
  const left = await leftOf(store, program, source);
  if (left === null)
    throw new Error(`account ${source} was merged, and its stream does not say so`);
  const position = await accounts.look(program, successor, (_, newest) => newest);
  return { merge, left: left.data, position };
};

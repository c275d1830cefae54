import { bytesOf, leftOf, recording, successorOf, type Accounts } from '@tallystick/accounts';
import { appendLimits, type EventMetadata, type EventStore } from '@tallystick/event-store';
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
import { figuresOf, type Figures, type MergeProposed } from './merge.js';
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
  readonly moved: Figures;
  /** Up to which the target has it. */
  readonly position: bigint;
}

/** Why two accounts cannot become one now. */
export type Obstacle =
  | { readonly kind: 'program-unknown' }
  | { readonly kind: 'account-unknown'; readonly account: AccountId }
  /** It is part of another one already. */
  | { readonly kind: 'already-merged'; readonly account: AccountId; readonly successor: AccountId }
  /** More of it can still be returned, refunded and captured than one append holds. */
  | { readonly kind: 'too-large'; readonly account: AccountId }
  /** The target would come to more points than an account can hold. */
  | { readonly kind: 'beyond-limit' }
  /** An account cannot become part of itself, nor of what became part of it. */
  | { readonly kind: 'same-account' };

interface Possible {
  readonly kind: 'possible';
  /** What is older is left behind. */
  readonly keepFrom: Instant;
  readonly moves: Figures;
}

/** Whether a merge can happen now, and what it would move. What was registered before comes first: it is finished here. */
export const lookAtMerge = async (
  parts: MergeParts,
  request: MergeRequest,
  metadata: EventMetadata,
): Promise<Possible | Obstacle> => {
  const { program, source, target } = request;
  const published = await parts.catalog.read(program);
  if (published === null) return { kind: 'program-unknown' };
  const { bySource } = await parts.register.read(program);
  for (const account of [source, target]) {
    const before = bySource.get(account);
    if (before !== undefined) await finishMerge(parts, before, metadata);
  }
  const refusal = await refusalOf(parts, request);
  if (refusal !== null) return refusal;
  const keepFrom = returnableSince(published, parts.clock());
  const leaving = await wouldLeave(parts, { ...request, keepFrom });
  // Somebody else has merged it since: look again.
  if (leaving === null) return lookAtMerge(parts, request, metadata);
  const bytes = bytesOf(recording(leaving.fact, mergeOutOrdinal, eventOf(leaving), metadata));
  if (bytes > mergeBytesMax) return { kind: 'too-large', account: source };
  if (!(await hasRoom(parts, request))) return { kind: 'beyond-limit' };
  return { kind: 'possible', keepFrom, moves: figuresOf(leaving, leaving.occurredAt) };
};

/**
 * Makes one account part of another, once for its id. It is registered first, then it leaves the source, then it arrives at the target: who
 * approves it again after a crash, accrual's sweeper, or the first who follows the source, finishes from there.
 */
export const mergeAccounts = async (
  parts: MergeParts,
  asked: MergeProposed,
  approvedBy: string,
  metadata: EventMetadata,
): Promise<({ readonly kind: 'merged' } & Merged) | Obstacle> => {
  const { merge, program, source, target, reason, requestedBy, hash } = asked;
  for (;;) {
    const { byId, revision } = await parts.register.read(program);
    const known = byId.get(merge);
    if (known !== undefined)
      return { kind: 'merged', ...(await finishMerge(parts, known, metadata)) };
    const found = await lookAtMerge(parts, { program, source, target, reason }, metadata);
    if (found.kind !== 'possible') {
      // Carried out twice at once, it may have happened between the two readings.
      if ((await parts.register.read(program)).byId.has(merge)) continue;
      return found;
    }
    const { keepFrom } = found;
    const said = { merge, program, source, target, reason, keepFrom, requestedBy, hash };
    await parts.register.write({ ...said, approvedBy }, revision, metadata);
  }
};

/** What of the source would go to the target, if it were now; null: it is part of another account already. */
export const wouldLeave = (
  { accounts }: Pick<MergeParts, 'accounts'>,
  { program, source, target, reason, keepFrom }: MergeRequest & { readonly keepFrom: Instant },
): Promise<MergeOut | null> =>
  accounts.run(program, source, {
    decide: (state, at) => {
      const fact = mergeFact(program, 'measured');
      const decision = decideMergeOut(state, { fact, factHash: '', target, reason, keepFrom }, at);
      const leaving = decision.kind === 'left' ? decision.event.data : null;
      return { kind: 'answer', answer: () => leaving };
    },
  });

const eventOf = (data: MergeOut) => ({ type: 'AccountsMerged' as const, data });

const refusalOf = async (
  { store, accounts }: MergeParts,
  { program, source, target }: MergeRequest,
): Promise<Obstacle | null> => {
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
  return { merge, moved: figuresOf(left.data, left.data.occurredAt), position };
};

import { readLedger, recording, type Accounts } from '@tallystick/accounts';
import { newEvent, type EventMetadata, type EventStore } from '@tallystick/event-store';
import { Points, ledgerStream, type Clock, type Instant, type ProgramId } from '@tallystick/kernel';
import {
  decideAdjust,
  type Account,
  type AdjustDecision,
  type Change,
  type PointsAdjusted,
} from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookAt, type Catalog } from '../programs/catalog.js';
import {
  adjustmentFact,
  adjustmentStream,
  readAdjustment,
  type Adjustment,
  type AdjustmentEvent,
} from './adjustment.js';
import { faultOf, type Fault } from './fault.js';

interface Parts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  readonly clock: Clock;
}

/** Whose the adjustment is, and who says something about it now. */
export interface Named {
  readonly program: ProgramId;
  readonly adjustment: string;
  /** A token's subject. */
  readonly by: string;
}

/** What the account says against it. The request stays open. */
export type Refusal =
  | Extract<
      AdjustDecision,
      { kind: 'same-person' | 'insufficient' | 'exceeds-arrears' | 'unopened' | 'merged' }
    >
  | Fault;

export type Closed =
  | { readonly kind: 'adjustment-unknown' }
  /** Others, or this person otherwise, have approved or rejected it. */
  | { readonly kind: 'closed'; readonly status: 'approved' | 'applied' | 'rejected' };

export type ApprovalAnswer =
  { readonly kind: 'applied'; readonly adjustment: Adjustment } | Refusal | Closed;

/**
 * Approves what another person has asked for, and applies it. The approval is kept first, then the account is written: who sends it
 * again after a crash, or accrual's sweeper, finishes from there.
 */
export const approveAdjustment = async (
  parts: Parts,
  { program, adjustment, by }: Named,
  metadata: EventMetadata,
): Promise<ApprovalAnswer> => {
  for (;;) {
    const found = await readAdjustment(parts.store, program, adjustment);
    if (found === null) return { kind: 'adjustment-unknown' };
    if (found.status === 'rejected') return { kind: 'closed', status: found.status };
    if (found.status !== 'requested') {
      if (found.approvedBy !== by) return { kind: 'closed', status: found.status };
      const outcome = await finishAdjustment(parts, found, metadata);
      if (outcome !== null) return outcome;
      continue;
    }
    const refusal = await refusalOf(parts, found, by);
    if (refusal !== null) return refusal;
    await say(
      parts.store,
      found,
      { type: 'AdjustmentApproved', data: { adjustment, approvedBy: by } },
      metadata,
    );
  }
};

export type RejectionAnswer =
  { readonly kind: 'rejected'; readonly adjustment: Adjustment } | Closed;

/** Ends a request without an effect. Who asked for it may take it back this way. */
export const rejectAdjustment = async (
  { store }: Pick<Parts, 'store'>,
  { program, adjustment, by }: Named,
  reason: string,
  metadata: EventMetadata,
): Promise<RejectionAnswer> => {
  for (;;) {
    const found = await readAdjustment(store, program, adjustment);
    if (found === null) return { kind: 'adjustment-unknown' };
    if (found.status === 'rejected') {
      return found.rejected?.by === by && found.rejected.reason === reason
        ? { kind: 'rejected', adjustment: found }
        : { kind: 'closed', status: 'rejected' };
    }
    if (found.status !== 'requested') return { kind: 'closed', status: found.status };
    await say(
      store,
      found,
      { type: 'AdjustmentRejected', data: { adjustment, rejectedBy: by, reason } },
      metadata,
    );
  }
};

/**
 * Brings an approved adjustment to its account, or finds that it is there. Null: it stands otherwise by now, or is open again because the
 * account refused it in the last moment; look again.
 */
export const finishAdjustment = async (
  parts: Parts,
  found: Adjustment,
  metadata: EventMetadata,
): Promise<Extract<ApprovalAnswer, { kind: 'applied' }> | Refusal | null> => {
  if (found.status === 'applied') return { kind: 'applied', adjustment: found };
  const { program, adjustment } = found.asked;
  // Whether an earlier attempt has come so far: the account may have forgotten it, or have become part of another; its stream has not.
  const done = (await writtenBefore(parts.store, found)) ?? (await apply(parts, found, metadata));
  const event: AdjustmentEvent =
    'kind' in done
      ? { type: 'AdjustmentRefused', data: { adjustment, reason: done.kind } }
      : {
          type: 'AdjustmentApplied',
          data: {
            adjustment,
            points: done.points,
            arrearsPaid: sumOf(done.arrearsPaid),
          },
        };
  await say(parts.store, found, event, metadata);
  if ('kind' in done) return done;
  const now = await readAdjustment(parts.store, program, adjustment);
  return now?.status === 'applied' ? { kind: 'applied', adjustment: now } : null;
};

const refusalOf = async (
  parts: Parts,
  found: Adjustment,
  approvedBy: string,
): Promise<Refusal | null> => {
  const command = await commandOf(parts, found, approvedBy);
  const { program, account } = found.asked;
  return parts.accounts.run(program, account, {
    decide: (state, at) => {
      const decision = command(state, at);
      return { kind: 'answer', answer: () => (isRefusal(decision) ? decision : null) };
    },
  });
};

const apply = async (
  parts: Parts,
  found: Adjustment,
  metadata: EventMetadata,
): Promise<PointsAdjusted['data'] | Refusal> => {
  const { program, account, adjustment } = found.asked;
  const command = await commandOf(parts, found, found.approvedBy ?? '');
  const fact = adjustmentFact(program, adjustment);
  const outcome = await parts.accounts.run<PointsAdjusted['data'] | Refusal | null>(
    program,
    account,
    {
      decide: (state, at) => {
        const decision = command(state, at);
        if (decision.kind === 'adjusted') {
          const { event } = decision;
          return {
            kind: 'write',
            events: [recording(fact, 1, event, { ...metadata, occurredAt: at, recordedAt: at })],
            answer: () => () => event.data,
          };
        }
        return { kind: 'answer', answer: () => (isRefusal(decision) ? decision : null) };
      },
    },
  );
  if (outcome !== null) return outcome;
  // Somebody else brought it there at the same moment.
  const written = await writtenBefore(parts.store, found);
  if (written === null) throw new Error(`${fact} is known to its account, and not on its stream`);
  return written;
};

type Decide = (account: Account, at: Instant) => AdjustDecision | Refusal;

/** What the request comes to on an account at a moment. */
const commandOf = async (
  { catalog, clock }: Parts,
  { asked }: Adjustment,
  approvedBy: string,
): Promise<Decide> => {
  const { program, adjustment, hash, reason, requestedBy } = asked;
  const published = await catalog.read(program);
  const rulebook = published === null ? null : rulebookAt(published, clock());
  const policy = rulebook === null ? {} : { arrearsPolicy: arrearsPolicyOf(rulebook.book) };
  return (account, at) => {
    const change: Change =
      asked.change.kind === 'up' ? { ...asked.change, availableAt: at, ...policy } : asked.change;
    const decision = decideAdjust(
      account,
      {
        fact: adjustmentFact(program, adjustment),
        ...{ factHash: hash, reason, requestedBy, approvedBy, change },
      },
      at,
    );
    return decision.kind === 'adjusted'
      ? (faultOf(asked.change, account, at, rulebook?.book ?? null) ?? decision)
      : decision;
  };
};

const isRefusal = (decision: AdjustDecision | Refusal): decision is Refusal =>
  decision.kind !== 'adjusted' && decision.kind !== 'known' && decision.kind !== 'conflict';

const writtenBefore = async (
  store: EventStore,
  { asked }: Adjustment,
): Promise<PointsAdjusted['data'] | null> => {
  const fact = adjustmentFact(asked.program, asked.adjustment);
  for await (const { event } of readLedger(store, ledgerStream(asked.program, asked.account))) {
    if (event.type === 'PointsAdjusted' && event.data.fact === fact) return event.data;
  }
  return null;
};

/** Where somebody else has spoken first, nothing is written: the caller looks again. */
const say = async (
  store: EventStore,
  { asked, revision }: Adjustment,
  event: AdjustmentEvent,
  metadata: EventMetadata,
): Promise<void> => {
  const { program, adjustment } = asked;
  await store.append([
    {
      stream: adjustmentStream(program, adjustment),
      expected: revision,
      // Approved, refused and approved again by one person: not the same event twice.
      events: [newEvent(adjustmentFact(program, adjustment), revision + 1, event, metadata)],
    },
  ]);
};

const sumOf = (allocations: PointsAdjusted['data']['arrearsPaid']): Points.Points =>
  Points.total(allocations.map(({ points }) => points));

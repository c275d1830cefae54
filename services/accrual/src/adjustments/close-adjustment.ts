import { readLedger, recording, type Accounts } from '@tallystick/accounts';
import {
  type Closed,
  type Done,
  type Signer,
  decideApproval,
  decideRejection,
} from '@tallystick/accounts/signed';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import { Points, ledgerStream, type Clock, type Instant } from '@tallystick/kernel';
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
  adjustmentStreams,
  type Adjustment,
  type AdjustmentEvent,
  type AdjustmentStatus,
} from './adjustment.js';
import { faultOf, type Fault } from './fault.js';

interface Parts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  readonly clock: Clock;
}

/** What the account says against it. The request stays open. */
export type Refusal =
  | Extract<
      AdjustDecision,
      { kind: 'same-person' | 'insufficient' | 'exceeds-arrears' | 'unopened' | 'merged' }
    >
  | Fault;

/** There is no such adjustment, or others, or this person otherwise, have approved or rejected it. */
export type NotOpen = { readonly kind: 'unknown' } | Closed<AdjustmentStatus>;

export type ApprovalAnswer = Done<Adjustment> | Refusal | NotOpen;

/**
 * Approves what another person has asked for, and applies it. The approval is kept first, then the account is written: who sends it
 * again after a crash, or accrual's sweeper, finishes from there.
 */
export const approveAdjustment = (
  parts: Parts,
  { by, ...named }: Signer,
  metadata: EventMetadata,
): Promise<ApprovalAnswer> =>
  adjustmentStreams.change<ApprovalAnswer>(
    parts.store,
    named,
    async (found) => {
      const answer = decideApproval(found, by, ['requested']);
      if (answer?.kind === 'done') return finishAdjustment(parts, found, metadata);
      const refusal = answer ?? (await refusalOf(parts, found, by));
      const data = { adjustment: named.id, approvedBy: by };
      return refusal ?? { type: 'AdjustmentApproved', data };
    },
    metadata,
  );

/** Ends a request without an effect. Who asked for it may take it back this way. */
export const rejectAdjustment = (
  { store }: Pick<Parts, 'store'>,
  { by, ...named }: Signer,
  reason: string,
  metadata: EventMetadata,
): Promise<Done<Adjustment> | NotOpen> =>
  adjustmentStreams.change<Done<Adjustment> | NotOpen>(
    store,
    named,
    (found) =>
      decideRejection(found, by, reason, ['requested']) ?? {
        type: 'AdjustmentRejected',
        data: { adjustment: named.id, rejectedBy: by, reason },
      },
    metadata,
  );

/**
 * Brings an approved adjustment to its account, or finds that it is there. Null: it stands otherwise by now, or is open again because the
 * account refused it in the last moment; look again.
 */
export const finishAdjustment = async (
  parts: Parts,
  found: Adjustment,
  metadata: EventMetadata,
): Promise<Done<Adjustment> | Refusal | null> => {
  if (found.status === 'applied') return { kind: 'done', found };
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
  await adjustmentStreams.say(parts.store, found, event, metadata);
  if ('kind' in done) return done;
  const now = await adjustmentStreams.read(parts.store, { program, id: adjustment });
  return now?.status === 'applied' ? { kind: 'done', found: now } : null;
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
  const fact = adjustmentStreams.factOf({ program, id: adjustment });
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
        fact: adjustmentStreams.factOf({ program, id: adjustment }),
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
  const fact = adjustmentStreams.factOf({ program: asked.program, id: asked.adjustment });
  for await (const { event } of readLedger(store, ledgerStream(asked.program, asked.account))) {
    if (event.type === 'PointsAdjusted' && event.data.fact === fact) return event.data;
  }
  return null;
};

const sumOf = (allocations: PointsAdjusted['data']['arrearsPaid']): Points.Points =>
  Points.total(allocations.map(({ points }) => points));

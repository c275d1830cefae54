import {
  decideApproval,
  decideRejection,
  type Closed,
  type Done,
  type SamePerson,
  type Signer,
} from '@tallystick/accounts/signed';
import type { EventMetadata } from '@tallystick/event-store';
import type { AccountId, Points, ProgramId } from '@tallystick/kernel';
import { decideTransferOut } from '@tallystick/ledger';
import { follow, type Means, type Named } from '../orders/order.js';
import type { NotSent } from '../transfer/not-sent.js';
import { transferFact } from '../transfer/transfer-stream.js';
import { receiverOf, transfer } from '../transfer/transfer.js';
import {
  transferRequestStreams,
  type TransferProposed,
  type TransferRequest,
  type TransferRequestEvent,
  type TransferRequestStatus,
} from './transfer-request.js';

export interface Wanted {
  readonly program: ProgramId;
  readonly points: Points.Points;
  readonly reason: string;
  /** How the accounts were named: the same key with others is another request, whatever their cards lead to by then. */
  readonly named: { readonly from: object; readonly to: object };
}

export type AskAnswer = { readonly kind: 'requested'; readonly found: TransferRequest } | NotSent;

/** Keeps what one person wants sent, once for a key. No point moves before another person has approved it. */
export const askForTransfer = (
  means: Means,
  by: { readonly subject: string; readonly key: string },
  { program, points, reason, named }: Wanted,
  between: { readonly from: Named; readonly to: Named },
  metadata: EventMetadata,
): Promise<AskAnswer> =>
  transferRequestStreams.ask<NotSent>(
    means.store,
    { program, ...by },
    { program, points, reason, ...named },
    async ({ id: transferId, requestedBy, hash }) => {
      const [from, to] = [
        await accountOf(means, program, between.from),
        await accountOf(means, program, between.to),
      ];
      const what = { program, from, to, points, reason };
      const data = { transfer: transferId, ...what, requestedBy, hash };
      return (await obstacleOf(means, data)) ?? { type: 'TransferProposed', data };
    },
    metadata,
  );

/** There is no such request, or others, or this person otherwise, have approved or rejected it. */
export type NotOpen = { readonly kind: 'unknown' } | Closed<TransferRequestStatus>;
/** What speaks against it. The request stays open. */
export type Refusal = SamePerson | NotSent;

/**
 * Approves what another person has asked for, and sends it. The approval is kept first, then the points are sent: who sends it again after
 * a crash, or redemption's sweeper, finishes from there.
 */
export const approveTransfer = (
  means: Means,
  { by, ...named }: Signer,
  metadata: EventMetadata,
): Promise<Done<TransferRequest> | Refusal | NotOpen> =>
  transferRequestStreams.change<Done<TransferRequest> | Refusal | NotOpen>(
    means.store,
    named,
    async (found) => {
      const answer = decideApproval(found, by, ['requested']);
      if (answer?.kind === 'done') return finishTransfer(means, found, metadata);
      const refusal = answer ?? (await obstacleOf(means, found.asked));
      const data = { transfer: named.id, approvedBy: by };
      return refusal ?? { type: 'TransferApproved', data };
    },
    metadata,
  );

/** Ends a request without an effect. Who asked for it may take it back this way. */
export const rejectTransfer = (
  { store }: Pick<Means, 'store'>,
  { by, ...named }: Signer,
  reason: string,
  metadata: EventMetadata,
): Promise<Done<TransferRequest> | NotOpen> =>
  transferRequestStreams.change<Done<TransferRequest> | NotOpen>(
    store,
    named,
    (found) =>
      decideRejection(found, by, reason, ['requested']) ?? {
        type: 'TransferRejected',
        data: { transfer: named.id, rejectedBy: by, reason },
      },
    metadata,
  );

/**
 * Sends what was approved, or finds that it was sent. Null: it stands otherwise by now, or is open again because the accounts would not do
 * it in the last moment; look again.
 */
export const finishTransfer = async (
  means: Means,
  found: TransferRequest,
  metadata: EventMetadata,
): Promise<Done<TransferRequest> | NotSent | null> => {
  if (found.status === 'applied') return { kind: 'done', found };
  const { program, transfer: id, from, to, points, reason } = found.asked;
  const { program: _, occurredAt: _at, recordedAt: _then, ...cause } = metadata;
  const sent = await transfer(
    ...([means, id, { program, points, reason }] as const),
    { from: itself(from), to: itself(to) },
    cause,
  );
  const event: TransferRequestEvent =
    sent.kind === 'done'
      ? { type: 'TransferApplied', data: { transfer: id } }
      : { type: 'TransferRefused', data: { transfer: id, reason: sent.kind } };
  await transferRequestStreams.say(means.store, found, event, metadata);
  if (sent.kind !== 'done') return sent;
  const now = await transferRequestStreams.read(means.store, { program, id });
  return now?.status === 'applied' ? { kind: 'done', found: now } : null;
};

const itself = (account: AccountId): Named => ({ account, follows: false });

const accountOf = async (means: Means, program: ProgramId, named: Named): Promise<AccountId> =>
  named.follows ? follow(means, program, named.account) : named.account;

/** Why it could not be sent now; null: it could. Writes nothing. */
const obstacleOf = async (
  means: Means,
  { program, transfer: id, from, to, points, reason, hash }: TransferProposed,
): Promise<NotSent | null> => {
  const receiver = await receiverOf(means, { program, points, reason }, itself(to));
  if (receiver.kind !== 'receiver') return receiver;
  const command = { fact: transferFact(program, id), factHash: hash, to, points, reason };
  const at = means.clock();
  const decision = await means.accounts.look(program, from, (account) =>
    decideTransferOut(account, command, at),
  );
  switch (decision.kind) {
    case 'insufficient':
    case 'same-account':
    case 'merged':
      return decision;
    case 'unopened':
      return { kind: 'account-unknown' };
    default:
      return null;
  }
};

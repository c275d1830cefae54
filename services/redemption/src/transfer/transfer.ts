import { contentHash } from '@tallystick/event-store';
import type { AccountId, Points, ProgramId } from '@tallystick/kernel';
import {
  decideTransferOut,
  hasRoomFor,
  valuation,
  type BeyondLimit,
  type MergedAway,
  type TransferOut,
} from '@tallystick/ledger';
import {
  carryOutOnce,
  follow,
  type Cause,
  type Means,
  type Named,
  type Outcome,
  type PinnedOrder,
} from '../orders/order.js';
import type { SpendingRefusal } from '../redeem/redeem.js';
import { deliver } from './deliver.js';
import { ordinals, readReceiver, transferFact, transferStream } from './transfer-stream.js';

export interface TransferRequest {
  readonly program: ProgramId;
  readonly points: Points.Points;
  readonly reason: string;
}

export interface Transferred {
  readonly transfer: string;
  readonly program: ProgramId;
  readonly from: AccountId;
  readonly to: AccountId;
  readonly points: Points.Points;
  /** What was available to the sender right after it. */
  readonly available: Points.Points;
}

export type TransferRefusal = SpendingRefusal | { readonly kind: 'same-account' };

export type TransferOutcome =
  | Outcome<Transferred, TransferRefusal>
  | MergedAway
  | { readonly kind: 'receiver-unknown' }
  | { readonly kind: 'receiver-merged'; readonly into: AccountId }
  /** The receiver would come to more points than an account takes. */
  | BeyondLimit;

/**
 * Sends points from one account to another, once for its id. Whether the receiver can receive is asked before anything is written; from
 * then on the points arrive, whatever happens: by this call, by its repetition, or by the sweeper.
 */
export const transfer = async (
  means: Means,
  id: string,
  request: TransferRequest,
  between: { readonly from: Named; readonly to: Named },
  cause: Cause,
): Promise<TransferOutcome> => {
  const { program } = request;
  const pinned = await readReceiver(means.store, transferStream(program, id));
  const receiver =
    pinned === null
      ? await receiverOf(means, request, between.to)
      : await sameReceiver(means, program, between.to, pinned);
  if (receiver.kind !== 'receiver') return receiver;
  const { account: to } = receiver;
  const outcome = await carryOutOnce(
    means,
    (account) => orderFor(id, { ...request, account, to }, cause),
    between.from,
  );
  if (outcome.kind !== 'done') return outcome;
  const { sent, available } = outcome.done;
  const { position } = await deliver(means, program, sent, cause);
  const { from, points } = sent;
  return {
    kind: 'done',
    done: { transfer: id, program, from, to, points, available },
    position: position > outcome.position ? position : outcome.position,
  };
};

type Receiver =
  | { readonly kind: 'receiver'; readonly account: AccountId }
  | { readonly kind: 'receiver-unknown' }
  | { readonly kind: 'receiver-merged'; readonly into: AccountId }
  | BeyondLimit;

/** Who would receive it now, or why nobody can. Writes nothing. */
export const receiverOf = async (
  means: Means,
  { program, points }: TransferRequest,
  to: Named,
): Promise<Receiver> => {
  const { opened, into, hasRoom } = await means.accounts.look(program, to.account, (account) => ({
    opened: account.opened !== null,
    into: account.merged?.into ?? null,
    hasRoom: hasRoomFor(account, points),
  }));
  if (!opened) return { kind: 'receiver-unknown' };
  if (into === null)
    return hasRoom ? { kind: 'receiver', account: to.account } : { kind: 'beyond-limit' };
  if (!to.follows) return { kind: 'receiver-merged', into };
  const account = await follow(means, program, to.account);
  return (await means.accounts.look(program, account, (state) => hasRoomFor(state, points)))
    ? { kind: 'receiver', account }
    : { kind: 'beyond-limit' };
};

/** What was pinned is the same receiver, where the account that is named now was that one, or has become part of it. */
const sameReceiver = async (
  means: Means,
  program: ProgramId,
  to: Named,
  pinned: AccountId,
): Promise<Receiver | { readonly kind: 'key-reused' }> => {
  for (let at: AccountId | null = to.account; at !== null;) {
    if (at === pinned) return { kind: 'receiver', account: pinned };
    if (!to.follows) break;
    at = await means.accounts.look(program, at, ({ merged }) => merged?.into ?? null);
  }
  return { kind: 'key-reused' };
};

interface Sent {
  readonly sent: TransferOut;
  readonly available: Points.Points;
}

const orderFor = (
  id: string,
  request: TransferRequest & { readonly account: AccountId; readonly to: AccountId },
  cause: Cause,
): PinnedOrder<Sent, TransferRefusal> => {
  const { program, to, points, reason } = request;
  const fact = transferFact(program, id);
  const hash = contentHash(request);
  return {
    ...{ program, fact, cause, firstOrdinal: ordinals.sent },
    stream: transferStream(program, id),
    type: 'TransferRequested',
    data: { transfer: id, hash, ...request },
    decide: (state, at) => {
      const decision = decideTransferOut(state, { fact, factHash: hash, to, points, reason }, at);
      switch (decision.kind) {
        case 'sent':
          return { kind: 'write', events: [decision.event] };
        case 'insufficient':
        case 'same-account':
          return { kind: 'refused', refusal: decision };
        case 'unopened':
          return { kind: 'refused', refusal: { kind: 'account-unknown' } };
        default:
          return decision;
      }
    },
    owns: ({ type, data }) =>
      type === 'PointsTransferred' && data.side === 'out' && data.fact === fact,
    tell: ([event], after) => {
      if (event?.type !== 'PointsTransferred' || event.data.side !== 'out')
        throw new Error('a transfer is told from its first half');
      const { available } = valuation(after, event.data.occurredAt);
      return { sent: event.data, available };
    },
  };
};

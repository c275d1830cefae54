import type { ProgramId } from '@tallystick/kernel';
import { decideTransferIn, type ArrearsPolicy, type TransferOut } from '@tallystick/ledger';
import { carryOut, recall, type Cause, type Means, type Order } from '../orders/order.js';
import { ordinals } from './transfer-stream.js';

/**
 * The second half of a transfer: what was sent arrives, once, at the account that it was sent to or at that one's successor. Any number of times,
 * by anybody; answers where in the store's order it arrived.
 */
export const deliver = async (
  means: Means,
  program: ProgramId,
  sent: TransferOut,
  cause: Cause,
): Promise<{ readonly position: bigint }> => {
  const policy = await means.programs.arrearsPolicy(program, means.clock());
  const orderWhere = (mayBeForgotten: boolean) =>
    orderFor(program, sent, cause, policy, mayBeForgotten);
  const outcome = await carryOut(means, orderWhere(true), sent.to);
  if (outcome.kind === 'done') return outcome;
  if (outcome.kind === 'key-reused')
    throw new Error(`transfer ${sent.fact} arrived with another content`);
  const arrived = await recall(means.store, orderWhere(false), sent.to);
  if (arrived !== null) return arrived;
  const now = await carryOut(means, orderWhere(false), sent.to);
  if (now.kind !== 'done') throw new Error(`transfer ${sent.fact} could not arrive: ${now.kind}`);
  return now;
};

/** It is older than what the receiver remembers: whether it arrived, only the receiver's events tell. */
interface AskHistory {
  readonly kind: 'ask-history';
}

const orderFor = (
  program: ProgramId,
  sent: TransferOut,
  cause: Cause,
  policy: ArrearsPolicy | undefined,
  mayBeForgotten: boolean,
): Order<null, AskHistory> => ({
  ...{ program, fact: sent.fact, cause, firstOrdinal: ordinals.received },
  decide: (state, at) => {
    const decision = decideTransferIn(state, sent, at, policy);
    switch (decision.kind) {
      case 'received': {
        const { rememberedFrom } = state;
        return mayBeForgotten && rememberedFrom !== null && sent.occurredAt < rememberedFrom
          ? { kind: 'refused', refusal: { kind: 'ask-history' } }
          : { kind: 'write', events: [decision.event] };
      }
      case 'misdirected':
      case 'unopened':
        throw new Error(`transfer ${sent.fact} cannot arrive: ${decision.kind}`);
      default:
        return decision;
    }
  },
  owns: ({ type, data }) =>
    type === 'PointsTransferred' && data.side === 'in' && data.fact === sent.fact,
  tell: () => null,
});

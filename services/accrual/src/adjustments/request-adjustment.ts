import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import type { Accounts } from '@tallystick/accounts';
import type { AccountId, ProgramId } from '@tallystick/kernel';
import { closedTo, type MergedAway } from '@tallystick/ledger';
import {
  adjustmentFact,
  adjustmentStream,
  readAdjustment,
  type Adjustment,
  type AdjustmentRequested,
  type AskedChange,
} from './adjustment.js';

export interface AdjustmentRequest {
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly change: AskedChange;
  readonly reason: string;
}

export type RequestAnswer =
  | { readonly kind: 'requested'; readonly adjustment: Adjustment }
  | { readonly kind: 'unopened' }
  | MergedAway
  | { readonly kind: 'key-reused' };

/** Keeps what one person asks for, once for a key. Nothing happens to the account before another person has approved it. */
export const requestAdjustment = async (
  { store, accounts }: { readonly store: EventStore; readonly accounts: Accounts },
  by: { readonly subject: string; readonly key: string },
  request: AdjustmentRequest,
  metadata: EventMetadata,
): Promise<RequestAnswer> => {
  const { program, account } = request;
  const adjustment = contentHash({ program, ...by }).slice(0, 32);
  const hash = contentHash(request);
  const data: AdjustmentRequested = { adjustment, ...request, requestedBy: by.subject, hash };
  for (;;) {
    const known = await readAdjustment(store, program, adjustment);
    if (known !== null) {
      return known.asked.hash === hash
        ? { kind: 'requested', adjustment: known }
        : { kind: 'key-reused' };
    }
    const closed = await accounts.look(program, account, closedTo);
    if (closed !== null) return closed;
    const event = { type: 'AdjustmentRequested', data };
    await store.append([
      {
        stream: adjustmentStream(program, adjustment),
        expected: 'noStream',
        events: [newEvent(adjustmentFact(program, adjustment), 0, event, metadata)],
      },
    ]);
  }
};

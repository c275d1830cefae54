import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import type { Accounts } from '@tallystick/accounts';
import type { AccountId, Clock, ProgramId } from '@tallystick/kernel';
import { closedTo, type MergedAway } from '@tallystick/ledger';
import { rulebookAt, type Catalog } from '../programs/catalog.js';
import {
  adjustmentFact,
  adjustmentStream,
  readAdjustment,
  type Adjustment,
  type AdjustmentRequested,
  type AskedChange,
} from './adjustment.js';
import { faultOf, type Fault } from './fault.js';

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
  | Fault
  | { readonly kind: 'key-reused' };

interface RequestParts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  readonly clock: Clock;
}

/** Keeps what one person asks for, once for a key. Nothing happens to the account before another person has approved it. */
export const requestAdjustment = async (
  { store, accounts, catalog, clock }: RequestParts,
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
    const at = clock();
    const published = await catalog.read(program);
    const book = published === null ? null : (rulebookAt(published, at)?.book ?? null);
    const refusal = await accounts.look(
      program,
      account,
      (state) => closedTo(state) ?? faultOf(request.change, state, at, book),
    );
    if (refusal !== null) return refusal;
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

import type { Accounts } from '@tallystick/accounts';
import type { EventMetadata, EventStore } from '@tallystick/event-store';
import type { AccountId, Clock, ProgramId } from '@tallystick/kernel';
import { closedTo, type MergedAway } from '@tallystick/ledger';
import { rulebookAt, type Catalog } from '../programs/catalog.js';
import { adjustmentStreams, type Adjustment, type AskedChange } from './adjustment.js';
import { faultOf, type Fault } from './fault.js';

export interface AdjustmentRequest {
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly change: AskedChange;
  readonly reason: string;
}

type Refusal = { readonly kind: 'unopened' } | MergedAway | Fault;

export type RequestAnswer =
  | { readonly kind: 'requested'; readonly found: Adjustment }
  | Refusal
  | { readonly kind: 'key-reused' };

interface RequestParts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  readonly clock: Clock;
}

/** Keeps what one person asks for, once for a key. Nothing happens to the account before another person has approved it. */
export const requestAdjustment = (
  { store, accounts, catalog, clock }: RequestParts,
  by: { readonly subject: string; readonly key: string },
  request: AdjustmentRequest,
  metadata: EventMetadata,
): Promise<RequestAnswer> => {
  const { program, account, change } = request;
  return adjustmentStreams.ask<Refusal>(
    store,
    { program, ...by },
    request,
    async ({ id, requestedBy, hash }) => {
      const at = clock();
      const published = await catalog.read(program);
      const book = published === null ? null : (rulebookAt(published, at)?.book ?? null);
      const refusal = await accounts.look(
        program,
        account,
        (state) => closedTo(state) ?? faultOf(change, state, at, book),
      );
      const data = { adjustment: id, ...request, requestedBy, hash };
      return refusal ?? { type: 'AdjustmentRequested', data };
    },
    metadata,
  );
};

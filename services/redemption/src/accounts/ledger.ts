import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { ledgerStream, type AccountId, type ProgramId, type StreamName } from '@tallystick/kernel';
import {
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';

/** An account folded from its stream, and where the stream ended. */
export interface Loaded {
  readonly stream: StreamName;
  /** -1: the account was never opened. */
  readonly revision: number;
  readonly state: Account;
  readonly position: bigint;
}

/**
 * Folds an account from its stream, or on from where it was folded to: `before` is used up then.
 * `watch` sees each event that is read, and the state after it: copy what it keeps.
 */
export const loadAccount = async (
  store: EventStore,
  program: ProgramId,
  account: AccountId,
  watch?: (event: LedgerEvent, recorded: RecordedEvent, after: Account) => void,
  before?: Loaded,
): Promise<Loaded> => {
  const stream = ledgerStream(program, account);
  const state = before?.state ?? emptyAccount();
  let revision = before?.revision ?? -1;
  let position = before?.position ?? 0n;
  for await (const recorded of store.readStream(stream, { from: revision + 1 })) {
    const event = decodeLedgerEvent(recorded);
    evolve(state, event);
    watch?.(event, recorded, state);
    ({ revision, position } = recorded);
  }
  return { stream, revision, state, position };
};

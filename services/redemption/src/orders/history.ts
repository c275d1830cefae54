import { readAccount } from '@tallystick/accounts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import type { AccountId, ProgramId } from '@tallystick/kernel';
import type { Account, LedgerEvent } from '@tallystick/ledger';

/**
 * Reads all that happened to an account, and then to those that it became part of. `watch` sees each event and the account after it: copy
 * what it keeps. For what an account itself does not remember.
 */
export const readHistory = async (
  store: EventStore,
  program: ProgramId,
  account: AccountId,
  watch: (event: LedgerEvent, recorded: RecordedEvent, after: Account) => void,
): Promise<void> => {
  for (let at: AccountId | null = account; at !== null;) {
    const { state }: { readonly state: Account } = await readAccount(store, program, at, watch);
    at = state.merged?.into ?? null;
  }
};

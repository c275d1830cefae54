import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { ledgerStream, type AccountId, type ProgramId, type StreamName } from '@tallystick/kernel';
import {
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import type { Held } from './account-cache.js';

/** Where the newest closed period of a stream stands, as far as is known: its revision, or null. A hint: folding may begin there. */
export type ClosedAt = (stream: StreamName) => Promise<number | null>;

/** Folds an account's events from the first on. `watch` sees each event and the account after it: copy what it keeps. */
export const readAccount = async (
  store: EventStore,
  program: ProgramId,
  account: AccountId,
  watch?: (event: LedgerEvent, recorded: RecordedEvent, after: Account) => void,
): Promise<Held> => fold(store, ledgerStream(program, account), none(), watch);

/** Reads on from where an account was folded to; `held` is used up. Without it, begins at the newest closed period that is known of. */
export const readOn = async (
  store: EventStore,
  stream: StreamName,
  held: Held | undefined,
  closedAt?: ClosedAt,
): Promise<Held> => {
  if (held !== undefined) return fold(store, stream, held);
  const closed = (await closedAt?.(stream)) ?? null;
  if (closed !== null && (await typeAt(store, stream, closed)) === 'PeriodClosed')
    return fold(store, stream, { ...none(), revision: closed - 1 });
  return fold(store, stream, none());
};

const none = (): Held => ({ state: emptyAccount(), revision: -1, position: 0n });

/** The hint is what somebody heard; what is there, the stream says. */
const typeAt = async (
  store: EventStore,
  stream: StreamName,
  revision: number,
): Promise<string | null> => {
  for await (const { type } of store.readStream(stream, { from: revision })) return type;
  return null;
};

const fold = async (
  store: EventStore,
  stream: StreamName,
  from: Held,
  watch?: (event: LedgerEvent, recorded: RecordedEvent, after: Account) => void,
): Promise<Held> => {
  const { state } = from;
  let { revision, position } = from;
  for await (const recorded of store.readStream(stream, { from: revision + 1 })) {
    const event = decodeLedgerEvent(recorded);
    evolve(state, event);
    watch?.(event, recorded, state);
    ({ revision, position } = recorded);
  }
  return { state, revision, position };
};

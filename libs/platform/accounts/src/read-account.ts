import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { ledgerStream, type AccountId, type ProgramId, type StreamName } from '@tallystick/kernel';
import {
  beginsPeriod,
  emptyAccount,
  evolve,
  LedgerReader,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import type { Held } from './account-cache.js';

/** Where the newest closed period of a stream begins, as far as is known: its first revision, or null. A hint: folding may begin there. */
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
  if (closed !== null && (await periodBeginsAt(store, stream, closed)))
    return fold(store, stream, { ...none(), revision: closed - 1 });
  return fold(store, stream, none());
};

const none = (): Held => ({ state: emptyAccount(), revision: -1, position: 0n });

/** The hint is what somebody heard; what is there, the stream says. */
const periodBeginsAt = async (
  store: EventStore,
  stream: StreamName,
  revision: number,
): Promise<boolean> => {
  for await (const recorded of store.readStream(stream, { from: revision }))
    return beginsPeriod(recorded);
  return false;
};

/**
 * The events of an account's stream, whole, each with the last of its stored events. Where a store shows an append before all of it is there,
 * an event whose head is not there yet is none yet: who goes on from the last event reads it again from its first part.
 */
export async function* readLedger(
  store: EventStore,
  stream: StreamName,
  from = 0,
): AsyncGenerator<{ readonly event: LedgerEvent; readonly recorded: RecordedEvent }> {
  const reader = new LedgerReader();
  for await (const recorded of store.readStream(stream, { from })) {
    const event = reader.read(recorded);
    if (event !== null) yield { event, recorded };
  }
}

const fold = async (
  store: EventStore,
  stream: StreamName,
  from: Held,
  watch?: (event: LedgerEvent, recorded: RecordedEvent, after: Account) => void,
): Promise<Held> => {
  const { state } = from;
  let { revision, position } = from;
  for await (const { event, recorded } of readLedger(store, stream, revision + 1)) {
    evolve(state, event);
    watch?.(event, recorded, state);
    ({ revision, position } = recorded);
  }
  return { state, revision, position };
};

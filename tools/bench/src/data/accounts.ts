import type { EventStore, NewEvent, StreamWrite } from '@tallystick/event-store';
import { factId, ledgerStream, type AccountId } from '@tallystick/kernel';
import {
  decideReceipt,
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  type Account,
} from '@tallystick/ledger';
import { lotOf, openingOf, program, saleTime } from './earn.js';
import { stored } from './events.js';

const writesPerAppend = 500;

/** What opens an account, and what brings it points under a receipt's number, if any. */
export const openingEvents = (
  account: AccountId,
  funds?: { readonly receipt: number; readonly points: number },
): NewEvent[] => {
  const at = saleTime(0);
  const opening = openingOf(account);
  const fact = factId('membership', program, account);
  const events = [stored(fact, 0, opening, at)];
  if (funds === undefined) return events;
  const receipt = lotOf(funds.receipt, funds.points);
  const decision = decideReceipt(evolve(emptyAccount(), opening), receipt, receipt.occurredAt);
  if (decision.kind !== 'applied') throw new Error('a new receipt is applied');
  for (const event of decision.events) events.push(stored(receipt.fact, 0, event, at));
  return events;
};

/** Appends streams that are not there yet. */
export const beginStreams = async (
  store: EventStore,
  streams: Iterable<{ readonly account: AccountId; readonly events: readonly NewEvent[] }>,
): Promise<void> => {
  let writes: StreamWrite[] = [];
  const flush = async (): Promise<void> => {
    if (writes.length > 0) await store.append(writes);
    writes = [];
  };
  for (const { account, events } of streams) {
    writes.push({ stream: ledgerStream(program, account), expected: 'noStream', events });
    if (writes.length === writesPerAppend) await flush();
  }
  await flush();
};

/** Every ledger account as its events say, by its stream. For checks: all are in memory. */
export const foldAll = async (store: EventStore): Promise<ReadonlyMap<string, Account>> => {
  const accounts = new Map<string, Account>();
  for await (const recorded of store.readAll({ categories: ['ledger'] })) {
    const account = accounts.get(recorded.stream) ?? emptyAccount();
    accounts.set(recorded.stream, evolve(account, decodeLedgerEvent(recorded)));
  }
  return accounts;
};

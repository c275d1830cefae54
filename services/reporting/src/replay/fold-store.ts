import { categoryOf } from '@tallystick/kernel';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import type { Connection } from '@tallystick/postgres';
import { categories, type Folders } from '../views/all.js';
import type { Applied } from '../views/apply.js';
import { inTransaction } from './on-connection.js';

const batchMax = 2_000;

export interface FoldStore {
  readonly connection: Connection;
  readonly store: EventStore;
  readonly folders: Folders;
  readonly signal: AbortSignal;
  /** Called with the number of events of each batch. */
  readonly folded: (events: number) => void;
}

export interface Folded {
  /** The last event's position, or where the fold began when there was none. */
  readonly position: bigint;
  readonly events: number;
}

/**
 * Folds the store from a position to its present end, batch by batch, in bounded memory. `transactions: 'own'` commits
 * each batch; `'callers'` leaves that to the transaction that the connection is in.
 * Throws on an event that cannot be folded, and names it.
 */
export const foldStore = async (
  of: FoldStore,
  after: bigint,
  transactions: 'own' | 'callers',
): Promise<Folded> => {
  let position = after;
  let events = 0;
  const flush = async (batch: readonly RecordedEvent[]): Promise<void> => {
    of.signal.throwIfAborted();
    const work = () => applyAll(of, batch);
    const applied =
      transactions === 'callers' ? await work() : await inTransaction(of.connection, 'begin', work);
    for (const one of applied) one.keep();
    position = batch.at(-1)?.position ?? position;
    events += batch.length;
    of.folded(batch.length);
  };

  let batch: RecordedEvent[] = [];
  for await (const event of of.store.readAll({ after, categories })) {
    batch.push(event);
    if (batch.length < batchMax) continue;
    await flush(batch);
    batch = [];
  }
  if (batch.length > 0) await flush(batch);
  return { position, events };
};

const applyAll = async (
  { connection, folders }: FoldStore,
  batch: readonly RecordedEvent[],
): Promise<readonly Applied[]> => {
  // A crash throws the shadow away anyway. What takes its place in the end is durable by the commit that puts it there.
  await connection.query('set local synchronous_commit = off');
  const applied: Applied[] = [];
  for (const folder of Object.values(folders)) {
    const events = batch.filter((event) => categoryOf(event.stream) === folder.category);
    if (events.length === 0) continue;
    const one = await folder.apply(connection, events);
    for (const standing of one.standings) {
      if (standing.kind === 'blocked') throw new Error(standing.reason);
    }
    applied.push(one);
  }
  return applied;
};

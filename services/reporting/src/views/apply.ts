import type { StreamName } from '@tallystick/kernel';
import type { Queryable } from '@tallystick/postgres';
import { readPast, type PastReader } from './past.js';
import type { Projection, StreamEvent } from './projection.js';
import type { States } from './states.js';
import { tableOf, type Side } from './view.js';
import { Changes, writeHeads, writeView } from './write.js';

/** What became of one event of a batch. */
export type Standing =
  | { readonly kind: 'applied' }
  /** The views have it already: it was delivered again. */
  | { readonly kind: 'known' }
  /** It cannot be folded: an event before it is missing, or it makes no sense to this release. A bug, not a delay. */
  | { readonly kind: 'blocked'; readonly reason: string };

export interface Applied {
  /** In the order of the events given. */
  readonly standings: readonly Standing[];
  /** To be called when the transaction has committed: the folded states may be used for the next batch. */
  readonly keep: () => void;
}

/** Two of ours folded one stream at once, as happens while partitions change hands: the batch is to be done again. */
export class FoldedElsewhere extends Error {
  constructor(category: string) {
    super(`another process has folded the same ${category} streams meanwhile`);
    this.name = 'FoldedElsewhere';
  }
}

export interface Fold<State> {
  readonly projection: Projection<State>;
  readonly side: Side;
  readonly states: States<State>;
  readonly store: PastReader;
}

const known: Standing = { kind: 'known' };
const applied: Standing = { kind: 'applied' };

/** A stream whose next events are in the batch. */
interface Pending<State> {
  /** The revision that its rows are at; -1 when there are none. */
  readonly from: number;
  revision: number;
  state: State | null;
  /** Whether the state is good for any event, not just for these. */
  whole: boolean;
  /** Why nothing more of it can be folded. */
  blocked: string | null;
  readonly events: { readonly index: number; readonly event: StreamEvent }[];
}

/**
 * Folds a batch into the views of a projection, in the caller's transaction: an event at revision r only onto rows at
 * r - 1. Streams are independent of each other: one that is blocked holds up only itself.
 * Throws `FoldedElsewhere`, and whatever the database throws; then nothing of it may be committed.
 */
export const apply = async <State>(
  tx: Queryable,
  { projection, side, states, store }: Fold<State>,
  events: readonly StreamEvent[],
): Promise<Applied> => {
  const heads = await headsOf(tx, tableOf(side, projection.head), events);
  const standings: Standing[] = events.map(() => known);
  const pending = sortOut<State>(heads, events, standings);
  await findStates(tx, { projection, side, states, store }, pending);

  const changes = new Changes();
  for (const stream of pending.values()) foldStream(projection, stream, changes, standings);

  const headChanges = changes.of(projection.head);
  if (headChanges.length > 0) {
    const written = await writeHeads(tx, side, projection.head, headChanges);
    if (written !== headChanges.length) throw new FoldedElsewhere(projection.category);
    for (const view of projection.views) {
      if (view !== projection.head) await writeView(tx, side, view, changes.of(view));
    }
  }
  return {
    standings,
    keep: () => {
      for (const [name, { from, revision, state, whole, blocked }] of pending) {
        // After an event that could not be folded the state may be half of it.
        if (state !== null && whole && blocked === null && revision > from)
          states.put(name, revision, state);
      }
    },
  };
};

const headsOf = async (
  tx: Queryable,
  table: string,
  events: readonly StreamEvent[],
): Promise<ReadonlyMap<string, number>> => {
  const streams = [...new Set(events.map((event) => event.stream))].sort();
  // The lock, in one order for all, keeps two processes apart that were handed the same stream.
  const { rows } = await tx.query<{ stream: string; revision: number }>(
    `select stream, revision from ${table} where stream = any($1) order by stream for update`,
    [streams],
  );
  return new Map(rows.map(({ stream, revision }) => [stream, revision]));
};

const sortOut = <State>(
  heads: ReadonlyMap<string, number>,
  events: readonly StreamEvent[],
  standings: Standing[],
): Map<StreamName, Pending<State>> => {
  const pending = new Map<StreamName, Pending<State>>();
  events.forEach((event, index) => {
    let stream = pending.get(event.stream);
    if (stream === undefined) {
      const from = heads.get(event.stream) ?? -1;
      stream = { from, revision: from, state: null, whole: true, blocked: null, events: [] };
      pending.set(event.stream, stream);
    }
    const next = stream.from + stream.events.length + 1;
    if (event.revision < next) return;
    if (event.revision === next && stream.blocked === null) {
      stream.events.push({ index, event });
      return;
    }
    stream.blocked ??= `${event.stream}: revision ${event.revision} came, but the views are at ${next - 1}`;
    standings[index] = { kind: 'blocked', reason: stream.blocked };
  });
  return pending;
};

/**
 * Begins new streams, takes known ones from memory, others out of their rows where these are enough, and folds the rest again from the
 * store up to where their rows are.
 */
const findStates = async <State>(
  tx: Queryable,
  { projection, side, states, store }: Fold<State>,
  pending: ReadonlyMap<StreamName, Pending<State>>,
): Promise<void> => {
  const missing = new Map<StreamName, Pending<State>>();
  for (const [name, stream] of pending) {
    if (stream.events.length === 0) continue;
    stream.state =
      stream.from === -1 ? projection.begin(name) : (states.take(name, stream.from) ?? null);
    if (stream.state === null) missing.set(name, stream);
  }
  if (projection.resume !== undefined && missing.size > 0) {
    const wanted = [...missing].map(
      ([name, { events }]) => [name, events.map(({ event }) => event)] as const,
    );
    for (const [name, state] of await projection.resume(tx, side, new Map(wanted))) {
      const stream = missing.get(name);
      if (stream === undefined) continue;
      Object.assign(stream, { state, whole: false });
      missing.delete(name);
    }
  }

  const found = new Map<StreamName, { readonly state: State; events: number }>();
  const wanted = [...missing].map(([stream, { from }]) => ({ stream, upTo: from }));
  for await (const { stream: name, events } of readPast(store, wanted)) {
    const stream = missing.get(name);
    if (stream === undefined || stream.blocked !== null) continue;
    const past = found.get(name) ?? { state: projection.begin(name), events: 0 };
    found.set(name, past);
    try {
      for (const event of events) projection.fold(past.state, event);
      past.events += events.length;
    } catch (error) {
      stream.blocked = `${name}: its events up to revision ${stream.from} cannot be folded: ${messageOf(error)}`;
    }
  }
  for (const [name, stream] of missing) {
    const { state = null, events = 0 } = found.get(name) ?? {};
    if (events === stream.from + 1) stream.state = state;
    else {
      stream.blocked ??= `${name}: the views are at revision ${stream.from}, but the store has ${events} events`;
    }
  }
};

const foldStream = <State>(
  projection: Projection<State>,
  stream: Pending<State>,
  changes: Changes,
  standings: Standing[],
): void => {
  let broken = stream.state === null ? stream.blocked : null;
  for (const { index, event } of stream.events) {
    if (broken === null && stream.state !== null) {
      try {
        changes.add(projection.fold(stream.state, event));
        stream.revision = event.revision;
        standings[index] = applied;
        continue;
      } catch (error) {
        broken = `${event.stream}: revision ${event.revision} cannot be folded: ${messageOf(error)}`;
        stream.blocked = broken;
      }
    }
    standings[index] = { kind: 'blocked', reason: broken ?? 'its state is not known' };
  }
};

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

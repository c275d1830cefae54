import { digestStreams, type EventStore, type StoreDigest } from '@tallystick/event-store';
import { createPool, type Database } from '@tallystick/postgres';
import { openEventStore, type EventStorePlace } from '../../system/event-store-place.js';

/** Where a system keeps what it knows. */
export interface Kept {
  /** As PostgreSQL's superuser. */
  readonly databaseUrl: string;
  /** In PostgreSQL, unless it is said otherwise. */
  readonly eventStore?: EventStorePlace;
}

/** The event store of a system, read beside its services; a text is its database's URL. */
export const withStore = async <T>(
  kept: string | Kept,
  work: (store: EventStore, db: Database) => Promise<T>,
): Promise<T> => {
  const { databaseUrl, eventStore = { kind: 'postgres' } }: Kept =
    typeof kept === 'string' ? { databaseUrl: kept } : kept;
  const db = createPool(databaseUrl, { max: 4, applicationName: 'tallystick e2e' });
  const store = await openEventStore(eventStore, databaseUrl);
  try {
    return await work(store, db);
  } finally {
    await store.close();
    await db.end();
  }
};

/** Over all streams of all categories. */
export const digestOf = (databaseUrl: string): Promise<StoreDigest> =>
  withStore(databaseUrl, (store) => digestStreams(store));

/** The streams that are not the same in both, for a message that says more than two hashes. */
export const differingStreams = (a: StoreDigest, b: StoreDigest): string[] =>
  [...new Set([...a.streams.keys(), ...b.streams.keys()])].filter(
    (stream) => a.streams.get(stream) !== b.streams.get(stream),
  );

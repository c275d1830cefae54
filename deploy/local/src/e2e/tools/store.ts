import {
  createPostgresEventStore,
  digestStreams,
  type EventStore,
  type StoreDigest,
} from '@tallystick/event-store';
import { createPool, type Database } from '@tallystick/postgres';

/** The event store of a system, read beside its services. */
export const withStore = async <T>(
  databaseUrl: string,
  work: (store: EventStore, db: Database) => Promise<T>,
): Promise<T> => {
  const db = createPool(databaseUrl, { max: 4, applicationName: 'tallystick e2e' });
  const store = createPostgresEventStore({ db });
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

import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';

/** Where the events are: in the system's own PostgreSQL, or in an EventStoreDB that runs beside it. */
export interface EventStorePlace {
  /** As TALLYSTICK_EVENT_STORE, checked by the services. */
  readonly kind: string;
  /** As TALLYSTICK_EVENTSTORE_URL. */
  readonly url?: string | undefined;
}

/** What the environment of `npm start` says. */
export const eventStorePlaceOf = (env: NodeJS.ProcessEnv): EventStorePlace => ({
  kind: env['TALLYSTICK_EVENT_STORE'] ?? 'postgres',
  url: env['TALLYSTICK_EVENTSTORE_URL'],
});

/** A further client of the store that the services use. */
export const openEventStore = async (
  { kind, url = '' }: EventStorePlace,
  databaseUrl: string,
): Promise<EventStore> => {
  if (kind !== 'eventstoredb') return createPostgresEventStore({ db: databaseUrl });
  const { createEventStoreDbEventStore } = await import('@tallystick/event-store/eventstoredb');
  return createEventStoreDbEventStore({ url });
};

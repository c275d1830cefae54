import { startDoubleProcess, startRealEventStoreDb } from '@tallystick/testing/eventstoredb';
import type { EventStorePlace } from '../../system/event-store-place.js';

export interface StartedEventStore {
  readonly place: EventStorePlace;
  stop(): Promise<void>;
}

/** What TALLYSTICK_EVENT_STORE says the end-to-end suite is to run on; PostgreSQL without it. */
export const eventStoreOfRun = process.env['TALLYSTICK_EVENT_STORE'] ?? 'postgres';

/**
 * For `eventstoredb`: the server that EVENTSTORE_URL names, one in a container where Docker is, or else a double of EventStoreDB
 * in a process of its own, whose log is in the folder. A server that is named has to be empty.
 */
export const startEventStore = async (kind: string, folder: string): Promise<StartedEventStore> => {
  if (kind !== 'eventstoredb') return { place: { kind }, stop: async () => undefined };
  const server = await startRealEventStoreDb();
  if (server !== undefined) {
    return { place: { kind, url: server.url }, stop: () => server.stop() };
  }
  const double = await startDoubleProcess({ folder });
  return { place: { kind, url: double.url }, stop: () => double.stop() };
};

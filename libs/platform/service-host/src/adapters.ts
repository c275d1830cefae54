import type { ServiceName } from '@tallystick/contracts';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { busSchema, createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import { provision, type Access } from '@tallystick/postgres';
import type { BusKind, EventStoreKind, Settings } from './config.js';
import type { Log } from './log.js';
import type { Opened } from './opened.js';

/** One function per event store that TALLYSTICK_EVENT_STORE can name. */
const eventStores: Readonly<Record<EventStoreKind, (settings: Settings, log: Log) => EventStore>> =
  {
    postgres: ({ databaseUrl }) => createPostgresEventStore({ db: databaseUrl }),
  };

/** One function per message bus that TALLYSTICK_BUS can name. */
const messageBuses: Readonly<Record<BusKind, (settings: Settings, log: Log) => MessageBus>> = {
  postgres: ({ databaseUrl, config }, log) =>
    createPostgresMessageBus({
      url: databaseUrl,
      applicationName: `tallystick ${config.service} bus`,
      log,
    }),
};

export interface Adapters {
  readonly store: EventStore;
  readonly bus: MessageBus;
  /** Up to where the relay has published the store's events on the bus. */
  relayedPosition(): Promise<bigint>;
}

/** Opens what the settings name. */
export const openAdapters = (settings: Settings, log: Log, opened: Opened): Adapters => {
  const { config } = settings;
  const store = opened.add(eventStores[config.eventStore](settings, log), (one) => one.close());
  const bus = opened.add(messageBuses[config.bus](settings, log), (one) => one.close());
  return { store, bus, relayedPosition: () => Promise.resolve(0n) };
};

/** Who may less than write in the shared schemas. */
const lesserAccess: Readonly<Partial<Record<ServiceName, Readonly<Record<string, Access>>>>> = {
  reporting: { [eventStoreSchema.schema]: 'read' },
};

/**
 * Makes the shared schemas, and a service's role and schema, as an administrator: role and password are those of the
 * URL that the service will connect with.
 */
export const provisionDatabase = async (
  adminUrl: string,
  service: ServiceName,
  serviceUrl: string,
): Promise<void> => {
  const { username, password } = new URL(serviceUrl);
  const access = lesserAccess[service];
  await provision(
    adminUrl,
    [
      {
        role: decodeURIComponent(username),
        schema: service,
        password: decodeURIComponent(password),
        ...(access === undefined ? {} : { access }),
      },
    ],
    [eventStoreSchema, busSchema],
  );
};

/** Follows the store and publishes its events, in the one service that does. */
export const runRelay = (
  _settings: Settings,
  _adapters: Adapters,
  _log: Log,
  _opened: Opened,
): Promise<void> => Promise.resolve();

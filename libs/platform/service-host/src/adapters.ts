import type { ServiceName } from '@tallystick/contracts';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import {
  busSchema,
  createKafkaMessageBus,
  createPostgresMessageBus,
  type MessageBus,
} from '@tallystick/message-bus';
import { provision, type ServiceRole } from '@tallystick/postgres';
import type { Telemetry } from '@tallystick/telemetry';
import { relayName, relaySchema, startRelay, type Relay } from '@tallystick/relay';
import type { BusKind, EventStoreKind, Settings } from './config.js';
import { busLogOf, type Log } from './log.js';
import type { Opened } from './opened.js';
import type { ServiceDefinition } from './service.js';
import { tracedStore } from './telemetry/traced-store.js';

/** One function per event store that TALLYSTICK_EVENT_STORE can name. */
const eventStores: Readonly<Record<EventStoreKind, (settings: Settings) => Promise<EventStore>>> = {
  postgres: async ({ databaseUrl }) => createPostgresEventStore({ db: databaseUrl }),
  eventstoredb: async ({ eventStoreUrl = '' }) => {
    // Its client is large, and of no use elsewhere.
    const { createEventStoreDbEventStore } = await import('@tallystick/event-store/eventstoredb');
    return createEventStoreDbEventStore({ url: eventStoreUrl });
  },
};

/** One function per message bus that TALLYSTICK_BUS can name. */
const messageBuses: Readonly<Record<BusKind, (settings: Settings, log: Log) => MessageBus>> = {
  postgres: ({ databaseUrl, config }, log) =>
    createPostgresMessageBus({
      url: databaseUrl,
      applicationName: `tallystick ${config.service} bus`,
      log: busLogOf(log),
    }),
  kafka: ({ kafka, config }, log) => {
    if (kafka === undefined) throw new Error('the settings name no Kafka');
    return createKafkaMessageBus({
      ...kafka,
      clientId: `tallystick-${config.service}`,
      log: busLogOf(log),
    });
  },
};

/** A bus that has not been used before gets everything from the beginning: each has a relay of its own. */
export const relayNameOf = ({ config, kafka }: Settings): string =>
  config.bus === 'postgres' ? relayName : `kafka ${kafka?.prefix ?? ''}`.trim();

/** What telemetry calls them, by OpenTelemetry's conventions where these name them. */
const storeSystems: Readonly<Record<EventStoreKind, string>> = {
  postgres: 'postgresql',
  eventstoredb: 'eventstoredb',
};
export const busSystems: Readonly<Record<BusKind, string>> = {
  postgres: 'postgresql',
  kafka: 'kafka',
};

export interface Adapters {
  readonly store: EventStore;
  readonly bus: MessageBus;
}

/** Opens what the settings name. */
export const openAdapters = async (
  settings: Settings,
  log: Log,
  opened: Opened,
  telemetry: Telemetry | null,
): Promise<Adapters> => {
  const { config } = settings;
  const plain = opened.add(await eventStores[config.eventStore](settings), (one) => one.close());
  const store =
    telemetry === null ? plain : tracedStore(plain, storeSystems[config.eventStore], telemetry);
  const bus = opened.add(messageBuses[config.bus](settings, log), (one) => one.close());
  return { store, bus };
};

/** Who only reads the events. */
const readsEventsOnly: ReadonlySet<ServiceName> = new Set(['reporting']);

/**
 * Makes the shared schemas, and a service's role and schema, as an administrator: role and password are those of the
 * URL that the service will connect with.
 */
export const provisionDatabase = async (
  adminUrl: string,
  serviceUrl: string,
  { name, relay = false }: ServiceDefinition,
  log: Log,
): Promise<void> => {
  const { username, password } = new URL(serviceUrl);
  const service: ServiceRole = {
    role: decodeURIComponent(username),
    schema: name,
    password: decodeURIComponent(password),
    access: {
      [eventStoreSchema.schema]: readsEventsOnly.has(name) ? 'read' : 'write',
      [busSchema.schema]: 'write',
      [relaySchema.schema]: relay ? 'write' : 'read',
    },
  };
  await provision(adminUrl, [service], [eventStoreSchema, busSchema, relaySchema], {
    say: (line) => log.info(line),
  });
};

/** Follows the store and publishes its events, in the one service that does. */
export const runRelay = (
  settings: Settings,
  { store, bus }: Adapters,
  log: Log,
  opened: Opened,
  telemetry: Telemetry | null,
): Relay =>
  opened.add(
    startRelay({
      ...{ store, bus, url: settings.databaseUrl, name: relayNameOf(settings), log },
      ...(telemetry === null
        ? {}
        : { sending: { telemetry, system: busSystems[settings.config.bus] } }),
    }),
    (one) => one.close(),
  );

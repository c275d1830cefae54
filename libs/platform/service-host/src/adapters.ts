import type { ServiceName } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { busSchema, createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import { provision } from '@tallystick/postgres';
import type { BusKind, EventStoreKind, Settings } from './config.js';
import type { Log } from './log.js';
import type { Opened } from './opened.js';

export interface Adapters {
  readonly store: EventStore;
  readonly bus: MessageBus;
  relayedPosition(): Promise<bigint>;
}

/** One function per event store that can be chosen by TALLYSTICK_EVENT_STORE. */
const eventStores: Readonly<Record<EventStoreKind, (settings: Settings, log: Log) => EventStore>> =
  {
    postgres: (_settings, log) => {
      throw new Error(log.level);
    },
  };

/** One function per message bus that can be chosen by TALLYSTICK_BUS. */
const messageBuses: Readonly<Record<BusKind, (settings: Settings, log: Log) => MessageBus>> = {
  postgres: ({ databaseUrl, config }, log) =>
    createPostgresMessageBus({
      url: databaseUrl,
      applicationName: `tallystick ${config.service} bus`,
      log,
    }),
};

export const openAdapters = (settings: Settings, log: Log, opened: Opened): Adapters => {
  const store = opened.add(eventStores[settings.config.eventStore](settings, log), (one) =>
    one.close(),
  );
  const bus = opened.add(messageBuses[settings.config.bus](settings, log), (one) => one.close());
  return { store, bus, relayedPosition: async () => 0n };
};

export const provisionDatabase = async (
  adminUrl: string,
  service: ServiceName,
  url: string,
): Promise<void> => {
  await provision(
    adminUrl,
    [{ role: new URL(url).username, schema: service, password: '' }],
    [busSchema],
  );
};

export const runRelay = async (
  _s: Settings,
  _a: Adapters,
  _l: Log,
  _o: Opened,
): Promise<void> => {};

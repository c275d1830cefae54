import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import { createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import { createPool, type Database } from '@tallystick/postgres';
import { createLog, startService, type ServiceDefinition } from '@tallystick/service-host';
import { callerOf, type Caller } from './call.js';
import type { Deployment } from './deployment.js';

/** A service under test: its own process's worth of application, and the test's own eyes on database, store and bus. */
export interface TestService {
  readonly name: string;
  readonly url: string;
  readonly db: Database;
  readonly store: EventStore;
  readonly bus: MessageBus;
  /** Everything that it has logged, at level trace. */
  readonly logs: () => string;
  readonly call: Caller;
  /** Waits until the relay has published what the store holds, and the service has heard what is for it. */
  readonly caughtUp: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface TestStart {
  readonly clock?: Clock;
  /** Besides, or instead of, the deployment's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it runs the relay too, whatever its definition says; default: it does. Of several that do, one publishes and the others stand by. */
  readonly relay?: boolean;
}

const ownUrl = (adminUrl: string, service: string): string => {
  const url = new URL(adminUrl);
  url.username = `tallystick_${service}`;
  url.password = 'a-password-for-tests';
  return url.href;
};

/**
 * How a service is started in its tests, as often as they like on one deployment. `nothingThere` is the path of a read
 * by a manager that answers 404: to wait with, for a service answers when it has caught up.
 */
export const testStarter =
  (definition: ServiceDefinition, nothingThere: string) =>
  async (
    deployment: Deployment,
    { clock, env, relay = true }: TestStart = {},
  ): Promise<TestService> => {
    const { adminUrl, issuer } = deployment;
    const { name } = definition;
    const lines: string[] = [];
    const service = await startService(
      { ...definition, relay },
      { ...deployment.env, TALLYSTICK_DATABASE_URL: ownUrl(adminUrl, name), ...env },
      {
        log: createLog(name, 'trace', { write: (line: string) => void lines.push(line) }),
        ...(clock === undefined ? {} : { clock }),
      },
    );
    const { url } = service;
    if (url === undefined) throw new Error('the service does not listen');
    const db = createPool(adminUrl, { max: 4, searchPath: name });
    const store = createPostgresEventStore({ db: adminUrl });
    const bus = createPostgresMessageBus({ url: adminUrl });
    const call = callerOf(url, issuer);

    return {
      name,
      url,
      db,
      store,
      bus,
      logs: () => lines.join(''),
      call,
      caughtUp: async () => {
        const after = (await store.head()).toString();
        const headers = { 'tallystick-after': after };
        const { status } = await call('GET', nothingThere, { headers });
        if (status !== 404) throw new Error(`waiting for the relay was answered ${status}`);
      },
      close: async () => {
        await service.close();
        await db.end();
        await store.close();
        await bus.close();
      },
    };
  };

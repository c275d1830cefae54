import { randomUUID } from 'node:crypto';
import { localPort, type ServiceName } from '@tallystick/contracts';
import { DataInUse, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import type { EventStore } from '@tallystick/event-store';
import {
  createKafkaMessageBus,
  createPostgresMessageBus,
  type MessageBus,
} from '@tallystick/message-bus';
import { localIssuer, type TokenClaims } from '@tallystick/service-host';
import { dataFolder, ensureDataFolder, type DataFolder } from '../data/folder.js';
import { keysOf } from '../data/keys.js';
import { AlreadyRunning, announce, lastRunning, withdraw } from '../data/running.js';
import { listenAtFrontDoor } from '../front-door/front-door.js';
import { PortInUse } from '../front-door/port-in-use.js';
import { openEventStore, type EventStorePlace } from './event-store-place.js';
import { servicesInFiveProcesses } from './in-five-processes.js';
import { servicesInOneProcess } from './in-one-process.js';
import { keepPostgres } from './keep-postgres.js';
import { serviceEnv, type LocalKafka } from './service-env.js';
import { servicePortsAfter } from './service-ports.js';
import { definitions, perService } from './services.js';

export interface LocalSystemOptions {
  /** Made if missing, kept between runs. */
  readonly dataDir: string;
  /** Of the front door, on 127.0.0.1; default 7400. 0: any free one. */
  readonly port?: number;
  /** Where the five services run: with us (default), or each in a process of its own, on the five ports after the front door's. */
  readonly processes?: 1 | 5;
  /** The bus; default: PostgreSQL. */
  readonly kafka?: LocalKafka;
  /** Where the events are kept; default: in the system's PostgreSQL. */
  readonly eventStore?: EventStorePlace;
  /** Between two looks of accrual for points and holds that have lapsed; 0: never. Default: accrual's own. */
  readonly clockEverySeconds?: number | undefined;
  /** Variables that say where the services' telemetry goes (`TALLYSTICK_OTLP_ENDPOINT`, `OTEL_…`). Default: nowhere. */
  readonly telemetry?: Readonly<Record<string, string>>;
  /** Of the services, which log JSON lines to stderr; default `warn`. */
  readonly logLevel?: string;
  /** One line for people about what is being done. Default: says nothing. */
  readonly log?: (message: string) => void;
  /** Gives the start up: everything that was started is stopped, then it throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Everything of Tallystick on this machine: PostgreSQL, the five services, one address in front of them. */
export interface LocalSystem {
  /** The front door. */
  readonly url: string;
  /** Where to reach each service: the front door in one process, its own address in five. */
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly folder: DataFolder;
  readonly instance: string;
  /** A bearer token that this system's services accept. */
  tokenFor(claims: TokenClaims): Promise<string>;
  readonly postgres: {
    /** As the superuser. Stays the same over restarts. */
    readonly url: string;
    /** Another one after a restart. */
    readonly pid: number;
  };
  /** The bus that the services use, as whoever else is on it. To be closed by the caller. */
  openBus(applicationName: string): MessageBus;
  /** A client of the event store beside the services'; whoever asks closes it. */
  openEventStore(): Promise<EventStore>;
  /** The services that are processes of their own; none in one process. */
  pids(): Partial<Record<ServiceName, number>>;
  /** Lets what is in hand end, then stops everything in order. May be called more than once. */
  stop(): Promise<void>;
  /** Ends PostgreSQL and the services' processes as a power cut would, in the middle of whatever they do. What is left in our own process is then cleared away. */
  kill(): Promise<void>;
}

/** What accrual shows enrollment: for as long as a system may run without a start. */
const accrualClaims: TokenClaims = { sub: 'accrual', roles: ['service'], programs: ['*'] };
const accrualTokenSeconds = 10 * 366 * 86_400;

/** Requests in hand get this long when the system stops. */
const lastAnswersMs = 5_000;

/**
 * Starts it all, or nothing. Throws a `CannotStart` whose message says what to do: a system that runs on this data,
 * a port that is taken, a folder that cannot be written.
 */
export const startLocalSystem = async (options: LocalSystemOptions): Promise<LocalSystem> => {
  const { port = localPort, processes = 1, logLevel = 'warn', log = () => {}, signal } = options;
  const { eventStore = { kind: 'postgres' }, clockEverySeconds, kafka, telemetry } = options;
  const folder = dataFolder(options.dataDir);
  const instance = randomUUID();
  const undo: (() => Promise<void>)[] = [];
  /** What was started last is stopped first; a failure to stop one does not keep the others running. */
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const step of undo.splice(0).reverse()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  };

  try {
    signal?.throwIfAborted();
    await ensureDataFolder(folder);
    const door = await listenAtFrontDoor(port, instance).catch(async (error: unknown) => {
      const running = await lastRunning(folder);
      const same =
        error instanceof PortInUse && error.pid !== undefined && error.pid === running?.pid;
      throw same ? new AlreadyRunning(folder, running.pid, running) : error;
    });
    undo.push(() => door.close(lastAnswersMs));
    const ports = processes === 5 && port !== 0 ? await servicePortsAfter(port) : null;
    signal?.throwIfAborted();

    const keys = await keysOf(folder);
    const issuer = await localIssuer(keys.signingKey, keys);
    const postgres = await startEmbeddedPostgres({ dataDir: folder.postgres, log }).catch(
      async (error: unknown) => {
        if (!(error instanceof DataInUse)) throw error;
        throw new AlreadyRunning(folder, error.pid, await lastRunning(folder));
      },
    );
    const kept = keepPostgres(postgres, log);
    undo.push(() => kept.stop());
    signal?.throwIfAborted();

    const token = await issuer.token(accrualClaims, { lifetimeSeconds: accrualTokenSeconds });
    const env = (service: ServiceName) =>
      serviceEnv(service, {
        asking: { url: door.url, token },
        ...{ adminUrl: postgres.url, keys, issuer, logLevel, eventStore, kafka, telemetry },
        ...(clockEverySeconds === undefined ? {} : { clockEverySeconds }),
      });
    const services =
      processes === 1
        ? await servicesInOneProcess(env, log)
        : await servicesInFiveProcesses(env, { ports, log });
    undo.push(() => services.close());
    signal?.throwIfAborted();

    await announce(folder, {
      pid: process.pid,
      url: door.url,
      startedAt: new Date().toISOString(),
      instance,
    });
    undo.push(() => withdraw(folder, instance));
    undo.push(async () => door.shut());
    door.open({
      handlers: services.handlers,
      summaries: perService((service) => definitions[service].summary),
    });

    let stopped: Promise<void> | undefined;
    return {
      url: door.url,
      urls: services.urls ?? perService(() => door.url),
      folder,
      instance,
      tokenFor: (claims) => issuer.token(claims),
      postgres: {
        url: postgres.url,
        get pid() {
          return postgres.pid;
        },
      },
      openBus: (applicationName) =>
        kafka === undefined
          ? createPostgresMessageBus({ url: postgres.url, applicationName })
          : createKafkaMessageBus({ ...kafka, clientId: applicationName }),
      openEventStore: () => openEventStore(eventStore, postgres.url),
      pids: () => services.pids(),
      stop: () => (stopped ??= stopAll()),
      kill: async () => {
        services.kill();
        await kept.kill();
        await (stopped ??= stopAll());
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
};

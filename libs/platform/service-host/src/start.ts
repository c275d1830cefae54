import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ValueProvider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { topics, type ServiceName } from '@tallystick/contracts';
import { systemClock } from '@tallystick/kernel';
import type { MessageBus } from '@tallystick/message-bus';
import { relayPosition, type Relay } from '@tallystick/relay';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import type { Telemetry } from '@tallystick/telemetry';
import { requireAccessRules } from './access-check.js';
import { busSystems, openAdapters, provisionDatabase, relayNameOf, runRelay } from './adapters.js';
import { createVerifier } from './auth/verifier.js';
import { BusServer } from './bus/bus-server.js';
import {
  DEAD_LETTERS,
  deadLettersController,
  type OwnDeadLetters,
} from './bus/dead-letters.controller.js';
import { deadLettersOf } from './bus/dead-letters.js';
import { isAway } from './bus/relayed.js';
import { createOtherServices } from './calling/other-services.js';
import { createCardTokens } from './card-tokens.js';
import { ConfigError, readSettings, type Environment, type Settings } from './config.js';
import { rootModule } from './host-module.js';
import { healthPath, readyWithin, serveHealth, type HealthSource } from './http/health.js';
import { trackRequests, type InHand } from './http/in-hand.js';
import { drainTimeoutMs } from './http/limits.js';
import { docsPath, openApiPath, serveApiPages } from './http/openapi.js';
import { createPositionWait, type PositionsOf, type PositionWait } from './http/position-wait.js';
import { ProblemFilter } from './http/problems.js';
import type { RouteTable } from './http/route-table.js';
import { createAdapter, equip } from './http/server.js';
import { ValidationPipe } from './http/validation.js';
import { createLog, NestLog, type Log } from './log.js';
import { Opened } from './opened.js';
import type { RunningService, ServiceDefinition, StartOptions } from './service.js';
import { observeService } from './telemetry/observe-service.js';
import { openTelemetry } from './telemetry/open-telemetry.js';
import { requestTelemetry } from './telemetry/requests.js';
import * as tokens from './tokens.js';

/** How long a start waits for a database or a bus that is not there yet: in a cluster, everything starts at once. */
const partsWaitMs = 30_000;
const partsAskEveryMs = 500;
const poolConnectionsMax = 8;

/**
 * Starts a service. Rejects with `ConfigError`, whose message names each wrong variable and what it should be, with
 * `AccessRuleMissing`, or with whatever kept it from starting; nothing stays open then.
 */
export const startService = async (
  definition: ServiceDefinition,
  environment: Environment,
  options: StartOptions = {},
): Promise<RunningService> => {
  const settings = readSettings(definition, environment);
  const { name } = definition;
  const log = options.log?.child({ service: name }) ?? createLog(name, settings.config.logLevel);
  const opened = new Opened();
  try {
    return await start(definition, settings, options, log, opened);
  } catch (error) {
    await opened.close().catch((closing: unknown) => log.warn({ err: closing }, 'closing failed'));
    throw error;
  }
};

const start = async (
  definition: ServiceDefinition,
  settings: Settings,
  options: StartOptions,
  log: Log,
  opened: Opened,
): Promise<RunningService> => {
  const { name } = definition;
  const { config } = settings;
  const listens = options.listen ?? true;

  const verifier = await createVerifier({
    jwks: settings.jwks,
    issuer: config.authIssuer,
    audience: config.authAudience,
  });
  const telemetry = await telemetryFor(settings, log, opened);
  const db = await openDatabase(definition, settings, log, opened);
  const adapters = await openAdapters(settings, log, opened, telemetry);
  let relay: Relay | undefined;
  const clock = options.clock ?? systemClock;

  const inHand = trackRequests();
  const routes: RouteTable = new Map();
  const busServer = new BusServer(
    adapters.bus,
    name,
    log,
    telemetry && { telemetry, system: busSystems[config.bus], group: name },
  );
  const openPaths = [healthPath(name), docsPath(name), openApiPath(name)];
  const positionsOf = positionWaits(db, adapters.bus, relayNameOf(settings));
  const positions = positionsOf(name, () => busServer.topicNames);
  const others: PositionsOf = (service, heard) => positionsOf(service, () => heard);

  const adapter = createAdapter();
  equip(adapter.getInstance(), {
    log,
    verifier,
    positions,
    inHand,
    routes,
    openPaths,
    requests: telemetry && requestTelemetry(telemetry, openPaths),
  });
  const offered: ValueProvider[] = [
    { provide: tokens.EVENT_STORE, useValue: adapters.store },
    { provide: tokens.MESSAGE_BUS, useValue: adapters.bus },
    { provide: tokens.DATABASE, useValue: db },
    { provide: tokens.CLOCK, useValue: clock },
    { provide: tokens.CONFIG, useValue: { ...config, ...settings.own } },
    { provide: tokens.LOG, useValue: log },
    { provide: tokens.POSITIONS, useValue: positions },
    { provide: tokens.POSITIONS_OF, useValue: others },
    { provide: tokens.TELEMETRY, useValue: telemetry },
    {
      provide: tokens.OTHER_SERVICES,
      useValue: createOtherServices(settings.calling, config.authAudience),
    },
    { provide: DEAD_LETTERS, useValue: ownDeadLetters(adapters.bus, name, busServer, log) },
  ];
  if (settings.cardTokenKey !== undefined) {
    offered.push({
      provide: tokens.CARD_TOKENS,
      useValue: createCardTokens(settings.cardTokenKey),
    });
  }
  if (settings.masterKeys !== undefined) {
    offered.push({ provide: tokens.MASTER_KEYS, useValue: settings.masterKeys });
  }
  const app = opened.add(
    await NestFactory.create<NestFastifyApplication>(
      rootModule(definition.module, offered, [deadLettersController(name)]),
      adapter,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and documents them as a literal
      { logger: new NestLog(log), abortOnError: false, bodyParser: false },
    ),
    (one) => one.close(),
  );
  requireAccessRules(app);
  app.useGlobalFilters(new ProblemFilter(log));
  app.useGlobalPipes(new ValidationPipe());
  // Listeners are bound in this call, so what is global has to be there before it.
  app.connectMicroservice({ strategy: busServer }, { inheritAppConfig: true });
  busServer.checkHandlers();
  const health: HealthSource = {
    checks: {
      database: () => db.query('select 1'),
      eventStore: () => adapters.store.head(),
    },
    consumers: () => busServer.states(),
    relay: () => relay?.status().state,
    stopping: () => inHand.stopping,
  };
  serveHealth(adapter.getInstance(), name, health);
  serveApiPages(app, definition);
  await app.init();
  await adapter.getInstance().ready();

  await whenAnswers('the message bus', log, () => adapters.bus.ensureTopics(Object.values(topics)));
  await app.startAllMicroservices();
  if (definition.relay === true) relay = runRelay(settings, adapters, log, opened, telemetry);
  if (telemetry !== null) {
    const parts = { ...adapters, telemetry, busServer, group: name, relay };
    opened.add(observeService(parts), (stop) => stop());
  }
  let url: string | undefined;
  if (listens) {
    await app.listen(config.httpPort, config.httpHost).catch((error: unknown) => {
      throw isPortTaken(error) ? portTaken(name, config) : error;
    });
    url = addressOf(app, config.httpHost);
  }
  log.info({ url }, 'started');

  return {
    name,
    ...(url === undefined ? {} : { url }),
    handle: (request, response) => adapter.getInstance().routing(request, response),
    ready: (withinMs) => readyWithin(health, withinMs),
    close: once(() => stop(log, inHand, busServer, adapter.getHttpServer(), opened)),
  };
};

const isPortTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';

const portTaken = (
  name: ServiceDefinition['name'],
  { httpPort, httpHost }: Settings['config'],
): ConfigError =>
  new ConfigError(name, [
    `TALLYSTICK_HTTP_PORT: port ${httpPort} on ${httpHost} is taken by another program; stop that one, or choose another port`,
  ]);

const telemetryFor = async (
  { config, telemetry }: Settings,
  log: Log,
  opened: Opened,
): Promise<Telemetry | null> => {
  if (telemetry === undefined) return null;
  const running = await openTelemetry({ service: config.service, ...telemetry, log });
  return opened.add(running, (one) => one.close()).telemetry;
};

/** The service's pool, when its schema is up to date. */
const openDatabase = async (
  definition: ServiceDefinition,
  settings: Settings,
  log: Log,
  opened: Opened,
): Promise<Database> => {
  const { name, migrations } = definition;
  const db = opened.add(
    createPool(settings.databaseUrl, {
      max: poolConnectionsMax,
      applicationName: `tallystick ${name}`,
      searchPath: name,
    }),
    (pool) => pool.end(),
  );
  await whenAnswers('the database', log, async () => {
    if (settings.adminDatabaseUrl !== undefined) {
      await provisionDatabase(settings.adminDatabaseUrl, settings.databaseUrl, definition, log);
    }
    await migrate(db, name, migrations, { say: (line) => log.info(line) });
  });
  return db;
};

const whenAnswers = async (what: string, log: Log, work: () => Promise<void>): Promise<void> => {
  const deadline = Date.now() + partsWaitMs;
  for (let told = false; ; told = true) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isAway(error) || Date.now() > deadline) throw error;
      if (!told) log.warn({ err: error }, `waiting for ${what}`);
      await sleep(partsAskEveryMs);
    }
  }
};

/** Relay first, then the bus as it is then, then the service's group: see `createPositionWait`. */
const positionWaits =
  (db: Database, bus: MessageBus, relay: string) =>
  (group: ServiceName, heard: () => readonly string[]): PositionWait =>
    createPositionWait({
      relayed: () => relayPosition(db, relay),
      mark: async () => {
        const ends = await bus.ends(heard());
        return () => bus.passed(group, ends);
      },
      hasConsumers: () => heard().length > 0,
    });

const ownDeadLetters = (
  bus: MessageBus,
  group: string,
  busServer: BusServer,
  log: Log,
): OwnDeadLetters => ({
  letters: deadLettersOf(bus, group, (message) => busServer.handleOne(message), log),
  topics: () => busServer.topicNames,
});

const addressOf = (app: NestFastifyApplication, host: string): string => {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : undefined;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** Refuses what is new, lets what is in hand end, then closes everything. */
const stop = async (
  log: Log,
  inHand: InHand,
  busServer: BusServer,
  server: Server,
  opened: Opened,
): Promise<void> => {
  log.info('stopping');
  const drained = inHand.drain(drainTimeoutMs);
  server.close();
  // Consumers go on meanwhile: a request in hand may wait for what they do.
  const left = await drained;
  if (left > 0) log.warn({ requests: left }, 'requests were cut off: they did not end in time');
  // Nobody is owed an answer any more. A connection that became idle after `close` would hold the server open as long as its caller keeps it.
  server.closeAllConnections();
  await busServer.close();
  await opened.close();
  log.info('stopped');
};

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
};

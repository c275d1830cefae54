import { z } from 'zod';
import { defaultPorts, type ServiceName } from '@tallystick/contracts';
import { masterKeys, type MasterKeys } from '@tallystick/sealing';
import { localAudience, localIssuerName } from './auth/local-issuer.js';
import {
  callingFault,
  callingOf,
  callingVariables,
  type CallingSettings,
} from './calling/config.js';
import type { KafkaConnection } from '@tallystick/message-bus';
import { kafkaOf, kafkaVariables } from './config-kafka.js';
import { telemetryOf, telemetryVariables, type TelemetrySettings } from './telemetry/config.js';
import type { ServiceDefinition } from './service.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a service may know of its settings. Secrets are not in it: they have injection tokens of their own. */
export interface HostConfig {
  readonly service: ServiceName;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly logLevel: LogLevel;
  readonly eventStore: EventStoreKind;
  readonly bus: BusKind;
  readonly authIssuer: string;
  readonly authAudience: string;
}

export const eventStoreKinds = ['postgres', 'eventstoredb'] as const;
export type EventStoreKind = (typeof eventStoreKinds)[number];
export const busKinds = ['postgres', 'kafka'] as const;
export type BusKind = (typeof busKinds)[number];
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where the public keys of the tokens come from. */
export type JwksSource =
  | { readonly kind: 'inline'; readonly json: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Everything that a start needs, secrets included. Stays inside the host. */
export interface Settings {
  readonly config: HostConfig;
  readonly databaseUrl: string;
  readonly adminDatabaseUrl: string | undefined;
  /** Where Kafka is, if it is the bus. */
  readonly kafka: KafkaConnection | undefined;
  /** Where other services are; undefined: none is to be asked. */
  readonly calling: CallingSettings | undefined;
  /** Where traces and metrics go; undefined: telemetry is off. */
  readonly telemetry: TelemetrySettings | undefined;
  /** Of an EventStoreDB, where that is the event store; may hold a password. */
  readonly eventStoreUrl: string | undefined;
  readonly jwks: JwksSource;
  readonly cardTokenKey: Uint8Array | undefined;
  readonly masterKeys: MasterKeys | undefined;
  /** What the service's own schema made of the environment. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** The environment is wrong: each line names a variable and what it should be. Never shows a value. */
export class ConfigError extends Error {
  constructor(
    readonly service: ServiceName,
    readonly problems: readonly string[],
  ) {
    super(`${service} cannot start, its environment is wrong:\n  ${problems.join('\n  ')}`);
    this.name = 'ConfigError';
  }
}

/** The services that see card numbers, and those that keep secrets of others. */
const seesCardNumbers: ReadonlySet<ServiceName> = new Set([
  'enrollment',
  'accrual',
  'redemption',
  'partners',
]);
const keepsSecrets: ReadonlySet<ServiceName> = new Set(['enrollment', 'partners']);

const urlOf = (...protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol));

const keyOf = (fits: (bytes: number) => boolean) =>
  z.base64().transform((text, context): Uint8Array => {
    const key = Buffer.from(text, 'base64');
    if (!fits(key.length)) context.addIssue({ code: 'custom', message: 'wrong length' });
    return key;
  });

const masterKey = keyOf((bytes) => bytes === 32);
const retiredMasterKeys = z
  .string()
  .default('')
  .transform((list) => list.split(',').filter((part) => part !== ''))
  .pipe(z.array(masterKey));

const postgresUrl = urlOf('postgres:', 'postgresql:');
const jwksText = z.string().refine((text) => {
  try {
    return z
      .object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) })
      .safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
});

const eventStoreUrlExpected =
  'esdb://[<user>:<password>@]<host>:<port>[?…], of the EventStoreDB that TALLYSTICK_EVENT_STORE=eventstoredb asks for';

/** The host's variables; the description is what an error says is expected. */
const hostVariables = (service: ServiceName) =>
  z.object({
    TALLYSTICK_DATABASE_URL: postgresUrl.describe(
      "postgres://<role>:<password>@<host>:<port>/<database>, the service's own role",
    ),
    TALLYSTICK_ADMIN_DATABASE_URL: postgresUrl
      .optional()
      .describe('postgres://… of a role that may create roles and schemas, or nothing'),
    TALLYSTICK_HTTP_PORT: z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine((port) => port <= 65_535)
      .default(defaultPorts[service])
      .describe(`a port from 0 (any free one) to 65535, or nothing for ${defaultPorts[service]}`),
    TALLYSTICK_HTTP_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('the address to listen on, or nothing for 127.0.0.1'),
    TALLYSTICK_LOG_LEVEL: z
      .enum(logLevels)
      .default('info')
      .describe(`one of ${logLevels.join(', ')}, or nothing for info`),
    TALLYSTICK_AUTH_JWKS: jwksText
      .optional()
      .describe('a JSON Web Key Set of public keys: {"keys": [{"kty": …}, …]}'),
    TALLYSTICK_AUTH_JWKS_FILE: z
      .string()
      .optional()
      .describe('the path of a file with a JSON Web Key Set'),
    TALLYSTICK_AUTH_JWKS_URL: urlOf('https:', 'http:')
      .optional()
      .describe('the http(s) address of a JSON Web Key Set'),
    TALLYSTICK_AUTH_ISSUER: z
      .string()
      .default(localIssuerName)
      .describe(`the issuer (iss) of the tokens, or nothing for ${localIssuerName}`),
    TALLYSTICK_AUTH_AUDIENCE: z
      .string()
      .default(localAudience)
      .describe(`the audience (aud) of the tokens, or nothing for ${localAudience}`),
    TALLYSTICK_CARD_TOKEN_KEY: optionalUnless(
      seesCardNumbers.has(service),
      keyOf((bytes) => bytes >= 32),
    ).describe('at least 32 random bytes as base64, the same for all services and for ever'),
    TALLYSTICK_MASTER_KEY: optionalUnless(keepsSecrets.has(service), masterKey).describe(
      '32 random bytes as base64, the same until a rotation',
    ),
    TALLYSTICK_MASTER_KEYS_RETIRED: retiredMasterKeys.describe(
      'master keys from before a rotation, separated by commas: they open, they no longer seal',
    ),
    TALLYSTICK_EVENT_STORE: z
      .enum(eventStoreKinds)
      .default('postgres')
      .describe(`one of ${eventStoreKinds.join(', ')}, or nothing for postgres`),
    TALLYSTICK_EVENTSTORE_URL: z
      .string()
      .regex(/^esdb(\+discover)?:\/\/./)
      .optional()
      .describe(eventStoreUrlExpected),
    TALLYSTICK_BUS: z
      .enum(busKinds)
      .default('postgres')
      .describe(`one of ${busKinds.join(', ')}, or nothing for postgres`),
    ...kafkaVariables,
    ...callingVariables,
    ...telemetryVariables,
  });

function optionalUnless<T>(
  required: boolean,
  schema: z.ZodType<T, string>,
): z.ZodType<T | undefined, string | undefined> {
  return required ? schema : schema.optional();
}

const problemsOf = (schema: z.ZodObject, error: z.ZodError, env: Environment): string[] => {
  const names = new Set(error.issues.map((issue) => String(issue.path[0] ?? '')));
  return [...names].map((name) => {
    const field: unknown = schema.shape[name];
    const described =
      field instanceof z.ZodType ? z.globalRegistry.get(field)?.description : undefined;
    const said = error.issues.find((issue) => issue.path[0] === name)?.message;
    return `${name} is ${env[name] === undefined ? 'missing' : 'wrong'}: expected ${described ?? said ?? 'another value'}`;
  });
};

/** Empty means not set: that is how compose files and charts leave a variable out. */
const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );

/** Reads the environment of a service. Throws `ConfigError` with every problem at once. */
export const readSettings = (definition: ServiceDefinition, environment: Environment): Settings => {
  const env = withoutEmpty(environment);
  const problems: string[] = [];

  const schema = hostVariables(definition.name);
  const host = schema.safeParse(env);
  if (!host.success) problems.push(...problemsOf(schema, host.error, env));

  const { TALLYSTICK_EVENT_STORE: kind, TALLYSTICK_EVENTSTORE_URL: eventStoreUrl } = env;
  if (kind === 'eventstoredb' && eventStoreUrl === undefined) {
    problems.push(`TALLYSTICK_EVENTSTORE_URL is missing: expected ${eventStoreUrlExpected}`);
  }

  const jwks = jwksSource(env);
  if (jwks === undefined) {
    problems.push(
      'TALLYSTICK_AUTH_JWKS, TALLYSTICK_AUTH_JWKS_FILE or TALLYSTICK_AUTH_JWKS_URL: expected exactly one of them',
    );
  }

  const kafka = host.success ? kafkaOf(host.data) : undefined;
  if (host.success && host.data.TALLYSTICK_BUS === 'kafka' && kafka === undefined) {
    problems.push('TALLYSTICK_KAFKA_BROKERS is missing: expected host:port, separated by commas');
  }

  const calling = host.success ? callingFault(host.data) : null;
  if (calling !== null) problems.push(calling);

  const ownSchema = definition.config ?? z.object({});
  const own = ownSchema.safeParse(env);
  if (!own.success) problems.push(...problemsOf(ownSchema, own.error, env));

  if (!host.success || !own.success || jwks === undefined || problems.length > 0)
    throw new ConfigError(definition.name, problems);
  const read = host.data;
  return {
    config: {
      service: definition.name,
      httpHost: read.TALLYSTICK_HTTP_HOST,
      httpPort: read.TALLYSTICK_HTTP_PORT,
      logLevel: read.TALLYSTICK_LOG_LEVEL,
      eventStore: read.TALLYSTICK_EVENT_STORE,
      bus: read.TALLYSTICK_BUS,
      authIssuer: read.TALLYSTICK_AUTH_ISSUER,
      authAudience: read.TALLYSTICK_AUTH_AUDIENCE,
    },
    databaseUrl: read.TALLYSTICK_DATABASE_URL,
    adminDatabaseUrl: read.TALLYSTICK_ADMIN_DATABASE_URL,
    kafka,
    calling: callingOf(read),
    telemetry: telemetryOf(read),
    eventStoreUrl: read.TALLYSTICK_EVENTSTORE_URL,
    jwks,
    cardTokenKey: read.TALLYSTICK_CARD_TOKEN_KEY,
    masterKeys:
      read.TALLYSTICK_MASTER_KEY &&
      masterKeys(read.TALLYSTICK_MASTER_KEY, read.TALLYSTICK_MASTER_KEYS_RETIRED),
    own: own.data,
  };
};

const jwksSource = (env: Environment): JwksSource | undefined => {
  const sources: JwksSource[] = [];
  const json = env['TALLYSTICK_AUTH_JWKS'];
  const path = env['TALLYSTICK_AUTH_JWKS_FILE'];
  const url = env['TALLYSTICK_AUTH_JWKS_URL'];
  if (json !== undefined) sources.push({ kind: 'inline', json });
  if (path !== undefined) sources.push({ kind: 'file', path });
  if (url !== undefined) sources.push({ kind: 'url', url });
  return sources.length === 1 ? sources[0] : undefined;
};

import { createHmac } from 'node:crypto';
import type { ServiceName } from '@tallystick/contracts';
import type { LocalIssuer } from '@tallystick/service-host';
import type { Keys } from '../data/keys.js';
import type { EventStorePlace } from './event-store-place.js';

/** Environment of a service, as its host reads it. */
export type ServiceEnv = Readonly<Record<string, string>>;

/** A Kafka that runs already, to be the bus. */
export interface LocalKafka {
  /** As `host:port`. */
  readonly brokers: readonly string[];
  /** Stands before the names of topics and groups. */
  readonly prefix?: string;
}

/** Variables that say which bus the services use. */
export const busEnv = (kafka: LocalKafka | undefined): ServiceEnv =>
  kafka === undefined
    ? { TALLYSTICK_BUS: 'postgres' }
    : {
        TALLYSTICK_BUS: 'kafka',
        TALLYSTICK_KAFKA_BROKERS: kafka.brokers.join(','),
        TALLYSTICK_KAFKA_PREFIX: kafka.prefix ?? '',
      };

/** The password of a service's database role: made again from the master key on every start, kept nowhere. */
const rolePassword = (keys: Keys, service: ServiceName): string =>
  createHmac('sha256', Buffer.from(keys.masterKey, 'base64'))
    .update(`database role of ${service}`)
    .digest('base64url');

/** The same in one process and in five: what differs is where a service listens. */
export const serviceEnv = (
  service: ServiceName,
  system: {
    readonly adminUrl: string;
    readonly keys: Keys;
    readonly issuer: LocalIssuer;
    readonly logLevel: string;
    /** In the same PostgreSQL, unless it is said otherwise. */
    readonly eventStore?: EventStorePlace;
    /** Of accrual's clock; its own default, unless it is said otherwise. */
    readonly clockEverySeconds?: number;
    readonly kafka?: LocalKafka | undefined;
    /** Where accrual asks for birthdays, and the token that it shows; absent: it cannot ask. */
    readonly asking?: { readonly url: string; readonly token: string };
    readonly telemetry?: ServiceEnv | undefined;
  },
): ServiceEnv => {
  const {
    adminUrl,
    keys,
    issuer,
    logLevel,
    eventStore = { kind: 'postgres' },
    clockEverySeconds,
    kafka,
    asking,
    telemetry,
  } = system;
  const own = new URL(adminUrl);
  own.username = `tallystick_${service}`;
  own.password = rolePassword(keys, service);
  return {
    TALLYSTICK_DATABASE_URL: own.href,
    TALLYSTICK_ADMIN_DATABASE_URL: adminUrl,
    TALLYSTICK_LOG_LEVEL: logLevel,
    TALLYSTICK_AUTH_JWKS: issuer.jwks,
    TALLYSTICK_AUTH_ISSUER: keys.issuer,
    TALLYSTICK_AUTH_AUDIENCE: keys.audience,
    TALLYSTICK_CARD_TOKEN_KEY: keys.cardTokenKey,
    TALLYSTICK_MASTER_KEY: keys.masterKey,
    TALLYSTICK_EVENT_STORE: eventStore.kind,
    ...(eventStore.url === undefined ? {} : { TALLYSTICK_EVENTSTORE_URL: eventStore.url }),
    ...busEnv(kafka),
    ...(service === 'accrual' && asking !== undefined
      ? { TALLYSTICK_ENROLLMENT_URL: asking.url, TALLYSTICK_SERVICE_TOKEN: asking.token }
      : {}),
    ...telemetry,
    ...(clockEverySeconds === undefined
      ? {}
      : { TALLYSTICK_CLOCK_EVERY_SECONDS: String(clockEverySeconds) }),
  };
};

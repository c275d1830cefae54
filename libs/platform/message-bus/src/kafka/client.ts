import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import kafkajs, { type ISocketFactory, type Kafka, type LogEntry, type SASLOptions } from 'kafkajs';
import type { BusLog } from '../port.js';
import { registerCodecs } from './codecs.js';
import type { KafkaLimits } from './limits.js';
import { readManyHeaders } from './many-headers.js';

export interface KafkaConnection {
  /** As `host:port`; some of the cluster's are enough. */
  readonly brokers: readonly string[];
  /** TLS, with the authorities that the machine trusts. */
  readonly tls?: boolean;
  readonly sasl?: KafkaSasl;
  /** Shown in the broker's log and quotas. */
  readonly clientId?: string;
  /** Stands before the name of each topic and group, on a cluster that others use too. At most 40 characters. */
  readonly prefix?: string;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Its client, and every connection that it has. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** Breaks every connection off. They come back when they are needed. */
  cut(): void;
}

const keepAliveMs = 60_000;

/**
 * What it says of each answer, tried again or not, and of each consumer that ended, is said by us where it has an effect. That few
 * retries spoil idempotence does not hold here: the producer is thrown away after them.
 */
const saidElsewhere = /^(Response |Crash: |Limiting retries for the idempotent producer)/;

/** What kafkajs says as an error is a warning to us. */
const saying =
  (log: BusLog) =>
  ({ level, log: entry }: LogEntry): void => {
    const { message, ...details } = entry;
    if (saidElsewhere.test(message)) return;
    if (level === kafkajs.logLevel.ERROR || level === kafkajs.logLevel.WARN)
      log.warn({ kafka: textsOf(details) }, `Kafka: ${message}`);
  };

/** Stacks and payloads stay out of the log. */
const textsOf = (details: object): Record<string, unknown> =>
  Object.fromEntries(
    ['groupId', 'memberId', 'broker', 'error', 'topic', 'partition', 'retryCount'].flatMap(
      (name) => {
        const value: unknown = Reflect.get(details, name);
        return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
      },
    ),
  );

const saslOf = ({ mechanism, username, password }: KafkaSasl): SASLOptions => {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
};

export const createKafkaClient = (
  { brokers, tls = false, sasl, clientId = 'tallystick' }: KafkaConnection,
  limits: KafkaLimits,
  log: BusLog,
): KafkaClient => {
  const sockets = new Set<ReturnType<ISocketFactory>>();
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = tls
      ? connectTls(
          { host, port, ...(isIP(host) > 0 ? {} : { servername: host }), ...ssl },
          onConnect,
        )
      : connectPlain({ host, port }, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  registerCodecs();
  readManyHeaders();
  const kafka = new kafkajs.Kafka({
    clientId,
    brokers: [...brokers],
    ssl: tls,
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    connectionTimeout: limits.connectTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    // Its own few attempts bridge a hiccup; what lasts longer is ours to decide about.
    retry: { initialRetryTime: 50, retries: 4, maxRetryTime: 1000 },
    socketFactory,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => saying(log),
  });
  return {
    kafka,
    cut: () => {
      // As a reset by the network: of a socket that is only closed kafkajs hears nothing.
      for (const socket of sockets) socket.destroy(new Error('the connection was cut'));
    },
  };
};

import type { SpanKind } from '@opentelemetry/api';
import {
  METRIC_DB_CLIENT_OPERATION_DURATION,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { METRIC_MESSAGING_PROCESS_DURATION } from '@opentelemetry/semantic-conventions/incubating';
import { serviceNames, type ServiceName } from '@tallystick/contracts';

/** Everything that is emitted, and by which service: docs/telemetry.md is this table for people, and a test compares the two. */

export interface SpanSignal {
  /** As it is documented; what stands in braces is filled in. */
  readonly name: string;
  readonly kind: keyof typeof SpanKind;
  readonly by: readonly ServiceName[];
}

export interface MetricSignal {
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge' | 'observable counter';
  readonly unit: string;
  readonly description: string;
  readonly by: readonly ServiceName[];
  /** Of a histogram, upper bounds in its unit. */
  readonly buckets?: readonly number[];
}

/** The services that write events; reporting derives all that it has. */
const appending: readonly ServiceName[] = serviceNames.filter((name) => name !== 'reporting');
/** The service that runs the relay. */
const relaying: readonly ServiceName[] = ['accrual'];
/** As the conventions for HTTP have them. */
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** As the conventions for databases have them. */
const operationSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const ratingSeconds = [0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.05];

export const spanSignals = {
  request: { name: '{method} {route}', kind: 'SERVER', by: serviceNames },
  append: { name: 'append eventstore', kind: 'CLIENT', by: appending },
  read: { name: 'read eventstore', kind: 'CLIENT', by: serviceNames },
  send: { name: 'send {topic}', kind: 'PRODUCER', by: relaying },
  process: { name: 'process {topic}', kind: 'CONSUMER', by: serviceNames },
  views: { name: 'write {views} views', kind: 'CLIENT', by: ['reporting'] },
} as const satisfies Record<string, SpanSignal>;

export const metricSignals = {
  requests: {
    name: METRIC_HTTP_SERVER_REQUEST_DURATION,
    kind: 'histogram',
    unit: 's',
    description: 'From the first byte of a request to the last of its answer',
    buckets: requestSeconds,
    by: serviceNames,
  },
  appends: {
    name: METRIC_DB_CLIENT_OPERATION_DURATION,
    kind: 'histogram',
    unit: 's',
    description: 'One append to the event store, waiting for a shared commit included',
    buckets: operationSeconds,
    by: appending,
  },
  processing: {
    name: METRIC_MESSAGING_PROCESS_DURATION,
    kind: 'histogram',
    unit: 's',
    description: 'One batch of messages in its handler',
    buckets: operationSeconds,
    by: serviceNames,
  },
  receipts: {
    name: 'tallystick.receipts',
    kind: 'counter',
    unit: '{receipt}',
    description: 'Receipts by what became of them',
    by: ['accrual'],
  },
  rating: {
    name: 'tallystick.rating.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Deciding one fact in memory: which rulebook, which account, rating it, its events',
    buckets: ratingSeconds,
    by: ['accrual'],
  },
  consumerLag: {
    name: 'tallystick.consumer.lag',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages of a topic that the service has not done yet',
    by: serviceNames,
  },
  rebalances: {
    name: 'tallystick.consumer.rebalances',
    kind: 'observable counter',
    unit: '{rebalance}',
    description: 'How often the partitions of a topic were shared out anew, as this process saw it',
    by: serviceNames,
  },
  relayLag: {
    name: 'tallystick.relay.lag',
    kind: 'gauge',
    unit: '{position}',
    description: 'How far the relay is behind the end of the event store, in its positions',
    by: relaying,
  },
  deadLetters: {
    name: 'tallystick.dead_letters',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages of a topic that the service has put aside and that nobody has ended',
    by: serviceNames,
  },
} as const satisfies Record<string, MetricSignal>;

export type SpanName = keyof typeof spanSignals;
type MetricOf<Kind> = {
  [Name in keyof typeof metricSignals]: (typeof metricSignals)[Name]['kind'] extends Kind
    ? Name
    : never;
}[keyof typeof metricSignals];
export type CounterName = MetricOf<'counter'>;
export type HistogramName = MetricOf<'histogram'>;
export type ObservedName = MetricOf<'gauge' | 'observable counter'>;

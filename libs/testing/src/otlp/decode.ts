import { Fields } from './fields.js';

/** OTLP as the tests look at it. Numbers of fields: opentelemetry-proto 1.x, which never changes one. */

export type Value = string | number | boolean;
export type Attributes = Readonly<Record<string, Value>>;

export interface ReceivedSpan {
  /** The resource's `service.name`. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the first of its trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

export interface ReceivedMetric {
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  /** Of a histogram the number of what was measured. */
  readonly value: number;
  /** Of a histogram alone. */
  readonly sum?: number;
}

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const statusError = 2;

const valueOf = (any: Fields): Value => {
  if (any.has(2)) return any.varint(2) !== 0;
  if (any.has(3)) return any.varint(3);
  if (any.has(4)) return any.double(4);
  return any.text(1);
};

const attributesOf = (of: Fields, field: number): Attributes =>
  Object.fromEntries(of.messages(field).map((pair) => [pair.text(1), valueOf(pair.message(2))]));

const serviceOf = (resource: Fields): string => String(attributesOf(resource, 1)['service.name']);

/** An ExportTraceServiceRequest. */
export const spansOf = (body: Uint8Array): ReceivedSpan[] =>
  new Fields(body).messages(1).flatMap((ofResource) => {
    const service = serviceOf(ofResource.message(1));
    return ofResource
      .messages(2)
      .flatMap((ofScope) => ofScope.messages(2))
      .map((span) => ({
        service,
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentId: span.hex(4),
        name: span.text(5),
        kind: kinds[span.varint(6)] ?? 'internal',
        startedAt: span.fixed64(7),
        endedAt: span.fixed64(8),
        attributes: attributesOf(span, 9),
        failed: span.message(15).varint(3) === statusError,
      }));
  });

/** An ExportMetricsServiceRequest: each point by itself. */
export const metricsOf = (body: Uint8Array): ReceivedMetric[] =>
  new Fields(body).messages(1).flatMap((ofResource) => {
    const service = serviceOf(ofResource.message(1));
    return ofResource
      .messages(2)
      .flatMap((ofScope) => ofScope.messages(2))
      .flatMap((metric) => {
        const about = { service, name: metric.text(1), unit: metric.text(3) };
        const numbers = [5, 7].flatMap((field) => metric.message(field).messages(1));
        const histograms = metric.message(9).messages(1);
        return [
          ...numbers.map((point) => ({
            ...about,
            attributes: attributesOf(point, 7),
            value: point.has(6) ? Number(point.fixed64(6)) : point.double(4),
          })),
          ...histograms.map((point) => ({
            ...about,
            attributes: attributesOf(point, 9),
            value: Number(point.fixed64(4)),
            sum: point.double(5),
          })),
        ];
      });
  });

import { TraceFlags, type SpanContext } from '@opentelemetry/api';

/** W3C Trace Context, version 00: `00-<32 hex: trace>-<16 hex: parent>-<2 hex: flags>`, neither of them all 0. */
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;
const length00 = 55;

/**
 * A traceparent as it came over a border, in the form of version 00; undefined when it is none. A later version is read as
 * 00, whose fields it keeps. Source: W3C Trace Context, section 3.2.
 */
export const readTraceparent = (given: unknown): string | undefined => {
  if (typeof given !== 'string' || !pattern.test(given)) return undefined;
  const exact = given.length === length00;
  if (!exact && (given.startsWith('00') || given[length00] !== '-')) return undefined;
  return exact && given.startsWith('00') ? given : `00${given.slice(2, length00)}`;
};

/** The trace id within a traceparent. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/** Whether whoever began the trace records it. */
export const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(53, length00), 16) & TraceFlags.SAMPLED) !== 0;

export const spanContextOf = (traceparent: string): SpanContext => ({
  traceId: traceIdOf(traceparent),
  spanId: traceparent.slice(36, 52),
  traceFlags: isSampled(traceparent) ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

import type { Attributes, Meter, Span, Tracer } from '@opentelemetry/api';
import { instrumentsOf } from './instruments.js';
import type { CounterName, HistogramName, ObservedName, SpanName } from './signals.js';
import { spanOf, spansOf, type Work } from './spans.js';

/** What is seen at one moment of something that is looked at now and then. */
export interface Observed {
  readonly value: number;
  readonly attributes?: Attributes;
}

/**
 * What a service tells of its work, by OpenTelemetry. Where telemetry is off there is none (`null`), and the code asks with `?.`: nothing is
 * made, and nothing is called. Traces go from hand to hand as W3C traceparents, as they stand in requests, messages and events.
 * Attributes never hold what a person sent: no names, card numbers, keys or messages of errors.
 */
export interface Telemetry {
  /** A span in the trace of its cause; without one, the first of a new trace. `filled`: what its name has in braces. */
  span(name: SpanName, filled: readonly string[], of: SpanOptions): Span;
  /**
   * Spans for a piece of work that serves several causes at once: one in the trace of each that is recorded, however often it
   * is named. `attributes` is told how often.
   */
  work(
    name: SpanName,
    filled: readonly string[],
    causes: Iterable<string | undefined>,
    attributes: (times: number) => Attributes,
  ): Work;
  count(counter: CounterName, attributes: Attributes): void;
  /** `seconds` since something began. */
  took(histogram: HistogramName, seconds: number, attributes: Attributes): void;
  /** Looked at before each export, until what it returns is called. What `look` throws is left out. */
  observe(what: ObservedName, look: () => Promise<readonly Observed[]>): () => void;
}

export interface SpanOptions {
  readonly cause: string | undefined;
  readonly attributes: Attributes;
}

export const createTelemetry = (tracer: Tracer, meter: Meter): Telemetry => {
  const instruments = instrumentsOf(meter);
  return {
    span: (name, filled, of) => spanOf(tracer, name, filled, of),
    work: (name, filled, causes, attributes) => spansOf(tracer, name, filled, causes, attributes),
    count: (counter, attributes) => instruments.counter(counter).add(1, attributes),
    took: (histogram, seconds, attributes) =>
      instruments.histogram(histogram).record(seconds, attributes),
    observe: (what, look) => {
      const instrument = instruments.observed(what);
      const callback: Parameters<typeof instrument.addCallback>[0] = async (result) => {
        const seen = await look().catch(() => []);
        for (const { value, attributes } of seen) result.observe(value, attributes);
      };
      instrument.addCallback(callback);
      return () => instrument.removeCallback(callback);
    },
  };
};

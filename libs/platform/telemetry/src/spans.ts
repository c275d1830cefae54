import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { spanSignals, type SpanName } from './signals.js';
import type { SpanOptions } from './telemetry.js';
import { isSampled, readTraceparent, spanContextOf, traceparentOf } from './traceparent.js';

/** The spans of a piece of work, one for each recorded cause. */
export interface Work {
  /** What is caused in turn by the work for this cause has this traceparent; a cause that is not recorded goes on as it is. */
  of(cause: string): string;
  /** Says that the work for this cause failed, with a kind of error that is one of few. */
  fail(cause: string | undefined, kind: string): void;
  /** Adds to all of them. */
  say(attributes: Attributes): void;
  /** Ends them all. Of an error only its name is told: a message may hold data. */
  end(error?: unknown): void;
}

/** Of few kinds: the class of an error. */
export const kindOfError = (error: unknown): string =>
  error instanceof Error ? error.name : typeof error;

export const fail = (span: Span, kind: string): void => {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute(ATTR_ERROR_TYPE, kind);
};

const filledIn = (name: string, filled: readonly string[]): string => {
  let next = 0;
  return name.replaceAll(/\{\w+\}/g, () => filled[next++] ?? '').trim();
};

const under = (cause: string | undefined): Context =>
  cause === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(cause));

export const spanOf = (
  tracer: Tracer,
  name: SpanName,
  filled: readonly string[],
  { cause, attributes }: SpanOptions,
): Span => {
  const signal = spanSignals[name];
  const kind = SpanKind[signal.kind];
  return tracer.startSpan(filledIn(signal.name, filled), { kind, attributes }, under(cause));
};

const nothing: Work = { of: (cause) => cause, fail: () => {}, say: () => {}, end: () => {} };

export const spansOf = (
  tracer: Tracer,
  name: SpanName,
  filled: readonly string[],
  causes: Iterable<string | undefined>,
  attributes: (times: number) => Attributes,
): Work => {
  const times = new Map<string, number>();
  for (const cause of causes)
    if (cause !== undefined) times.set(cause, (times.get(cause) ?? 0) + 1);
  const spans = new Map<string, Span>();
  for (const [given, count] of times) {
    const cause = readTraceparent(given);
    if (cause === undefined || !isSampled(cause)) continue;
    const span = spanOf(tracer, name, filled, { cause, attributes: attributes(count) });
    spans.set(given, span);
  }
  if (spans.size === 0) return nothing;
  return {
    of: (cause) => {
      const span = spans.get(cause);
      return span === undefined ? cause : traceparentOf(span.spanContext());
    },
    fail: (cause, kind) => {
      const span = cause === undefined ? undefined : spans.get(cause);
      if (span !== undefined) fail(span, kind);
    },
    say: (more) => {
      for (const span of spans.values()) span.setAttributes(more);
    },
    end: (error) => {
      for (const span of spans.values()) {
        if (error !== undefined) fail(span, kindOfError(error));
        span.end();
      }
    },
  };
};

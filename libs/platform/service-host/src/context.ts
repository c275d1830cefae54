import { randomUUID } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Instant, ProgramId } from '@tallystick/kernel';
import type { EventMetadata } from '@tallystick/event-store';
import type { Message } from '@tallystick/message-bus';

/** What is known of the request or message in hand, besides its content. */
export interface RequestContext {
  readonly correlationId: string;
  /** W3C Trace Context, version 00. */
  readonly traceparent: string;
  /** `store:<sub>` and the like, `service:<name>` for messages, `anyone` without a token. */
  readonly actor: string;
}

const correlationIdPattern = /^[A-Za-z0-9._:@/+=-]{1,128}$/;
const traceparentPattern =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

/** The caller's correlation id if it is 1..128 harmless characters, else a new one. */
export const takeCorrelationId = (given: unknown): string =>
  typeof given === 'string' && correlationIdPattern.test(given) ? given : randomUUID();

/**
 * The caller's trace, or a new one (not sampled). Source: W3C Trace Context, section 3.2. A later version than
 * 00 is read as 00, whose fields it keeps.
 */
export const takeTraceparent = (given: unknown): string => {
  if (typeof given === 'string' && traceparentPattern.test(given)) {
    const exact = given.length === 55;
    if (exact || (!given.startsWith('00') && given[55] === '-')) return `00${given.slice(2, 55)}`;
  }
  return `00-${randomHex(32)}-${randomHex(16)}-00`;
};

/** Up to 32 random digits, never all 0. From a UUID: Node makes many of them at once, one call for bytes costs ten times as much. */
const randomHex = (digits: number): string => randomUUID().replaceAll('-', '').slice(0, digits);

/** The trace id within a traceparent. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/** The context of what a message causes: it goes on with the correlation and the trace of what caused the message. */
export const messageContext = (message: Message, actor: string): RequestContext => ({
  correlationId: takeCorrelationId(message.headers['correlation-id']),
  traceparent: takeTraceparent(message.headers['traceparent']),
  actor,
});

/** The metadata of an event that this request or message causes. */
export const metadata = (
  context: RequestContext,
  of: { readonly program: ProgramId; readonly occurredAt: Instant; readonly causationId?: string },
  clock: Clock,
): EventMetadata => ({
  program: of.program,
  occurredAt: of.occurredAt,
  recordedAt: clock(),
  actor: context.actor,
  correlationId: context.correlationId,
  ...(of.causationId === undefined ? {} : { causationId: of.causationId }),
  traceparent: context.traceparent,
});

/** The context that log lines take their ids from, wherever they are written. */
export const currentContext = new AsyncLocalStorage<
  Pick<RequestContext, 'correlationId' | 'traceparent'>
>();

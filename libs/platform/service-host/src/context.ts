import { randomUUID } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Instant, ProgramId } from '@tallystick/kernel';
import type { EventMetadata } from '@tallystick/event-store';
import type { Message } from '@tallystick/message-bus';
import { readTraceparent } from '@tallystick/telemetry';

/** What is known of the request or message in hand, besides its content. */
export interface RequestContext {
  readonly correlationId: string;
  /** W3C Trace Context, version 00. */
  readonly traceparent: string;
  /** `store:<sub>` and the like, `service:<name>` for messages, `anyone` without a token. */
  readonly actor: string;
}

const correlationIdPattern = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

/** The caller's correlation id if it is 1..128 harmless characters, else a new one. */
export const takeCorrelationId = (given: unknown): string =>
  typeof given === 'string' && correlationIdPattern.test(given) ? given : randomUUID();

/** The caller's trace, or a new one (not sampled). */
export const takeTraceparent = (given: unknown): string =>
  readTraceparent(given) ?? `00-${randomHex(32)}-${randomHex(16)}-00`;

/** Up to 32 random digits, never all 0. From a UUID: Node makes many of them at once, one call for bytes costs ten times as much. */
const randomHex = (digits: number): string => randomUUID().replaceAll('-', '').slice(0, digits);

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
  Partial<Pick<RequestContext, 'correlationId' | 'traceparent'>>
>();

/** The ids that log lines about a message take: those that it says; undefined where it says none. */
const contextOf = ({ headers }: Message) => {
  const correlationId = headers['correlation-id'] ?? '';
  const traceparent = readTraceparent(headers['traceparent']);
  const isNamed = correlationIdPattern.test(correlationId);
  if (!isNamed && traceparent === undefined) return undefined;
  return {
    ...(isNamed ? { correlationId } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};

/** Does some work on messages; log lines meanwhile carry their ids, if all of them have the same. */
export const aboutMessages = <T>(batch: readonly Message[], work: () => T): T => {
  const [first] = batch;
  const of = (message: Message, name: string): string | undefined => message.headers[name];
  const isShared =
    first !== undefined &&
    batch.every(
      (message) =>
        of(message, 'correlation-id') === of(first, 'correlation-id') &&
        of(message, 'traceparent') === of(first, 'traceparent'),
    );
  const context = isShared ? contextOf(first) : undefined;
  return context === undefined ? work() : currentContext.run(context, work);
};

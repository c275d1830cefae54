import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { Message, Verdict } from '@tallystick/message-bus';
import { kindOfError, messagingAttributes, type Telemetry } from '@tallystick/telemetry';

/** Whose messages, over which bus. */
export interface Processor {
  readonly telemetry: Telemetry;
  readonly system: string;
  readonly group: string;
}

/**
 * A batch in its handler: a span for each trace that its messages belong to, a child of who sent them there. The handler gets the messages with
 * these spans as their traceparents, so that what it causes is below them.
 */
export const processed = async (
  { telemetry, system, group }: Processor,
  topic: string,
  batch: readonly Message[],
  handle: (batch: readonly Message[]) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> => {
  const began = performance.now();
  const of = { system, operation: 'process', topic, group } as const;
  const work = telemetry.work('process', [topic], batch.map(causeOf), (messages) =>
    messagingAttributes(of, messages),
  );
  const took = (more: Record<string, string>): void => {
    const seconds = (performance.now() - began) / 1000;
    telemetry.took('processing', seconds, { ...messagingAttributes(of), ...more });
  };
  try {
    const verdicts = await handle(
      batch.map((message) => {
        const cause = causeOf(message);
        const traceparent = cause === undefined ? cause : work.of(cause);
        return traceparent === cause || traceparent === undefined
          ? message
          : { ...message, headers: { ...message.headers, traceparent } };
      }),
    );
    verdicts.forEach(({ kind }, index) => {
      const message = batch[index];
      if (kind !== 'done' && message !== undefined) work.fail(causeOf(message), kind);
    });
    took({});
    work.end();
    return verdicts;
  } catch (error) {
    took({ [ATTR_ERROR_TYPE]: kindOfError(error) });
    work.end(error);
    throw error;
  }
};

const causeOf = ({ headers }: Message): string | undefined => headers['traceparent'];

import type { OutgoingMessage } from '@tallystick/message-bus';
import { messagingAttributes, type Telemetry, type Work } from '@tallystick/telemetry';

/** Whom the relay tells of what it sends, and over which bus. */
export interface Sending {
  readonly telemetry: Telemetry;
  readonly system: string;
}

/**
 * Sends messages, with a span on each topic for each trace that they belong to: a child of what wrote the event, as its metadata have it.
 * A message's traceparent is then this span's.
 */
export const sent = async (
  { telemetry, system }: Sending,
  messages: readonly OutgoingMessage[],
  send: (messages: readonly OutgoingMessage[]) => Promise<void>,
): Promise<void> => {
  const causes = new Map<string, string[]>();
  for (const { topic, headers } of messages) {
    const cause = headers['traceparent'];
    if (cause === undefined) continue;
    const known = causes.get(topic);
    if (known === undefined) causes.set(topic, [cause]);
    else known.push(cause);
  }
  const works = new Map<string, Work>();
  for (const [topic, of] of causes) {
    const operation = { system, operation: 'send', topic } as const;
    const attributes = (times: number) => messagingAttributes(operation, times);
    works.set(topic, telemetry.work('send', [topic], of, attributes));
  }
  const end = (error?: unknown): void => {
    for (const work of works.values()) work.end(error);
  };
  try {
    await send(messages.map((message) => below(works.get(message.topic), message)));
  } catch (error) {
    end(error);
    throw error;
  }
  end();
};

const below = (work: Work | undefined, message: OutgoingMessage): OutgoingMessage => {
  const cause = message.headers['traceparent'];
  if (work === undefined || cause === undefined) return message;
  const traceparent = work.of(cause);
  return traceparent === cause
    ? message
    : { ...message, headers: { ...message.headers, traceparent } };
};

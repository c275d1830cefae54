import { topicOfCategory } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { categoryOf } from '@tallystick/kernel';
import type { OutgoingMessage } from '@tallystick/message-bus';

/** CloudEvents' `source`: with it, an event's id is unique. */
const source = 'urn:tallystick:event-store';

/** Metadata came over many borders; a header is text. */
const asHeader = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** The value, as `RelayedEvent` has it. The data go in as they are stored: not a byte of them changes. */
const valueOf = (event: RecordedEvent): string => {
  const { id, stream, revision, position, type, schemaVersion, metadata, data } = event;
  const envelope = {
    id,
    stream,
    revision,
    position: String(position),
    type,
    schemaVersion,
    metadata,
  };
  return `${JSON.stringify(envelope).slice(0, -1)},"data":${data}}`;
};

/**
 * An event as it goes over the bus: CloudEvents 1.0 in binary mode (CloudEvents' Kafka protocol binding, 3.2), with the
 * W3C trace context. Undefined when its stream is of a category that has no topic.
 */
export const messageOf = (event: RecordedEvent): OutgoingMessage | undefined => {
  const category = categoryOf(event.stream);
  const topic = Object.hasOwn(topicOfCategory, category) ? topicOfCategory[category] : undefined;
  if (topic === undefined) return undefined;
  const { correlationId, traceparent, occurredAt } = event.metadata;
  return {
    topic,
    key: event.stream,
    id: event.id,
    headers: {
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_type: event.type,
      ce_source: source,
      ce_subject: event.stream,
      ce_time: occurredAt,
      'content-type': 'application/json',
      'correlation-id': asHeader(correlationId),
      ...(traceparent === undefined ? {} : { traceparent: asHeader(traceparent) }),
    },
    value: valueOf(event),
  };
};

/** An event that this release does not know where to publish. A newer one may. */
export class UnknownCategory extends Error {
  constructor(event: RecordedEvent) {
    super(
      `event ${event.id} at position ${event.position} has no topic: streams of category ` +
        `'${categoryOf(event.stream)}' are unknown to the relay (stream ${event.stream})`,
    );
    this.name = 'UnknownCategory';
  }
}

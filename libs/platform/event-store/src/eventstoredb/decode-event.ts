import { binaryEvent, type BinaryEventData, type ResolvedEvent } from '@eventstore/db-client';
import type { StreamName } from '@tallystick/kernel';
import type { EventMetadata, NewEvent, RecordedEvent } from '../port.js';

/** What the server keeps as an event's metadata, as JSON. */
interface Kept {
  readonly schemaVersion: number;
  /** A UUID of the call that wrote the event, by which that call knows its own events from others with the same ids. */
  readonly append: string;
  readonly envelope: EventMetadata;
}

export interface ReadEvent {
  readonly event: RecordedEvent;
  readonly append: string;
}

/** The data as bytes, for the client would parse and print JSON again, and the bytes would be others. */
export const proposed = (event: NewEvent, append: string): BinaryEventData => {
  const metadata: Kept = {
    schemaVersion: event.schemaVersion,
    append,
    envelope: event.metadata,
  };
  return binaryEvent({
    id: event.id,
    type: event.type,
    data: Buffer.from(event.data),
    metadata,
  });
};

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' &&
  value !== null &&
  'schemaVersion' in value &&
  typeof value.schemaVersion === 'number' &&
  'append' in value &&
  typeof value.append === 'string' &&
  'envelope' in value &&
  typeof value.envelope === 'object' &&
  value.envelope !== null;

export const isResolved = (value: unknown): value is ResolvedEvent =>
  typeof value === 'object' && value !== null;

/** Whether a stream is the server's own. */
export const isSystemStream = (stream: string): boolean => stream.startsWith('$');

/** An event that this adapter has written. Throws on any other: what Tallystick reads, Tallystick has written. */
export const readEvent = ({ event }: ResolvedEvent): ReadEvent => {
  if (event === undefined) throw new Error('the server answered with a link to nothing');
  const { streamId, revision, metadata, position, data } = event;
  if (!(data instanceof Uint8Array) || !isKept(metadata) || position === undefined) {
    throw new Error(
      `the event at revision ${revision} of ${streamId} was not written by Tallystick: its event store must be its own`,
    );
  }
  return {
    append: metadata.append,
    event: {
      position: position.commit,
      stream: streamId as StreamName,
      revision: Number(revision),
      id: event.id,
      type: event.type,
      schemaVersion: metadata.schemaVersion,
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'),
      metadata: metadata.envelope,
    },
  };
};

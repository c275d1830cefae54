import { AppendRefused, type StreamWrite } from './port.js';

/** What one append may hold, whatever the adapter. Far above what a fact needs; there so that memory stays bounded. */
export const appendLimits = {
  /** UTF-8 bytes of one event's data. */
  eventBytesMax: 1_000_000,
  /** UTF-8 bytes of one event's metadata as JSON. */
  metadataBytesMax: 16_000,
  eventsMax: 10_000,
  /** UTF-8 bytes of all data and metadata of the call. */
  appendBytesMax: 16_000_000,
  /** UTF-8 bytes of a stream's name (an index entry must hold it). */
  streamBytesMax: 1_000,
  typeBytesMax: 200,
} as const;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const revisionMax = 2_147_483_647;

export interface CheckedAppend {
  readonly events: number;
  readonly bytes: number;
  /** Each event's metadata as it will be kept, in the order of the events. */
  readonly metadata: readonly string[];
}

/** Checks one call to `append`. Throws `AppendRefused`, which names the limit or the flaw. */
export const checkAppend = (writes: readonly StreamWrite[]): CheckedAppend => {
  if (writes.length === 0) throw new AppendRefused('it names no stream');
  const streams = new Set<string>();
  const ids = new Set<string>();
  const metadata: string[] = [];
  let bytes = 0;
  for (const { stream, expected, events } of writes) {
    checkText('stream', stream, appendLimits.streamBytesMax);
    if (streams.has(stream)) throw new AppendRefused(`stream ${stream} is named twice`);
    streams.add(stream);
    if (events.length === 0) throw new AppendRefused(`nothing is to be appended to ${stream}`);
    if (expected !== 'noStream' && !(Number.isInteger(expected) && expected >= 0)) {
      throw new AppendRefused(`revision ${expected} of ${stream} cannot be expected`);
    }
    if ((expected === 'noStream' ? 0 : expected) + events.length > revisionMax) {
      throw new AppendRefused(`${stream} would go beyond revision ${revisionMax}`);
    }
    for (const event of events) {
      if (!uuidPattern.test(event.id)) throw new AppendRefused(`${event.id} is not an event id`);
      if (ids.has(event.id)) throw new AppendRefused(`event ${event.id} is there twice`);
      ids.add(event.id);
      checkText('type', event.type, appendLimits.typeBytesMax);
      if (!(Number.isInteger(event.schemaVersion) && event.schemaVersion >= 1)) {
        throw new AppendRefused(`${event.schemaVersion} is not a schema version`);
      }
      const text = JSON.stringify(event.metadata);
      metadata.push(text);
      bytes += checkText('data', event.data, appendLimits.eventBytesMax);
      bytes += checkText('metadata', text, appendLimits.metadataBytesMax);
    }
  }
  if (metadata.length > appendLimits.eventsMax) {
    throw new AppendRefused(`${metadata.length} events, at most ${appendLimits.eventsMax}`);
  }
  if (bytes > appendLimits.appendBytesMax) {
    throw new AppendRefused(`${bytes} bytes, at most ${appendLimits.appendBytesMax}`);
  }
  return { events: metadata.length, bytes, metadata };
};

/** Text that every store keeps as it is: no NUL, no half of a surrogate pair. */
const checkText = (what: string, text: string, bytesMax: number): number => {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) throw new AppendRefused(`an empty ${what}`);
  if (bytes > bytesMax) throw new AppendRefused(`a ${what} of ${bytes} bytes, at most ${bytesMax}`);
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new AppendRefused(`a ${what} that is not well-formed text`);
  }
  return bytes;
};

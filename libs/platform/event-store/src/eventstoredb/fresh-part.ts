import type { StreamName } from '@tallystick/kernel';
import type { BareEvent, EventStore, ReadAllOptions } from '../port.js';
import { streamInPart, streamOutOfPart } from './decode-part-stream.js';

/** A part of a store, which began empty. */
export interface Part {
  /** Letters and digits, in the name of each of its streams. */
  readonly name: string;
  /** The head of the store when the part was begun. */
  readonly begin: bigint;
}

/**
 * Shows of a store that cannot be emptied only one part, as if it were the whole: how the contract runs on a real server. The part's streams
 * have its name behind their category; what others write meanwhile is not shown.
 */
export const freshPart = (store: EventStore, { name, begin }: Part): EventStore => {
  const outside = (stream: StreamName): StreamName => streamInPart(stream, name);
  const inside = (stream: StreamName): StreamName => streamOutOfPart(stream, name);
  const seen = <Event extends BareEvent>(event: Event): Event => ({
    ...event,
    stream: inside(event.stream),
  });
  const isOurs = ({ stream }: BareEvent): boolean => inside(stream) !== stream;
  const after = (options: ReadAllOptions): bigint => {
    const asked = options.after ?? 0n;
    return asked > begin ? asked : begin;
  };
  return {
    capabilities: store.capabilities,
    append: async (writes) => {
      const result = await store.append(
        writes.map((write) => ({ ...write, stream: outside(write.stream) })),
      );
      return result.kind === 'conflict' ? { ...result, stream: inside(result.stream) } : result;
    },
    readStream: async function* (stream, options) {
      for await (const event of store.readStream(outside(stream), options)) yield seen(event);
    },
    readStreams: async (streams, { from } = {}) => {
      const since = new Map([...(from ?? [])].map(([stream, at]) => [outside(stream), at]));
      const found = await store.readStreams(streams.map(outside), { from: since });
      return new Map([...found].map(([stream, events]) => [inside(stream), events.map(seen)]));
    },
    readAll: async function* (options = {}) {
      for await (const event of store.readAll({ ...options, after: after(options) })) {
        if (isOurs(event)) yield seen(event);
      }
    },
    readAllBare: async function* (options = {}) {
      for await (const batch of store.readAllBare({ ...options, after: after(options) })) {
        const ours = batch.filter(isOurs);
        if (ours.length > 0) yield ours.map(seen);
      }
    },
    follow: async function* (options) {
      for await (const batch of store.follow({ ...options, after: after(options) })) {
        const ours = batch.filter(isOurs);
        if (ours.length > 0) yield ours.map(seen);
      }
    },
    head: async () => {
      const head = await store.head();
      return head > begin ? head : 0n;
    },
    close: () => store.close(),
  };
};

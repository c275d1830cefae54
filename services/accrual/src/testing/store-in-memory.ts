import {
  StoreUnavailable,
  type EventStore,
  type NewEvent,
  type RecordedEvent,
} from '@tallystick/event-store';
import type { StreamName } from '@tallystick/kernel';

/**
 * A store in memory, as far as settling asks one, for thousands of histories: it writes stream by stream, and can die between any two of
 * them. It is stricter than a real one: an event's id that is taken is a bug.
 */
export const storeInMemory = () => {
  const streams = new Map<StreamName, RecordedEvent[]>();
  const ids = new Set<string>();
  let position = 0n;
  let streamsLeft = Infinity;

  const eventsOf = (stream: StreamName): readonly RecordedEvent[] => streams.get(stream) ?? [];
  const isThere = (stream: StreamName, from: number, events: readonly NewEvent[]): boolean =>
    events.every(({ id }, index) => eventsOf(stream)[from + index]?.id === id);

  const append: EventStore['append'] = async (writes) => {
    await Promise.resolve();
    for (const { stream, expected, events } of writes) {
      const from = expected === 'noStream' ? 0 : expected + 1;
      const before = eventsOf(stream);
      if (before.length > from && isThere(stream, from, events)) continue;
      if (before.length !== from) {
        const actual = before.length === 0 ? 'noStream' : before.length - 1;
        return { kind: 'conflict', stream, actual };
      }
      if (streamsLeft <= 0) throw new StoreUnavailable(new Error('killed'));
      streamsLeft -= 1;
      const added = events.map((event, index): RecordedEvent => {
        if (ids.has(event.id)) throw new Error(`the id of ${event.type} of ${stream} is taken`);
        ids.add(event.id);
        position += 1n;
        return { ...event, stream, revision: from + index, position };
      });
      streams.set(stream, [...before, ...added]);
    }
    return { kind: 'appended', position };
  };

  const store: EventStore = {
    capabilities: { atomicAcrossStreams: false },
    append,
    readStream: async function* (stream, { from = 0 } = {}) {
      await Promise.resolve();
      yield* eventsOf(stream).slice(from);
    },
    readStreams: async (names, { from = new Map<StreamName, number>() } = {}) => {
      await Promise.resolve();
      const read = names.map(
        (stream) => [stream, eventsOf(stream).slice(from.get(stream) ?? 0)] as const,
      );
      return new Map(read.filter(([, events]) => events.length > 0));
    },
    readAll: () => {
      throw new Error('nobody reads all of it here');
    },
    readAllBare: () => {
      throw new Error('nobody reads all of it here');
    },
    follow: () => {
      throw new Error('nobody follows it here');
    },
    head: () => Promise.resolve(position),
    close: () => Promise.resolve(),
  };
  return {
    store,
    /** It dies after so many streams were written, until `revive`. */
    dieAfter: (count: number): void => {
      streamsLeft = count;
    },
    revive: (): void => {
      streamsLeft = Infinity;
    },
  };
};

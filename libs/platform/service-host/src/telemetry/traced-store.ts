import type { EventStore, RecordedEvent, StreamWrite } from '@tallystick/event-store';
import {
  ATTR_OUTCOME,
  databaseAttributes,
  kindOfError,
  type Telemetry,
} from '@tallystick/telemetry';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { currentContext } from '../context.js';

const namespace = 'eventstore';

/**
 * The event store with its spans and times. An append stands in the trace of each request or message whose events it writes, by their
 * metadata. A read has no metadata: it stands in the trace of the request in hand, and one that several share in that of who asked first.
 */
export const tracedStore = (
  store: EventStore,
  system: string,
  telemetry: Telemetry,
): EventStore => {
  const appending = { system, namespace, operation: 'append' };
  const reading = { system, namespace, operation: 'read' };
  const read = (streams: number) =>
    telemetry.work('read', [], [currentContext.getStore()?.traceparent], () =>
      databaseAttributes(reading, streams),
    );

  return {
    ...store,
    append: async (writes) => {
      const began = performance.now();
      const work = telemetry.work('append', [], causesOf(writes), (events) =>
        databaseAttributes(appending, events),
      );
      const took = (more: Record<string, string>): void => {
        const seconds = (performance.now() - began) / 1000;
        telemetry.took('appends', seconds, { ...databaseAttributes(appending), ...more });
      };
      try {
        const result = await store.append(writes);
        work.say({ [ATTR_OUTCOME]: result.kind });
        took({ [ATTR_OUTCOME]: result.kind });
        work.end();
        return result;
      } catch (error) {
        took({ [ATTR_ERROR_TYPE]: kindOfError(error) });
        work.end(error);
        throw error;
      }
    },
    readStreams: async (streams, options) => {
      const work = read(streams.length);
      try {
        const found = await store.readStreams(streams, options);
        work.end();
        return found;
      } catch (error) {
        work.end(error);
        throw error;
      }
    },
    readStream: async function* (stream, options): AsyncIterable<RecordedEvent> {
      const work = read(1);
      let failure: unknown;
      try {
        yield* store.readStream(stream, options);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        // Also when the reader wants no more of it.
        work.end(failure);
      }
    },
  };
};

function* causesOf(writes: readonly StreamWrite[]): Iterable<string | undefined> {
  for (const { events } of writes) for (const { metadata } of events) yield metadata.traceparent;
}

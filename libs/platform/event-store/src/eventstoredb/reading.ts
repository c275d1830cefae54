import {
  BACKWARDS,
  END,
  StreamNotFoundError,
  type EventStoreDBClient,
  type ResolvedEvent,
} from '@eventstore/db-client';
import type { StreamName } from '@tallystick/kernel';
import { isResolved, isSystemStream, readEvent, type ReadEvent } from './decode-event.js';
import { Inbox, type Pulled } from './inbox.js';

export interface ReadLimits {
  /** How long, in ms, the server may say nothing. */
  readonly answerMs: number;
}

const batchMax = 500;
/** Events that wait in the client to be taken. */
export const buffered = { highWaterMark: 100 } as const;

type ClientStream = Pulled & { cancel(): Promise<void> };

async function* taken(stream: ClientStream, limits: ReadLimits): AsyncGenerator<ResolvedEvent> {
  const inbox = new Inbox(stream, () => stream.cancel(), isResolved);
  try {
    for (;;) {
      const batch = await inbox.take({ max: batchMax, withinMs: limits.answerMs });
      if (batch.length === 0) return;
      yield* batch;
    }
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
  } finally {
    await inbox.close();
  }
}

/** A stream's events from a revision on, at most `max`, in one read of the leader. A stream that is not there has none. */
export async function* eventsFrom(
  client: EventStoreDBClient,
  stream: StreamName,
  from: number,
  limits: ReadLimits,
  max = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<ReadEvent> {
  const read = client.readStream(
    stream,
    { fromRevision: BigInt(from), maxCount: max, requiresLeader: true },
    buffered,
  );
  for await (const resolved of taken(read, limits)) yield readEvent(resolved);
}

/** The last event of a stream; undefined when it is not there. */
export const lastEvent = async (
  client: EventStoreDBClient,
  stream: StreamName,
  limits: ReadLimits,
): Promise<ReadEvent | undefined> => {
  const read = client.readStream(stream, {
    direction: BACKWARDS,
    fromRevision: END,
    maxCount: 1,
    requiresLeader: true,
  });
  for await (const resolved of taken(read, limits)) return readEvent(resolved);
  return undefined;
};

/** The position of the last event that is not the server's own; 0n when there is none. */
export const headOf = async (client: EventStoreDBClient, limits: ReadLimits): Promise<bigint> => {
  const read = client.readAll({ direction: BACKWARDS, fromPosition: END, requiresLeader: true });
  for await (const resolved of taken(read, limits)) {
    const { event } = resolved;
    if (event?.position !== undefined && !isSystemStream(event.streamId)) {
      return event.position.commit;
    }
  }
  return 0n;
};

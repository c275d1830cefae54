import type { StreamName } from '@tallystick/kernel';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';

export type PastReader = Pick<EventStore, 'readStream' | 'readStreams'>;

/** A stream, and up to which of its revisions it is wanted; -1: nothing of it. */
export interface Wanted {
  readonly stream: StreamName;
  readonly upTo: number;
}

/** Shorter ones are read many at a time, longer ones alone and page by page: memory is bounded for both. */
const shortMax = 500;
const streamsPerRead = 100;

/** Hands out the events of each stream up to the revision wanted, in pages; fewer when the store has fewer. */
export async function* readPast(
  store: PastReader,
  wanted: readonly Wanted[],
): AsyncGenerator<{ readonly stream: StreamName; readonly events: readonly RecordedEvent[] }> {
  const short = wanted.filter(({ upTo }) => upTo >= 0 && upTo < shortMax);
  for (let at = 0; at < short.length; at += streamsPerRead) {
    const some = short.slice(at, at + streamsPerRead);
    const stored = await store.readStreams(some.map(({ stream }) => stream));
    for (const { stream, upTo } of some) {
      yield { stream, events: (stored.get(stream) ?? []).slice(0, upTo + 1) };
    }
  }
  for (const { stream, upTo } of wanted) {
    if (upTo < shortMax) continue;
    let page: RecordedEvent[] = [];
    for await (const event of store.readStream(stream)) {
      if (event.revision > upTo) break;
      page.push(event);
      if (page.length < shortMax) continue;
      yield { stream, events: page };
      page = [];
    }
    if (page.length > 0) yield { stream, events: page };
  }
}

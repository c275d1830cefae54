import type { StreamName } from '@tallystick/kernel';
import type { RecordedEvent } from '@tallystick/event-store';
import type { Queryable } from '@tallystick/postgres';
import type { Change, Side, View } from './view.js';

/** An event as a projection sees it, whether the bus or the store brought it. */
export type StreamEvent = Pick<
  RecordedEvent,
  'stream' | 'revision' | 'position' | 'type' | 'schemaVersion' | 'data'
> & {
  readonly metadata: Pick<RecordedEvent['metadata'], 'occurredAt' | 'recordedAt'>;
};

/**
 * How the streams of one category become rows: a pure fold. Live consumption and replay run the same one.
 * A view's row is put whole each time (never added to), so that writing it twice is writing it once.
 */
export interface Projection<State> {
  /** The streams that it folds: the part of their names before the first `-`. */
  readonly category: string;
  /** Where the relay publishes them. */
  readonly topic: string;
  /** Has one row for each stream, with a column `revision`: how far the stream is folded into all views of the projection. */
  readonly head: View;
  /** All its views, the head first. */
  readonly views: readonly [View, ...View[]];
  begin(stream: StreamName): State;
  /**
   * States out of the rows alone, for a stream's past costs the more the longer it is: each good for folding just these events, and not
   * kept. Streams that it leaves out are folded from the store.
   */
  readonly resume?: (
    tx: Queryable,
    side: Side,
    pending: ReadonlyMap<StreamName, readonly StreamEvent[]>,
  ) => Promise<ReadonlyMap<StreamName, State>>;
  /**
   * Folds one event into the state, in place, and says which rows change. Throws when the event makes no sense or is
   * newer than this release: nothing is skipped.
   */
  fold(state: State, event: StreamEvent): readonly Change[];
  /** How much memory a state takes, in units of about half a kilobyte. */
  weigh(state: State): number;
}

import type { Queryable } from '@tallystick/postgres';
import { apply, type Applied } from './apply.js';
import type { PastReader } from './past.js';
import type { Projection, StreamEvent } from './projection.js';
import { States } from './states.js';
import type { Side } from './view.js';

/** A projection at work on one side, with the states that it has in memory. */
export interface Folder extends Pick<Projection<unknown>, 'category' | 'topic' | 'head' | 'views'> {
  apply(tx: Queryable, events: readonly StreamEvent[]): Promise<Applied>;
}

export const folderOf = <State>(
  projection: Projection<State>,
  side: Side,
  store: PastReader,
  weightMax: number,
): Folder => {
  const { category, topic, head, views } = projection;
  const states = new States<State>((state) => projection.weigh(state), weightMax);
  return {
    category,
    topic,
    head,
    views,
    apply: (tx, events) => apply(tx, { projection, side, states, store }, events),
  };
};

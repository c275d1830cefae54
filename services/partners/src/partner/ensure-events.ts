import type { EventStore, NewEvent } from '@tallystick/event-store';
import type { StreamName } from '@tallystick/kernel';

/** Others write the same stream at the same moment: each round one of them wins. */
const roundsMax = 50;

/**
 * Sees to it that a stream holds these events, in this order after what it holds: appends those that it does not.
 * Returns where the last of them stands in the store's order.
 */
export const ensureEvents = async (
  store: EventStore,
  stream: StreamName,
  events: readonly NewEvent[],
): Promise<bigint> => {
  for (let rounds = 0; rounds < roundsMax; rounds += 1) {
    const there = new Map<string, bigint>();
    let revision = -1;
    for await (const event of store.readStream(stream)) {
      there.set(event.id, event.position);
      ({ revision } = event);
    }
    const missing = events.filter(({ id }) => !there.has(id));
    if (missing.length === 0) {
      let last = 0n;
      for (const { id } of events) {
        const position = there.get(id) ?? 0n;
        if (position > last) last = position;
      }
      return last;
    }
    const expected = revision < 0 ? ('noStream' as const) : revision;
    const result = await store.append([{ stream, expected, events: missing }]);
    if (result.kind !== 'conflict') return result.position;
  }
  throw new Error(`${stream} moved on in each of ${roundsMax} rounds`);
};

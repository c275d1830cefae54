import type { PendingAppend } from './pending.js';

/** What shares one commit. Large enough that the commit's own cost vanishes, small enough that nobody waits long for others. */
export const groupLimits = { eventsMax: 4_000, bytesMax: 4_000_000 } as const;

/**
 * Takes the calls that can share the next commit from the front of a queue, in order. All of them must be able to succeed
 * together: a call on a stream that is in the group already joins it only if it expects exactly what the group will
 * have written by then. The others stay for the next group. The first call always goes.
 */
export const takeGroup = (queue: PendingAppend[]): PendingAppend[] => {
  const group: PendingAppend[] = [];
  const left: PendingAppend[] = [];
  const revisions = new Map<string, number>();
  const ids = new Set<string>();
  let [events, bytes] = [0, 0];
  let full = false;
  for (const pending of queue) {
    full ||=
      group.length > 0 &&
      (events + pending.events > groupLimits.eventsMax ||
        bytes + pending.bytes > groupLimits.bytesMax);
    if (full || !fits(pending, revisions, ids)) {
      left.push(pending);
      continue;
    }
    group.push(pending);
    events += pending.events;
    bytes += pending.bytes;
    for (const write of pending.writes) {
      revisions.set(write.stream, write.expected + write.events.length);
      for (const { event } of write.events) ids.add(event.id);
    }
  }
  queue.splice(0, queue.length, ...left);
  return group;
};

const fits = (
  pending: PendingAppend,
  revisions: ReadonlyMap<string, number>,
  ids: ReadonlySet<string>,
): boolean =>
  pending.writes.every(
    (write) =>
      (revisions.get(write.stream) ?? write.expected) === write.expected &&
      write.events.every(({ event }) => !ids.has(event.id)),
  );

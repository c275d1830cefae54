import type { PendingAppend } from './pending.js';

/** What shares one commit. Large enough that the commit's own cost vanishes, small enough that nobody waits long for others. */
export const groupLimits = { eventsMax: 4_000, bytesMax: 4_000_000 } as const;

/** A group beside another has at least so many events: with fewer, a commit of its own costs more than waiting for the next one. */
export const besideFrom = 32;

/**
 * Takes the calls that can share the next commit from the front of a queue, in order. All of them must be able to succeed
 * together: a call on a stream that is in the group already joins it only if it expects exactly what the group will
 * have written by then. The others stay for the next group. Streams that are `busy`, being written by another group, are left alone, and
 * so is what comes after a call that waits for one of them. Without any, the first call always goes.
 * `shares`: among how many groups the queue is to be divided, this being the first.
 */
export const takeGroup = (
  queue: PendingAppend[],
  busy: ReadonlySet<string> = new Set(),
  shares = 1,
): PendingAppend[] => {
  const group: PendingAppend[] = [];
  const left: PendingAppend[] = [];
  const revisions = new Map<string, number>();
  const ids = new Set<string>();
  const waitedFor = new Set<string>();
  const eventsMax = shareOf(queue, shares);
  let [events, bytes] = [0, 0];
  let full = false;
  for (const pending of queue) {
    full ||=
      group.length > 0 &&
      (events + pending.events > eventsMax || bytes + pending.bytes > groupLimits.bytesMax);
    if (full) {
      left.push(pending);
      continue;
    }
    if (pending.writes.some(({ stream }) => busy.has(stream) || waitedFor.has(stream))) {
      for (const { stream } of pending.writes) waitedFor.add(stream);
      left.push(pending);
      continue;
    }
    if (!fits(pending, revisions, ids)) {
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

const shareOf = (queue: readonly PendingAppend[], shares: number): number => {
  const events = eventsOf(queue);
  const share = events < besideFrom * shares ? events : Math.ceil(events / shares);
  return Math.min(share, groupLimits.eventsMax);
};

export const eventsOf = (queue: readonly PendingAppend[]): number =>
  queue.reduce((sum, { events }) => sum + events, 0);

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

import type { Queryable } from '@tallystick/postgres';
import { revisionOf, type PendingAppend, type PendingWrite } from './pending.js';

/** An event that is in the store, for comparison. */
interface Stored {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly position: bigint | string;
}

/** How a stream stands to a write: it can be written, has it all already, or differs. */
type Standing =
  | { readonly kind: 'writable' }
  | { readonly kind: 'there'; readonly position: bigint; readonly own: boolean }
  | { readonly kind: 'conflict'; readonly actual: number };

/**
 * Goes through a group of which nothing was written because streams were elsewhere than expected. Answers the calls
 * that are decided by that: repeats of what is there are unchanged, others conflict. Returns the calls that can still
 * be written, in order; each has less to write, or is unhindered, so that to go on with them comes to an end.
 */
export const settleStale = async (
  db: Queryable,
  group: readonly PendingAppend[],
  actual: ReadonlyMap<string, number>,
): Promise<readonly PendingAppend[]> => {
  const stored = await readStored(db, group, actual);
  const left: PendingAppend[] = [];
  /** Where the streams will be when the calls that are left have been written. */
  const coming = new Map(actual);
  for (const pending of group) {
    const standings = pending.writes.map((write) => ({
      write,
      standing: standingOf(write, actual, coming, stored),
    }));
    const conflict = standings.find(({ standing }) => standing.kind === 'conflict');
    if (conflict?.standing.kind === 'conflict') {
      pending.resolve({
        kind: 'conflict',
        stream: conflict.write.stream,
        actual: revisionOf(conflict.standing.actual),
      });
      continue;
    }
    for (const { standing } of standings) {
      if (standing.kind !== 'there') continue;
      if (standing.position > pending.found) pending.found = standing.position;
      pending.foundIsOwn &&= standing.own;
    }
    pending.writes = standings
      .filter(({ standing }) => standing.kind === 'writable')
      .map(({ write }) => write);
    if (pending.writes.length === 0) {
      const own = pending.unknown && pending.foundIsOwn;
      pending.resolve({ kind: own ? 'appended' : 'unchanged', position: pending.found });
      continue;
    }
    for (const write of pending.writes) {
      coming.set(write.stream, write.expected + write.events.length);
    }
    left.push(pending);
  }
  return left;
};

const keyOf = (stream: string, revision: number): string => `${revision} ${stream}`;

const standingOf = (
  write: PendingWrite,
  actual: ReadonlyMap<string, number>,
  coming: ReadonlyMap<string, number>,
  stored: ReadonlyMap<string, Stored>,
): Standing => {
  if (coming.get(write.stream) === write.expected) return { kind: 'writable' };
  const now = actual.get(write.stream) ?? -1;
  const conflict: Standing = { kind: 'conflict', actual: now };
  if (now < write.expected + write.events.length) return conflict;
  let position = 0n;
  let own = true;
  for (const [index, { event, metadata }] of write.events.entries()) {
    const there = stored.get(keyOf(write.stream, write.expected + 1 + index));
    if (there?.id !== event.id || there.type !== event.type || there.data !== event.data) {
      return conflict;
    }
    position = BigInt(there.position);
    own &&= there.metadata === metadata;
  }
  return { kind: 'there', position, own };
};

/** Reads what is in the places that the group's events would have taken, where streams are long enough for it. */
const readStored = async (
  db: Queryable,
  group: readonly PendingAppend[],
  actual: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Stored>> => {
  const ranges = group
    .flatMap(({ writes }) => writes)
    .filter(
      ({ stream, expected, events }) => (actual.get(stream) ?? -1) >= expected + events.length,
    );
  if (ranges.length === 0) return new Map();
  const { rows } = await db.query<Stored>({
    name: 'tallystick-compare',
    text: `select e.stream, e.revision, e.id, e.type, e.data, e.metadata, e.position
             from unnest($1::text[], $2::integer[], $3::integer[]) as w (stream, expected, count)
             join eventstore.events e
               on e.stream = w.stream and e.revision > w.expected and e.revision <= w.expected + w.count`,
    values: [
      ranges.map(({ stream }) => stream),
      ranges.map(({ expected }) => expected),
      ranges.map(({ events }) => events.length),
    ],
  });
  return new Map(rows.map((row) => [keyOf(row.stream, row.revision), row]));
};

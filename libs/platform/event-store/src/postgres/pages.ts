import type { StreamName } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { isUnavailable } from '@tallystick/postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable, type ReadAllOptions, type RecordedEvent } from '../port.js';
import { eventColumns, eventOf, type EventRow } from './decode-row.js';

/** A page holds at most this many events, and stops at the first that takes it over the bytes (one event always fits). */
export const pageLimits = { eventsMax: 1_000, bytesMax: 1_000_000 } as const;
const streamsPerQueryMax = 500;

/** Cuts a page of rows at its byte limit, in the database, by the sizes alone: large values are not even unpacked. */
const cutAtBytes = (rows: string, order: string): string => `
  select ${eventColumns} from (
    select p.*, octet_length(p.data) + octet_length(p.metadata) as own_bytes,
           sum(octet_length(p.data) + octet_length(p.metadata)) over (order by ${order} rows unbounded preceding) as all_bytes
      from (${rows}) p
  ) cut where all_bytes - own_bytes < ${pageLimits.bytesMax} order by ${order}`;

const columns = (alias: string): string =>
  eventColumns
    .split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');

const everything = {
  name: 'tallystick-all',
  text: cutAtBytes(
    `select ${eventColumns} from eventstore.events where position > $1 order by position limit $2`,
    'position',
  ),
};
/** Each category by its own index, so that a rare one is found as fast as a common one. */
const someCategories = {
  name: 'tallystick-categories',
  text: cutAtBytes(
    `select ${columns('e')} from unnest($3::text[]) as c (category)
       cross join lateral (
         select * from eventstore.events where category = c.category and position > $1 order by position limit $2
       ) e order by e.position limit $2`,
    'position',
  ),
};
const oneStream = {
  name: 'tallystick-stream',
  text: cutAtBytes(
    `select ${eventColumns} from eventstore.events where stream = $1 and revision >= $2 order by revision limit $3`,
    'revision',
  ),
};
const severalStreams = {
  name: 'tallystick-streams',
  text: `select ${columns('e')} from unnest($1::text[], $2::integer[]) as w (stream, since)
           cross join lateral (
             select * from eventstore.events where stream = w.stream and revision >= w.since order by revision
           ) e`,
};

export const pageOfAll = async (
  db: Database,
  after: bigint,
  categories: ReadAllOptions['categories'],
  eventsMax: number,
): Promise<readonly RecordedEvent[]> => {
  const limit = Math.min(eventsMax, pageLimits.eventsMax);
  const query =
    categories === undefined
      ? { ...everything, values: [after, limit] }
      : { ...someCategories, values: [after, limit, [...new Set(categories)]] };
  return (await db.query<EventRow>(query)).rows.map(eventOf);
};

export const pageOfStream = async (
  db: Database,
  stream: StreamName,
  from: number,
): Promise<readonly RecordedEvent[]> => {
  const query = { ...oneStream, values: [stream, from, pageLimits.eventsMax] };
  return (await db.query<EventRow>(query)).rows.map(eventOf);
};

export const severalStreamsOf = async (
  db: Database,
  streams: readonly StreamName[],
  from: ReadonlyMap<StreamName, number> = new Map(),
): Promise<ReadonlyMap<StreamName, readonly RecordedEvent[]>> => {
  const names = [...new Set(streams)];
  const found = new Map<StreamName, RecordedEvent[]>();
  for (let at = 0; at < names.length; at += streamsPerQueryMax) {
    const chunk = names.slice(at, at + streamsPerQueryMax);
    const since = chunk.map((stream) => from.get(stream) ?? 0);
    const { rows } = await db.query<EventRow>({ ...severalStreams, values: [chunk, since] });
    for (const row of rows) {
      const event = eventOf(row);
      const events = found.get(event.stream);
      if (events === undefined) found.set(event.stream, [event]);
      else events.push(event);
    }
  }
  return found;
};

export const headOf = async (db: Database): Promise<bigint> => {
  const { rows } = await db.query<{ head: bigint | string }>({
    name: 'tallystick-head',
    text: 'select coalesce(max(position), 0) as head from eventstore.events',
  });
  return BigInt(rows[0]?.head ?? 0);
};

const firstPauseMs = 50;
const pauseMsMax = 1_000;

/** Reading changes nothing: a read that lost its connection is done again for a while. Then throws `StoreUnavailable`. */
export const readAgain = async <T>(retryMs: number, read: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + retryMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
    try {
      return await read();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (Date.now() >= deadline) throw new StoreUnavailable(error);
      await sleep(pauseMs);
    }
  }
};

/**
 * Yields pages one after the other until an empty one, and fetches the next while one is being used: two pages
 * are in memory at most.
 */
export async function* inPages<Cursor>(
  start: Cursor,
  fetch: (cursor: Cursor) => Promise<readonly RecordedEvent[]>,
  next: (last: RecordedEvent) => Cursor,
): AsyncGenerator<RecordedEvent> {
  let coming = fetch(start);
  for (;;) {
    const page = await coming;
    const last = page.at(-1);
    if (last === undefined) return;
    coming = fetch(next(last));
    // A reader that stops early never asks how this one ended.
    coming.catch(() => undefined);
    yield* page;
  }
}

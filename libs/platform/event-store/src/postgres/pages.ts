import type { StreamName } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { isUnavailable } from '@tallystick/postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  StoreUnavailable,
  type BareEvent,
  type ReadAllOptions,
  type RecordedEvent,
} from '../port.js';
import {
  bareColumns,
  bareEventOf,
  eventColumns,
  eventOf,
  type BareRow,
  type EventRow,
} from './decode-row.js';

/** A page holds at most this many events, and stops at the first that takes it over the bytes (one event always fits). */
export const pageLimits = { eventsMax: 1_000, bytesMax: 1_000_000 } as const;
/** UTF-8 needs at most so many bytes for a unit of a string's length. */
const utf8BytesPerUnitMax = 3;
const streamsPerQueryMax = 500;
const positionMax = '9223372036854775807';

/** What is read of each event, and what of that counts as its bytes. */
interface Reading {
  readonly columns: string;
  readonly bytes: string;
}
const whole: Reading = {
  columns: eventColumns,
  bytes: 'octet_length(p.data) + octet_length(p.metadata)',
};
const bare: Reading = { columns: bareColumns, bytes: 'octet_length(p.data)' };

/** Cuts a page of rows at its byte limit, in the database, by the sizes alone: large values are not even unpacked. */
const cutAtBytes = (rows: string, order: string, { columns, bytes } = whole): string => `
  select ${columns} from (
    select p.*, ${bytes} as own_bytes,
           sum(${bytes}) over (order by ${order} rows unbounded preceding) as all_bytes
      from (${rows}) p
  ) cut where all_bytes - own_bytes < ${pageLimits.bytesMax} order by ${order}`;

const columns = (alias: string, names: string = eventColumns): string =>
  names
    .split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');

const everythingOf = (read: Reading): string =>
  cutAtBytes(
    `select ${read.columns} from eventstore.events where position > $1 order by position limit $2`,
    'position',
    read,
  );
/**
 * Each category by its own index, so that a rare one is found as fast as a common one. Compared as rows: with `category =` the planner
 * takes the index of positions where it believes that the category is common, and then reads everything to find nothing.
 */
const someCategoriesOf = (read: Reading): string =>
  cutAtBytes(
    `select ${columns('e', read.columns)} from unnest($3::text[]) as c (category)
       cross join lateral (
         select * from eventstore.events
          where (category, position) > (c.category, $1::bigint)
            and (category, position) <= (c.category, ${positionMax})
          order by category, position limit $2
       ) e order by e.position limit $2`,
    'position',
    read,
  );

const everything = { name: 'tallystick-all', text: everythingOf(whole) };
const everythingBare = { name: 'tallystick-all-bare', text: everythingOf(bare) };
export const someCategories = { name: 'tallystick-categories', text: someCategoriesOf(whole) };
export const someCategoriesBare = {
  name: 'tallystick-categories-bare',
  text: someCategoriesOf(bare),
};
const oneStream = {
  name: 'tallystick-stream',
  text: cutAtBytes(
    `select ${eventColumns} from eventstore.events where stream = $1 and revision >= $2 order by revision limit $3`,
    'revision',
  ),
};
/** The beginnings of several streams: each cut like a page of its own, at fewer events. */
const severalBeginnings = {
  name: 'tallystick-beginnings',
  text: `select ${columns('e')}, w.reader::integer as reader
           from unnest($1::text[], $2::integer[]) with ordinality as w (stream, since, reader)
           cross join lateral (${cutAtBytes(
             `select ${eventColumns} from eventstore.events
                where stream = w.stream and revision >= w.since order by revision limit $3`,
             'revision',
           )}) e`,
};
const severalStreams = {
  name: 'tallystick-streams',
  text: `select ${columns('e')} from unnest($1::text[], $2::integer[]) as w (stream, since)
           cross join lateral (
             select * from eventstore.events where stream = w.stream and revision >= w.since order by revision
           ) e`,
};

export interface Page<Event = RecordedEvent> {
  readonly events: readonly Event[];
  /** Whether nothing followed when it was read. */
  readonly last: boolean;
}

/** A page that is neither full nor large enough to have been cut is the last one. */
const isLast = (
  rows: readonly (BareRow & { readonly metadata?: string })[],
  eventsMax: number,
): boolean => {
  if (rows.length >= eventsMax) return false;
  let bytesAtMost = 0;
  for (const { data, metadata = '' } of rows)
    bytesAtMost += (data.length + metadata.length) * utf8BytesPerUnitMax;
  return bytesAtMost < pageLimits.bytesMax;
};

const pageOf = (rows: readonly EventRow[], eventsMax: number): Page => ({
  events: rows.map(eventOf),
  last: isLast(rows, eventsMax),
});

export const pageOfAll = async (
  db: Database,
  after: bigint,
  categories: ReadAllOptions['categories'],
  eventsMax: number,
): Promise<Page> => {
  const limit = Math.min(eventsMax, pageLimits.eventsMax);
  const query =
    categories === undefined
      ? { ...everything, values: [after, limit] }
      : { ...someCategories, values: [after, limit, [...new Set(categories)]] };
  return pageOf((await db.query<EventRow>(query)).rows, limit);
};

export const barePageOfAll = async (
  db: Database,
  after: bigint,
  categories: ReadAllOptions['categories'],
): Promise<Page<BareEvent>> => {
  const limit = pageLimits.eventsMax;
  const query =
    categories === undefined
      ? { ...everythingBare, values: [after, limit] }
      : { ...someCategoriesBare, values: [after, limit, [...new Set(categories)]] };
  const { rows } = await db.query<BareRow>(query);
  return { events: rows.map(bareEventOf), last: isLast(rows, limit) };
};

export const pageOfStream = async (
  db: Database,
  stream: StreamName,
  from: number,
): Promise<Page> => {
  const query = { ...oneStream, values: [stream, from, pageLimits.eventsMax] };
  return pageOf((await db.query<EventRow>(query)).rows, pageLimits.eventsMax);
};

/** Where a reader of a stream begins. */
export interface Beginning {
  readonly stream: StreamName;
  readonly from: number;
}

/** The first events of each reader's page, at most `eventsMax`, in the order of the readers. */
export const beginningsOf = async (
  db: Database,
  readers: readonly Beginning[],
  eventsMax: number,
): Promise<readonly Page[]> => {
  const pages = readers.map((): EventRow[] => []);
  const { rows } = await db.query<EventRow & { readonly reader: number }>({
    ...severalBeginnings,
    values: [readers.map(({ stream }) => stream), readers.map(({ from }) => from), eventsMax],
  });
  for (const row of rows) pages[row.reader - 1]?.push(row);
  return pages.map((page) => pageOf(page, eventsMax));
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
 * Yields pages one after the other until the last one, and fetches the next while one is being used: two pages
 * are in memory at most. `first` fetches the first page.
 */
export async function* pagesOf<Event, Cursor>(
  first: () => Promise<Page<Event>>,
  fetch: (cursor: Cursor) => Promise<Page<Event>>,
  next: (last: Event) => Cursor,
): AsyncGenerator<readonly Event[]> {
  for (let page = await first(); ;) {
    const last = page.events.at(-1);
    if (last === undefined) return;
    if (page.last) {
      yield page.events;
      return;
    }
    const coming = fetch(next(last));
    // A reader that stops early never asks how this one ended.
    coming.catch(() => undefined);
    yield page.events;
    page = await coming;
  }
}

/** The events of pages, one by one. */
export async function* inPages<Cursor>(
  first: () => Promise<Page>,
  fetch: (cursor: Cursor) => Promise<Page>,
  next: (last: RecordedEvent) => Cursor,
): AsyncGenerator<RecordedEvent> {
  for await (const events of pagesOf(first, fetch, next)) yield* events;
}

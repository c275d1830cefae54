import type { Migration, SharedSchema } from '@tallystick/postgres';

/** The schema that holds the events. Its name is fixed: the function below refers to it. */
export const eventStoreSchemaName = 'eventstore';

/**
 * How `$all` gets its order. A position is one more than the greatest there is, taken inside the appending transaction.
 * The primary key makes that safe by itself: position n + 1 can only be inserted by a transaction that sees n committed,
 * for a second one with the same position waits for the first, and fails if it commits. So positions are without gaps, become visible in
 * their own order, and a rollback or a killed writer leaves nothing behind. The advisory lock only spares writers that collision: they queue
 * for it, and get a new snapshot after it (each statement of a volatile function has its own, in READ COMMITTED).
 * No row is updated, so a transaction that stays open elsewhere for hours makes nothing slower.
 * Everything happens in one statement: a client that stalls or dies cannot hold the lock.
 */
const events = `
create table events (
  position bigint primary key,
  id uuid not null,
  revision integer not null check (revision >= 0),
  schema_version integer not null,
  stream text collate "C" not null,
  category text collate "C" not null generated always as (split_part(stream, '-', 1)) stored,
  type text collate "C" not null,
  data text not null,
  metadata text not null,
  constraint events_stream_revision unique (stream, revision),
  constraint events_id unique (id)
);
create index events_category on events (category, position);

comment on table events is 'Append-only. data is the canonical JSON (RFC 8785) as it was hashed: text, so that not a byte changes.';
comment on column events.position is 'The place in the order of all events: without gaps, and visible in its own order.';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are never changed or removed' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on events
  for each statement execute function refuse_change();

create function append(
  -- The streams of the append, each once, with the revision that is expected: -1 for none.
  check_streams text[], check_expected integer[],
  -- The events, in their order.
  streams text[], revisions integer[], ids uuid[], types text[], schema_versions integer[], data text[], metadata text[],
  -- The last event's position; null when a stream is not where it was expected. Then nothing is written.
  out last_position bigint,
  -- Where the streams are, in the order of check_streams; null when the events were written.
  out actual integer[]
) language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
declare
  stale boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('tallystick event store append', 0));

  select array_agg(coalesce(newest.revision, -1) order by c.ordinal),
         bool_or(coalesce(newest.revision, -1) <> c.expected)
    into actual, stale
    from unnest(check_streams, check_expected) with ordinality as c (stream, expected, ordinal)
    left join lateral (
      select e.revision from eventstore.events e
      where e.stream = c.stream order by e.revision desc limit 1
    ) newest on true;
  if stale then return; end if;

  insert into eventstore.events (position, stream, revision, id, type, schema_version, data, metadata)
    select head.position + e.ordinal, e.stream, e.revision, e.id, e.type, e.schema_version, e.data, e.metadata
      from (select coalesce(max(h.position), 0) as position from eventstore.events h) head,
           unnest(streams, revisions, ids, types, schema_versions, data, metadata)
             with ordinality as e (stream, revision, id, type, schema_version, data, metadata, ordinal);
  select max(h.position) into last_position from eventstore.events h;
  actual := null;
end $$;
revoke all on function append from public;
`;

const migrations: readonly Migration[] = [
  {
    name: '0001-events',
    note: 'The events, append-only, and the one function that appends to them.',
    sql: events,
  },
];

/**
 * For `provision`. Who may write may call the function, which checks every revision: nobody but the owner can insert by
 * another way, and nobody at all can update, delete or truncate.
 */
export const eventStoreSchema: SharedSchema = {
  schema: eventStoreSchemaName,
  migrations,
  grants: (role, access) => `
    grant usage on schema ${eventStoreSchemaName} to ${role};
    grant select on ${eventStoreSchemaName}.events to ${role};
    ${access === 'write' ? `grant execute on function ${eventStoreSchemaName}.append to ${role};` : ''}
  `,
};

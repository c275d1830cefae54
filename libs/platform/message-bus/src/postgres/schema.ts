import type { Migration, SharedSchema } from '@tallystick/postgres';

/**
 * Services write through the functions only, which run as the owner: no service can forge an offset, take a
 * message back, or prune what a group has not done.
 */
const initial: Migration = {
  name: '0001-bus',
  note: 'Topics, their partitions and messages, the positions of groups, dead letters; functions are the only way to write',
  sql: `
create table topics (
  topic text primary key,
  partitions int not null check (partitions > 0)
);

create table partitions (
  id int generated always as identity primary key,
  topic text not null references topics,
  partition int not null,
  next_offset bigint not null default 0,
  unique (topic, partition)
) with (fillfactor = 20); -- one row changes with every batch: room for new versions beside the old

create table messages (
  partition_id int not null,
  "offset" bigint not null,
  key text not null,
  id text not null,
  headers json not null, -- json, not jsonb: what was sent, to the letter
  value text not null,
  published_at timestamptz not null default clock_timestamp(),
  primary key (partition_id, "offset")
);

create table subscriptions (
  id int generated always as identity primary key,
  group_name text not null,
  topic text not null references topics,
  unique (group_name, topic)
);

create table positions (
  id int generated always as identity primary key,
  subscription_id int not null references subscriptions,
  partition_id int not null references partitions,
  position bigint not null, -- the next offset that the group will do
  stored_at timestamptz not null default clock_timestamp(),
  unique (subscription_id, partition_id)
) with (fillfactor = 20);

create table dead_letters (
  nth bigint generated always as identity primary key,
  topic text not null references topics,
  partition int not null,
  "offset" bigint not null,
  group_name text not null,
  key text not null,
  id text not null,
  headers json not null,
  value text not null,
  reason text not null,
  published_at timestamptz not null,
  died_at timestamptz not null default clock_timestamp(),
  unique (topic, partition, "offset", group_name)
);
create index on dead_letters (topic, nth);

-- So that a bus can tell whether a connection leads to it or to another one.
create table identity (
  singleton boolean primary key default true check (singleton),
  id uuid not null default gen_random_uuid()
);
insert into identity default values;

create function ensure_topics(p_topics text[], p_partitions int[]) returns void
language plpgsql security definer set search_path = bus, pg_temp as $$
begin
  -- Sorted, so that two callers with other orders wait for each other and do not deadlock.
  insert into topics (topic, partitions)
    select w.topic, w.partitions from unnest(p_topics, p_partitions) as w (topic, partitions)
     where not exists (select 1 from topics t where t.topic = w.topic)
     order by w.topic
    on conflict do nothing;
  insert into partitions (topic, partition)
    select t.topic, n from topics t, generate_series(0, t.partitions - 1) as n
     where t.topic = any (p_topics)
       and not exists (select 1 from partitions p where p.topic = t.topic and p.partition = n)
     order by t.topic, n
    on conflict do nothing;
end $$;

-- Whoever publishes to several partitions in several calls of one transaction locks all of them first.
create function lock_partitions(p_ids int[]) returns void
language plpgsql security definer set search_path = bus, pg_temp as $$
begin
  perform 1 from partitions where id = any (p_ids) order by id for no key update;
end $$;

-- Offsets are given under the row lock of the partition, which is held until the commit: so they have no gaps, and
-- a reader that sees one has seen all below it. Locks are taken in the order of ids: publishers cannot deadlock.
create function publish(p_partitions int[], p_keys text[], p_ids text[], p_headers text[], p_values text[])
returns void
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  published bigint;
begin
  perform lock_partitions(p_partitions);
  insert into messages (partition_id, "offset", key, id, headers, value)
    select m.partition_id,
           p.next_offset + row_number() over (partition by m.partition_id order by m.nth) - 1,
           m.key, m.id, m.headers::json, m.value
      from unnest(p_partitions, p_keys, p_ids, p_headers, p_values)
           with ordinality as m (partition_id, key, id, headers, value, nth)
      join partitions p on p.id = m.partition_id;
  get diagnostics published = row_count;
  if published <> cardinality(p_partitions) then
    raise exception 'a partition of the batch does not exist';
  end if;
  update partitions p
     set next_offset = p.next_offset + c.messages
    from (select w.id, count(*) as messages from unnest(p_partitions) as w (id) group by w.id) c
   where p.id = c.id;
end $$;

-- A new group begins at the oldest message that is kept. The lock keeps pruning away meanwhile.
create function join_group(p_group text, p_topics text[]) returns void
language plpgsql security definer set search_path = bus, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('tallystick bus pruning', 0));
  insert into subscriptions (group_name, topic)
    select p_group, w.topic from unnest(p_topics) as w (topic)
     where not exists
       (select 1 from subscriptions s where s.group_name = p_group and s.topic = w.topic)
     order by w.topic
    on conflict do nothing;
  insert into positions (subscription_id, partition_id, position)
    select s.id, p.id,
           coalesce((select min(m."offset") from messages m where m.partition_id = p.id), p.next_offset)
      from subscriptions s join partitions p using (topic)
     where s.group_name = p_group and s.topic = any (p_topics)
       and not exists
         (select 1 from positions o where o.subscription_id = s.id and o.partition_id = p.id)
     order by s.id, p.id
    on conflict do nothing;
end $$;

-- Moves a position from where the caller believes it to be, and buries the poison on the way, both or neither.
-- False when the position is elsewhere: somebody else has gone on from there. Keys and values: what is kept in place of
-- the message's own, null where it is kept as it came.
create function settle(p_position int, p_from bigint, p_to bigint, p_offsets bigint[], p_reasons text[],
                       p_keys text[], p_values text[])
returns boolean
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  buried bigint;
begin
  update positions set position = p_to, stored_at = clock_timestamp()
   where id = p_position and position = p_from and p_to >= p_from;
  if not found then
    return false;
  end if;
  if cardinality(p_offsets) > 0 then
    insert into dead_letters
           (topic, partition, "offset", group_name, key, id, headers, value, reason, published_at)
      select p.topic, p.partition, m."offset", s.group_name, coalesce(d.key, m.key), m.id, m.headers,
             coalesce(d.value, m.value), d.reason, m.published_at
        from positions o
        join partitions p on p.id = o.partition_id
        join subscriptions s on s.id = o.subscription_id
       cross join unnest(p_offsets, p_reasons, p_keys, p_values) as d ("offset", reason, key, value)
        join messages m on m.partition_id = o.partition_id and m."offset" = d."offset"
       where o.id = p_position and d."offset" >= p_from and d."offset" < p_to
       order by m."offset";
    get diagnostics buried = row_count;
    if buried <> cardinality(p_offsets) then
      raise exception 'a poison message of position % is not where it was', p_position;
    end if;
  end if;
  return true;
end $$;

-- Deletes at most p_max of the oldest messages that every group of their topic has done and that are older than the
-- retention; says how many. A topic without a group keeps everything: nobody has done it. One at a time.
create function prune(p_retention interval, p_max int) returns int
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  kept_since timestamptz := clock_timestamp() - p_retention;
  part record;
  gone int;
  pruned int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('tallystick bus pruning', 0)) then
    return 0;
  end if;
  for part in
    select o.partition_id as id, min(o.position) as done from positions o group by o.partition_id
  loop
    delete from messages m
     where m.partition_id = part.id
       and m."offset" < part.done
       and m."offset" < (
         -- Only a prefix goes, whatever the clock did: the first one that stays ends it.
         select coalesce(min(w."offset") filter (where w.published_at >= kept_since), max(w."offset") + 1)
           from (select c."offset", c.published_at from messages c
                  where c.partition_id = part.id and c."offset" < part.done
                  order by c."offset" limit p_max - pruned) w);
    get diagnostics gone = row_count;
    pruned := pruned + gone;
    exit when pruned >= p_max;
  end loop;
  return pruned;
end $$;

revoke all on all routines in schema bus from public;
`,
};

/** Functions keep their rights when they are replaced; a new one is everybody's until that is taken back. */
const endings: Migration = {
  name: '0002-dead-letters-end',
  note: 'What people made of dead letters: tried again, or dropped; which of them hold something in place of the message',
  sql: `
alter table dead_letters
  add column replaced boolean not null default false, -- key and value stand in place of the message's own
  add column ended_at timestamptz,
  add column ended_how text check (ended_how in ('retried', 'dropped')),
  add column ended_by text,
  add check ((ended_at is null) = (ended_how is null) and (ended_at is null) = (ended_by is null));
-- What was kept in place of a message has another key, or another value, than the message; it can be told as long as that is kept.
update dead_letters d set replaced = true
  from partitions p, messages m
 where p.topic = d.topic and p.partition = d.partition
   and m.partition_id = p.id and m."offset" = d."offset"
   and (m.key, m.value) <> (d.key, d.value);

-- Moves a position from where the caller believes it to be, and buries the poison on the way, both or neither.
-- False when the position is elsewhere: somebody else has gone on from there. Keys and values: what is kept in place of
-- the message's own, null where it is kept as it came.
create or replace function settle(p_position int, p_from bigint, p_to bigint, p_offsets bigint[], p_reasons text[],
                       p_keys text[], p_values text[])
returns boolean
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  buried bigint;
begin
  update positions set position = p_to, stored_at = clock_timestamp()
   where id = p_position and position = p_from and p_to >= p_from;
  if not found then
    return false;
  end if;
  if cardinality(p_offsets) > 0 then
    insert into dead_letters
           (topic, partition, "offset", group_name, key, id, headers, value, reason, published_at, replaced)
      select p.topic, p.partition, m."offset", s.group_name, coalesce(d.key, m.key), m.id, m.headers,
             coalesce(d.value, m.value), d.reason, m.published_at, d.key is not null
        from positions o
        join partitions p on p.id = o.partition_id
        join subscriptions s on s.id = o.subscription_id
       cross join unnest(p_offsets, p_reasons, p_keys, p_values) as d ("offset", reason, key, value)
        join messages m on m.partition_id = o.partition_id and m."offset" = d."offset"
       where o.id = p_position and d."offset" >= p_from and d."offset" < p_to
       order by m."offset";
    get diagnostics buried = row_count;
    if buried <> cardinality(p_offsets) then
      raise exception 'a poison message of position % is not where it was', p_position;
    end if;
  end if;
  return true;
end $$;

create function end_dead_letter(p_topic text, p_partition int, p_offset bigint, p_group text, p_how text, p_by text)
returns void
language plpgsql security definer set search_path = bus, pg_temp as $$
begin
  update dead_letters set ended_at = clock_timestamp(), ended_how = p_how, ended_by = p_by
   where topic = p_topic and partition = p_partition and "offset" = p_offset and group_name = p_group
     and ended_at is null;
end $$;

revoke all on function end_dead_letter from public;
`,
};

/** What the bus keeps in PostgreSQL, for `provision`. */
export const busSchema: SharedSchema = {
  schema: 'bus',
  migrations: [initial, endings],
  grants: (role, access) =>
    [
      `grant usage on schema bus to ${role}`,
      `grant select on all tables in schema bus to ${role}`,
      ...(access === 'write' ? [`grant execute on all routines in schema bus to ${role}`] : []),
    ].join(';\n'),
};

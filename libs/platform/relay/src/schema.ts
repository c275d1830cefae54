import type { Migration, SharedSchema } from '@tallystick/postgres';

const initial: Migration = {
  name: '0001-relay',
  note: 'How far each relay has published, moved by a function only from where it is',
  sql: `
create table positions (
  relay text primary key,
  position bigint not null,
  stored_at timestamptz not null default clock_timestamp()
) with (fillfactor = 20); -- one row changes with every batch: room for new versions beside the old

-- False when the position is elsewhere: another relay has gone on from there.
create function store_position(p_relay text, p_from bigint, p_to bigint) returns boolean
language plpgsql security definer set search_path = relay, pg_temp as $$
begin
  if p_from = 0 then
    insert into positions (relay, position) values (p_relay, 0) on conflict do nothing;
  end if;
  update positions set position = p_to, stored_at = clock_timestamp()
   where relay = p_relay and position = p_from and p_to >= p_from;
  return found;
end $$;

revoke all on all routines in schema relay from public;
`,
};

/** What the relay keeps in PostgreSQL, for `provision`: `read` is enough to wait for it, `write` is for who runs it. */
export const relaySchema: SharedSchema = {
  schema: 'relay',
  migrations: [initial],
  grants: (role, access) =>
    [
      `grant usage on schema relay to ${role}`,
      `grant select on all tables in schema relay to ${role}`,
      ...(access === 'write' ? [`grant execute on all routines in schema relay to ${role}`] : []),
    ].join(';\n'),
};

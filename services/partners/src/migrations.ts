import type { Migration } from '@tallystick/postgres';

export const migrations: readonly Migration[] = [
  {
    name: '0001-partners-keys-and-events',
    note: `A row is written before its event, and "appended" says that the event is in the store. What can not be made
again from the store: the keys' secrets, the raw bodies (both sealed), and the refused contents of known events.`,
    sql: `
      create table partners (
        program text not null,
        partner text not null,
        name text not null,
        registered_at text not null,
        first_key text,
        context jsonb not null,
        appended boolean not null default false,
        written_at timestamptz not null default now(),
        primary key (program, partner)
      );
      create index partners_unfinished on partners (written_at) where not appended;

      create table keys (
        program text not null,
        partner text not null,
        key_id text not null,
        request text,
        issued_at text not null,
        revoked_at text,
        context jsonb not null,
        revoked_context jsonb,
        master_key_id text,
        wrapped_key bytea,
        secret bytea,
        appended boolean not null default false,
        written_at timestamptz not null default now(),
        primary key (program, partner, key_id),
        unique (program, partner, request)
      );
      create index keys_unfinished on keys (written_at) where not appended;

      create table events (
        program text not null,
        partner text not null,
        event text not null,
        hash text not null,
        data jsonb not null,
        sent_at text,
        received_at text not null,
        context jsonb not null,
        master_key_id text,
        wrapped_key bytea,
        body bytea,
        appended boolean not null default false,
        position numeric,
        written_at timestamptz not null default now(),
        primary key (program, partner, event)
      );
      create index events_unfinished on events (written_at) where not appended;

      create table conflicts (
        program text not null,
        partner text not null,
        event text not null,
        hash text not null,
        key_id text not null,
        signature text not null,
        sent_at text not null,
        first_at text not null,
        last_at text not null,
        times integer not null default 1,
        master_key_id text not null,
        wrapped_key bytea not null,
        body bytea not null,
        primary key (program, partner, event, hash)
      );

      create table outcomes (
        fact text primary key,
        status text not null check (status in ('waiting', 'nothing', 'awarded')),
        points bigint not null,
        reason text
      );

      create table rebuilt_to (
        one boolean primary key default true check (one),
        position numeric not null,
        outcomes boolean not null default false
      );
      insert into rebuilt_to (position) values (0);
    `,
  },
];

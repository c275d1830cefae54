import type { Migration } from '@tallystick/postgres';

/** Only what is not derived from events. The views have no migrations: a replay builds them in the shape of the code. */
export const migrations: readonly Migration[] = [
  {
    name: '0001-replays',
    note: 'Replay jobs with their reports, and whether the views of this installation have ever been created.',
    sql: `create table replays (
      id uuid primary key,
      status text not null,
      rebuild boolean not null,
      requested_by text not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      events bigint not null default 0,
      report jsonb,
      problem text
    );
    create table view_sets (created_at timestamptz not null default now())`,
  },
];

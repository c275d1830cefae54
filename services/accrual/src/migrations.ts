import type { Migration } from '@tallystick/postgres';

export const migrations: readonly Migration[] = [
  {
    name: '0001-unsettled',
    note: 'Facts that were registered and whose effect has not been heard of: what the sweeper looks at.',
    sql: `
      create table unsettled (
        fact text primary key,
        noted_at timestamptz not null default now()
      );
      create index unsettled_by_age on unsettled (noted_at, fact);
    `,
  },
];

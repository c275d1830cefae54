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
  {
    name: '0002-accounts',
    note: 'Which accounts there are, and where the newest closed period of each stands. Made from the bus, can be made again.',
    sql: `
      create table accounts (
        stream text collate "C" primary key,
        program text not null,
        account text not null,
        closed_revision integer
      );
      create index accounts_by_program on accounts (program, stream);
    `,
  },
  {
    name: '0003-adjustments',
    note: 'Where each adjustment stands: what managers list as open, and what the sweeper looks at. Made from the bus, can be made again.',
    sql: `
      create table adjustments (
        program text not null,
        adjustment text collate "C" not null,
        revision integer not null,
        status text not null,
        requested_at timestamptz not null,
        noted_at timestamptz not null default now(),
        primary key (program, adjustment)
      );
      create index adjustments_open on adjustments (program, requested_at, adjustment) where status = 'requested';
      create index adjustments_unfinished on adjustments (noted_at) where status = 'approved';
    `,
  },
];

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
  {
    name: '0004-clock',
    note: 'When something may lapse on which account, made from the bus without folding; and how far the store was read for what older releases had not noted.',
    sql: `
      create table due_accounts (
        stream text collate "C" primary key,
        next_due timestamptz not null,
        rests_until timestamptz
      );
      create index due_accounts_in_order on due_accounts (next_due, stream);
      create table caught_up (
        what text primary key,
        position bigint not null,
        done boolean not null
      );
    `,
  },
  {
    name: '0005-merges',
    note: 'Merges, and which of them have arrived: what the sweeper looks at. Made from the bus, can be made again.',
    sql: `
      create table merges (
        fact text primary key,
        program text,
        merge text,
        done boolean not null default false,
        noted_at timestamptz not null default now()
      );
      create index merges_unfinished on merges (noted_at) where not done;
    `,
  },
  {
    name: '0006-closings',
    note: 'Closings of periods: a job each, and the account where it is. Asked for in the store; asked for again, it is made again.',
    sql: `
      create table closings (
        program text not null,
        through date not null,
        until text not null,
        keep_from text not null,
        position bigint not null,
        requested_by text not null,
        status text not null default 'running',
        after_stream text collate "C",
        closed integer not null default 0,
        skipped integer not null default 0,
        refused integer not null default 0,
        ended_at timestamptz,
        primary key (program, through)
      );
      create index closings_running on closings (position) where status = 'running';
    `,
  },
  {
    name: '0007-unfinished-balances',
    note: 'Opening balances that were begun on a store that writes one stream after another, and have not reached their account: what the sweeper looks at.',
    sql: `
      create table unfinished_balances (
        fact text primary key,
        program text not null,
        system text not null,
        reference text not null,
        noted_at timestamptz not null default now()
      );
      create index unfinished_balances_by_age on unfinished_balances (noted_at);
    `,
  },
  {
    name: '0008-refused-closings',
    note: 'Which accounts a closing could not close, and why. Those of earlier closings are counted only; their log says which.',
    sql: `alter table closings add column refusals jsonb not null default '[]'`,
  },
  {
    name: '0009-certificate-versions',
    note: 'For which version of a programme all its accounts were noted, so that their certificates are looked at. Made from the store, can be made again.',
    sql: `
      create table certificate_versions (
        program text primary key,
        version integer not null
      );
    `,
  },
  {
    name: '0010-merge-requests',
    note: 'Where each merge that somebody asked for stands: what managers list as open, and what the sweeper looks at. Made from the bus, can be made again.',
    sql: `
      create table merge_requests (
        program text not null,
        merge text collate "C" not null,
        revision integer not null,
        status text not null,
        requested_at timestamptz not null,
        noted_at timestamptz not null default now(),
        primary key (program, merge)
      );
      create index merge_requests_open on merge_requests (program, requested_at, merge) where status = 'requested';
      create index merge_requests_unfinished on merge_requests (noted_at) where status = 'approved';
    `,
  },
  {
    name: '0011-unsettled-in-steps',
    note: 'Which facts the sweeper looks at whatever is heard of them: they may write to several accounts. Of those that were noted before, the first effect is taken for all, as it was.',
    sql: `alter table unsettled add column in_steps boolean not null default false`,
  },
  {
    name: '0012-balance-batches',
    note: 'Where each batch of opening balances that somebody proposed stands: what managers list as open. Made from the bus, can be made again.',
    sql: `
      create table balance_batches (
        program text not null,
        batch text collate "C" not null,
        revision integer not null,
        status text not null,
        requested_at timestamptz not null,
        noted_at timestamptz not null default now(),
        primary key (program, batch)
      );
      create index balance_batches_open on balance_batches (program, requested_at, batch) where status = 'requested';
    `,
  },
];

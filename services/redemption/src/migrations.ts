import type { Migration } from '@tallystick/postgres';

export const migrations: readonly Migration[] = [
  {
    name: '0001-cards-and-programs',
    note: 'What redemption has heard of: whose card a token is, and what points are worth. Made from the bus, can be made again.',
    sql: `
      create table card_links (
        program text not null,
        card text not null,
        account text not null,
        linked_from timestamptz not null,
        primary key (program, card, linked_from)
      );
      create table programs (
        program text not null,
        version integer not null,
        effective_from timestamptz not null,
        currency text not null,
        redemption_points bigint,
        redemption_value text,
        refund_grace_days integer not null,
        primary key (program, version)
      );
    `,
  },
  {
    name: '0002-arrears-transfers-closings',
    note: 'How a programme settles arrears; transfers whose arrival was not heard of yet; where the newest closed period of an account stands. Made from the bus, can be made again.',
    sql: `
      alter table programs add column arrears_policy text not null default 'next-awards';
      create table open_transfers (
        fact text primary key,
        program text not null,
        sender text not null,
        noted_at timestamptz not null default now()
      );
      create index open_transfers_by_age on open_transfers (noted_at, fact);
      create table closings (
        stream text collate "C" primary key,
        revision integer not null
      );
    `,
  },
  {
    name: '0003-cards-that-left',
    note: 'Until when a card led to an account; null: it still does. Made from the bus: before this, no card could leave.',
    sql: `alter table card_links add column linked_until timestamptz`,
  },
  {
    name: '0004-transfer-requests',
    note: 'Where each transfer that a manager asked for stands: what managers list as open, and what the sweeper looks at. Made from the bus, can be made again.',
    sql: `
      create table transfer_requests (
        program text not null,
        transfer text collate "C" not null,
        revision integer not null,
        status text not null,
        requested_at timestamptz not null,
        noted_at timestamptz not null default now(),
        primary key (program, transfer)
      );
      create index transfer_requests_open on transfer_requests (program, requested_at, transfer) where status = 'requested';
      create index transfer_requests_unfinished on transfer_requests (noted_at) where status = 'approved';
    `,
  },
];

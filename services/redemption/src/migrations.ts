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
];

import type { Migration } from '@tallystick/postgres';

export const migrations: readonly Migration[] = [
  {
    name: '0001-members-and-cards',
    note: `Members and cards are written before their events (a pin), so that a card leads to one account whoever asks at
the same time; "appended" says that the event is in the store. All of it can be made again from the store except what
is sealed in "personal".`,
    sql: `
      create table programs (program text primary key);

      create table members (
        program text not null,
        member text not null,
        account text not null,
        since text not null,
        context jsonb not null,
        master_key_id text,
        wrapped_key bytea,
        personal bytea,
        rebuilt boolean not null default false,
        appended boolean not null default false,
        written_at timestamptz not null default now(),
        primary key (program, member)
      );
      create index members_unfinished on members (written_at) where not appended;

      create table cards (
        program text not null,
        card text not null,
        member text not null,
        account text not null,
        since text not null,
        fact text not null,
        ordinal integer not null,
        context jsonb not null,
        appended boolean not null default false,
        written_at timestamptz not null default now(),
        primary key (program, card),
        unique (program, fact, ordinal)
      );
      create index cards_of_member on cards (program, member);
      create index cards_unfinished on cards (written_at) where not appended;

      create table rebuilt_to (
        one boolean primary key default true check (one),
        position numeric not null
      );
      insert into rebuilt_to (position) values (0);
    `,
  },
  {
    name: '0002-merged-accounts',
    note: `Which account became part of which. An older release did not note it: the store is read once more from its
beginning at the next start.`,
    sql: `
      create table merged_accounts (
        program text not null,
        account text not null,
        successor text not null,
        primary key (program, account)
      );
      update rebuilt_to set position = 0;
    `,
  },
  {
    name: '0003-cards-that-left',
    note: `To whom cards led that lead there no more, and until when: a card leads to the next one from then on at the
earliest. Members who share an account with another one. Before this, neither was possible.`,
    sql: `
      create table left_cards (
        program text not null,
        card text not null,
        since text not null,
        until text not null,
        member text not null,
        account text not null,
        primary key (program, card, since)
      );
      alter table members add column shared boolean not null default false;
      create index members_of_account on members (program, account);
    `,
  },
  {
    name: '0004-birthdays-that-changed',
    note: `Whether a member's birthday was set, changed or forgotten after the enrolment: the same enrolment sent again then
neither contradicts it nor brings it back.`,
    sql: `alter table members add column birthday_changed boolean not null default false;`,
  },
];

import type { OnlineMigration } from '@tallystick/postgres';

/** Where the table that is there ends, and where the next one does: positions, the first that is not in it any more. */
export interface Borders {
  /** Ahead of the newest event, so far that it is not reached before the migration is done. */
  readonly first: bigint;
  readonly second: bigint;
}

const columns = `
  position bigint not null,
  id uuid not null,
  revision integer not null constraint events_revision_check check (revision >= 0),
  schema_version integer not null,
  stream text collate "C" not null,
  category text collate "C" not null generated always as (split_part(stream, '-', 1)) stored,
  type text collate "C" not null,
  data text not null,
  metadata text not null`;

/** A further partition, for positions from a border on. Made ahead of time: an append for which there is none fails. */
export const nextPartition = (name: string, from: bigint, to: bigint): string => `
  create table ${name} partition of events for values from (${from}) to (${to});
  alter table ${name} add constraint ${name}_stream_revision unique (stream, revision);
  alter table ${name} add constraint ${name}_id unique (id);
  create index ${name}_category on ${name} (category, position);
  create trigger append_only before update or delete or truncate on ${name}
    for each statement execute function refuse_change();`;

/**
 * Makes the table of events the first partition of a table of the same name, without rewriting a row: docs/scale.md says when and why. The long step
 * reads the table while others write; the last one takes a moment. Rights on the new table have to be given: a start with
 * TALLYSTICK_ADMIN_DATABASE_URL does. Not among the migrations of the event store: for who needs it.
 */
export const partitionedEvents = ({ first, second }: Borders): OnlineMigration => ({
  name: '9000-partitions',
  note: 'Events lie in partitions by position, so that old ones can be kept elsewhere.',
  online: [
    {
      kind: 'sql',
      sql: `alter table events add constraint before_the_border check (position < ${first}) not valid`,
    },
    { kind: 'sql', sql: 'alter table events validate constraint before_the_border' },
    {
      kind: 'sql',
      sql: `
        alter table events rename to events_p0;
        alter table events_p0 rename constraint events_pkey to events_p0_pkey;
        alter table events_p0 rename constraint events_stream_revision to events_p0_stream_revision;
        alter table events_p0 rename constraint events_id to events_p0_id;
        alter index events_category rename to events_p0_category;
        create table events (${columns}, constraint events_pkey primary key (position)) partition by range (position);
        create trigger append_only before update or delete or truncate on events
          for each statement execute function refuse_change();
        alter table events attach partition events_p0 for values from (minvalue) to (${first});
        alter table events_p0 drop constraint before_the_border;
        ${nextPartition('events_p1', first, second)}`,
    },
  ],
});

/** An old partition, and the tablespace that it is to lie in. */
export interface Move {
  readonly partition: string;
  /** Its borders; no `from` for the first. */
  readonly from?: bigint;
  readonly to: bigint;
  readonly tablespace: string;
}

/**
 * Moves an old partition to another tablespace by a copy that takes its place in a moment: `alter table … set tablespace` would lock it as long as
 * it takes, and every append looks into every partition for the newest revision of its streams. Its events do not change: the copy is whole.
 */
export const movedPartition = ({ partition, from, to, tablespace }: Move): OnlineMigration => ({
  name: `9001-${partition.replaceAll('_', '-')}-moved`,
  note: `The events of ${partition} lie in tablespace ${tablespace}.`,
  online: [
    {
      kind: 'sql',
      sql: `
        set local default_tablespace = ${tablespace};
        create table ${partition}_moved (like ${partition} including all);
        alter table ${partition}_moved add constraint within check (position >= ${from ?? 0n} and position < ${to});
        insert into ${partition}_moved (position, id, revision, schema_version, stream, type, data, metadata)
          select position, id, revision, schema_version, stream, type, data, metadata from ${partition} order by position;
        create trigger append_only before update or delete or truncate on ${partition}_moved
          for each statement execute function refuse_change()`,
    },
    {
      kind: 'sql',
      sql: `
        alter table events detach partition ${partition};
        alter table events attach partition ${partition}_moved for values from (${from ?? 'minvalue'}) to (${to});
        alter table ${partition}_moved drop constraint within;
        drop table ${partition}`,
    },
  ],
});

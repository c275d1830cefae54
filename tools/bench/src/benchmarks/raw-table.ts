import type { NewEvent } from '@tallystick/event-store';
import type { Database } from '@tallystick/postgres';

/** A table with the columns, constraints and indexes of the event store's own, that anybody may insert into. */
export const makeRawTable = async (db: Database): Promise<void> => {
  await db.query(`
    create schema raw;
    create table raw.events (like eventstore.events including all);
  `);
};

interface Row {
  readonly stream: string;
  readonly revision: number;
  readonly event: NewEvent;
}

/** Inserts rows at the positions after `from` by one statement. */
export const insertRows = async (
  db: Database,
  rows: readonly Row[],
  from: bigint,
): Promise<void> => {
  await db.query({
    name: 'raw-insert',
    text: `insert into raw.events (position, stream, revision, id, type, schema_version, data, metadata)
      select $8::bigint + e.ordinal, e.stream, e.revision, e.id, e.type, e.schema_version, e.data, e.metadata
        from unnest($1::text[], $2::integer[], $3::uuid[], $4::text[], $5::integer[], $6::text[], $7::text[])
          with ordinality as e (stream, revision, id, type, schema_version, data, metadata, ordinal)`,
    values: [
      rows.map(({ stream }) => stream),
      rows.map(({ revision }) => revision),
      rows.map(({ event }) => event.id),
      rows.map(({ event }) => event.type),
      rows.map(({ event }) => event.schemaVersion),
      rows.map(({ event }) => event.data),
      rows.map(({ event }) => JSON.stringify(event.metadata)),
      from,
    ],
  });
};

import pg from 'pg';
import type { Connection } from '@tallystick/postgres';
import type { KeptTable } from './kept.js';
import type { Lines } from './line-files.js';

const rowsAtOnce = 500;
/** Whatever the server's own settings are: the same row is the same text. */
const textSettings = `set local timezone = 'UTC'; set local bytea_output = 'hex'; set local extra_float_digits = 1`;

/** Begins a transaction in which everything that is read is of one moment. */
export const beginSnapshot = async (connection: Connection): Promise<void> => {
  await connection.query('begin isolation level repeatable read read only');
  await connection.query(textSettings);
};

/** Begins the transaction of a restore: whole or not at all. */
export const beginRestore = async (connection: Connection): Promise<void> => {
  await connection.query('begin');
  await connection.query(textSettings);
};

async function* rowsOf<Row extends pg.QueryResultRow>(
  connection: Connection,
  name: string,
  query: string,
): AsyncGenerator<readonly Row[]> {
  await connection.query(`declare ${name} no scroll cursor for ${query}`);
  for (;;) {
    const { rows } = await connection.query<Row>(`fetch ${rowsAtOnce} from ${name}`);
    if (rows.length === 0) break;
    yield rows;
  }
  await connection.query(`close ${name}`);
}

interface EventRow {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: string;
  readonly metadata: string;
}

/** The events from a position to another, both included: one JSON object a line, data and metadata as the text that was kept. */
export async function* eventLines(
  connection: Connection,
  first: number,
  last: number,
): AsyncGenerator<readonly string[]> {
  const query = `select position, stream, revision, id, type, schema_version, data, metadata
    from eventstore.events where position between ${first} and ${last} order by position`;
  for await (const rows of rowsOf<EventRow>(connection, 'backup_events', query)) {
    yield rows.map(({ position, schema_version: schemaVersion, ...row }) =>
      JSON.stringify({
        position: Number(position),
        stream: row.stream,
        revision: row.revision,
        id: row.id,
        type: row.type,
        schemaVersion,
        data: row.data,
        metadata: row.metadata,
      }),
    );
  }
}

/** The rows of a table: one JSON object a line, sorted as text, so that the same rows are the same lines on every server. */
export const tableLines = (
  connection: Connection,
  schema: string,
  { table, where = 'true' }: KeptTable,
): Lines => linesOfTable(connection, `${pg.escapeIdentifier(schema)}.${table}`, where);

async function* linesOfTable(
  connection: Connection,
  name: string,
  where: string,
): AsyncGenerator<readonly string[]> {
  const query = `select row_to_json(t)::text collate "C" as line from ${name} t where ${where} order by line`;
  for await (const rows of rowsOf<{ line: string }>(connection, 'backup_rows', query)) {
    yield rows.map(({ line }) => line);
  }
}

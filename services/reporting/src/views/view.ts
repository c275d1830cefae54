import type { Json } from '@tallystick/contracts';

/** A column of a view. Text sorts by bytes (collation "C"), so that keys have one order everywhere. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'int' | 'bigint' | 'boolean' | 'jsonb';
  readonly nullable?: boolean;
  /**
   * Says when or where an event was written rather than what it says: compared by a replay on the same store, but left
   * out of the digest, so that two stores with the same facts have the same digests.
   */
  readonly ofThisStore?: boolean;
}

/**
 * A table that is derived from events and can be thrown away. Each row belongs to one stream, is a function of that
 * stream's events alone, and has no column that another run over the same events would fill otherwise.
 */
export interface View {
  readonly name: string;
  /** The first key column is always `stream`. */
  readonly key: readonly ['stream', ...string[]];
  readonly columns: readonly Column[];
  readonly indexes: readonly (readonly string[])[];
}

/** One row, by column names. A `bigint` beyond 2^53 goes as its decimal text. */
export type Row = { readonly [column: string]: Json };

/** What an event does to one row: the row as it is from now on, or (`row: null`) that it is gone. */
export interface Change {
  readonly view: View;
  /** The values of the key columns, in the view's order. */
  readonly key: readonly (string | number)[];
  readonly row: Row | null;
}

/** Which set of tables: the live ones, or those that a replay builds beside them. */
export type Side = 'live' | 'replay';

const prefixes: { readonly [S in Side]: string } = { live: '', replay: 'replay_' };

/** A view's table. The names are constants of the code, never input. */
export const tableOf = (side: Side, view: View): string => prefixes[side] + view.name;

const columnSql = ({ name, type, nullable }: Column): string =>
  `${name} ${type}${type === 'text' ? ' collate "C"' : ''}${nullable === true ? '' : ' not null'}`;

/**
 * The statement that creates a view's table. Constraints and indexes have no names of ours: PostgreSQL finds free ones,
 * so that a table can be built beside the live one and take its place.
 */
export const createSql = (side: Side, view: View): string => {
  const columns = view.columns.map(columnSql).join(', ');
  return `create table ${tableOf(side, view)} (${columns}, primary key (${view.key.join(', ')}))`;
};

/** The statements that create its other indexes: once it is filled, when there is much to fill in. */
export const indexSql = (side: Side, view: View): readonly string[] =>
  view.indexes.map((index) => `create index on ${tableOf(side, view)} (${index.join(', ')})`);

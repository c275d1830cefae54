import { createHash } from 'node:crypto';
import type { Connection } from '@tallystick/postgres';
import type { Folder } from '../views/folder.js';
import { tableOf, type Column, type Side, type View } from '../views/view.js';
import { laggingTable } from './align.js';
import { rowsOf } from './on-connection.js';
import type { FirstDifference, ViewReport } from './report.js';

const rowsPerPage = 2_000;
const shownCharsMax = 300;

interface Compared {
  readonly key: readonly (string | number)[];
  readonly live: Buffer | null;
  readonly replayed: Buffer | null;
  /** Of both sides, in all columns; null when one of them is not there. */
  readonly same: boolean | null;
  readonly lagging: boolean;
}

/**
 * Compares a live view with its shadow, row by row in key order. PostgreSQL joins and hashes the rows; what comes here
 * is a digest of each, so that memory is bounded however large the view is. `gone` views are compared as if empty.
 */
export const compareView = async (
  tx: Connection,
  folder: Folder,
  view: View,
  gone: boolean,
): Promise<ViewReport> => {
  const counts = { rows: 0, equal: 0, different: 0, missing: 0, extra: 0, lagging: 0 };
  const digest = { live: createHash('sha256'), replayed: createHash('sha256') };
  let first: (Pick<FirstDifference, 'what'> & Pick<Compared, 'key'>) | null = null;
  for await (const page of rowsOf<Compared>(
    tx,
    'compared',
    compareSql(folder, view, gone),
    rowsPerPage,
  )) {
    for (const { key, live, replayed, same, lagging } of page) {
      if (live !== null) counts.rows += 1;
      if (lagging) counts.lagging += 1;
      if (live !== null) digest.live.update(live);
      if (replayed !== null) digest.replayed.update(replayed);
      const what =
        live === null ? 'missing' : replayed === null ? 'extra' : same ? 'equal' : 'different';
      counts[what] += 1;
      if (what !== 'equal') first ??= { what, key };
    }
  }
  if (view === folder.head && !gone) counts.lagging += await notThereYet(tx, folder);
  return {
    view: view.name,
    ...counts,
    first: first === null ? null : await describe(tx, view, first),
    digest: { live: digest.live.digest('hex'), replayed: digest.replayed.digest('hex') },
  };
};

const hashOf = (columns: readonly Column[]): string =>
  `sha256(convert_to(json_build_array(${columns.map(({ name }) => name).join(', ')})::text, 'UTF8'))`;

const sideSql = (side: Side, view: View, empty: boolean): string => {
  const content = view.columns.filter(({ ofThisStore }) => ofThisStore !== true);
  // A view of another shape cannot be asked for its columns: the shadow stands in for it, without rows.
  const table = tableOf(empty ? 'replay' : side, view);
  return `select ${view.key.join(', ')}, ${hashOf(content)} as content, ${hashOf(view.columns)} as whole
    from ${table}${empty ? ' where false' : ''}`;
};

const compareSql = (folder: Folder, view: View, gone: boolean): string => {
  const keys = view.key.join(', ');
  return `select json_build_array(${keys}) as key, live.content as live, replayed.content as replayed,
      live.whole = replayed.whole as same,
      exists (select from ${laggingTable} late
        where late.stream = both_sides.stream and late.category = '${folder.category}') as lagging
    from (${sideSql('live', view, gone)}) live
      full join (${sideSql('replay', view, false)}) replayed using (${keys}) as both_sides
    order by ${keys}`;
};

/** Streams of which nothing has arrived yet. */
const notThereYet = async (tx: Connection, { category, head }: Folder): Promise<number> => {
  const { rows } = await tx.query<{ streams: bigint }>(
    `select count(*) as streams from ${laggingTable} where category = $1
     and stream not in (select stream from ${tableOf('live', head)})`,
    [category],
  );
  return Number(rows[0]?.streams ?? 0n);
};

const describe = async (
  tx: Connection,
  view: View,
  { what, key }: Pick<FirstDifference, 'what'> & Pick<Compared, 'key'>,
): Promise<FirstDifference> => {
  const named = Object.fromEntries(view.key.map((column, index) => [column, key[index] ?? '']));
  if (what !== 'different') return { what, key: named, columns: [] };
  const live = await rowAt(tx, 'live', view, key);
  const replayed = await rowAt(tx, 'replay', view, key);
  const columns = view.columns.flatMap(({ name }) => {
    const [a, b] = [shown(live[name]), shown(replayed[name])];
    return a === b ? [] : [{ column: name, live: a, replayed: b }];
  });
  return { what, key: named, columns };
};

const rowAt = async (
  tx: Connection,
  side: Side,
  view: View,
  key: Compared['key'],
): Promise<Readonly<Record<string, unknown>>> => {
  const match = view.key.map((column, index) => `${column} = $${index + 1}`).join(' and ');
  const { rows } = await tx.query<{ row: Readonly<Record<string, unknown>> }>(
    `select to_json(t) as row from ${tableOf(side, view)} t where ${match}`,
    [...key],
  );
  return rows[0]?.row ?? {};
};

const shown = (value: unknown = null): string => JSON.stringify(value).slice(0, shownCharsMax);

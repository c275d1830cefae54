import type { Queryable } from '@tallystick/postgres';
import { tableOf, type Change, type Row, type Side, type View } from './view.js';

/** The changes of many events, the last one of each row. */
export class Changes {
  private readonly views = new Map<View, Map<string, Change>>();

  add(changes: readonly Change[]): void {
    for (const change of changes) {
      let rows = this.views.get(change.view);
      if (rows === undefined) this.views.set(change.view, (rows = new Map<string, Change>()));
      rows.set(change.key.join('\n'), change);
    }
  }

  of(view: View): readonly Change[] {
    return [...(this.views.get(view)?.values() ?? [])];
  }
}

/** Writes a view's changes: one statement for the rows that are, one for those that are gone. */
export const writeView = async (
  tx: Queryable,
  side: Side,
  view: View,
  changes: readonly Change[],
): Promise<void> => {
  const gone = changes.filter((change) => change.row === null);
  if (gone.length > 0) await tx.query(deleteSql(side, view), [JSON.stringify(gone.map(keyRow))]);
  const rows = changes.flatMap((change) => (change.row === null ? [] : [change.row]));
  if (rows.length > 0) await tx.query(upsertSql(side, view), [JSON.stringify(rows)]);
};

/**
 * Writes head rows, each to a revision above the one that is there. Resolves to how many were written: fewer than asked
 * for means that someone else has folded the same stream meanwhile.
 */
export const writeHeads = async (
  tx: Queryable,
  side: Side,
  head: View,
  changes: readonly Change[],
): Promise<number> => {
  const rows = changes.map((change) => change.row);
  const guard = `${tableOf(side, head)}.revision < excluded.revision`;
  const { rowCount } = await tx.query(`${upsertSql(side, head)} where ${guard}`, [
    JSON.stringify(rows),
  ]);
  return rowCount ?? 0;
};

const keyRow = (change: Change): Row =>
  Object.fromEntries(change.view.key.map((column, index) => [column, change.key[index] ?? null]));

const recordset = (table: string): string => `json_populate_recordset(null::${table}, $1::json)`;

const deleteSql = (side: Side, view: View): string => {
  const table = tableOf(side, view);
  const match = view.key.map((column) => `t.${column} = gone.${column}`).join(' and ');
  return `delete from ${table} t using ${recordset(table)} gone where ${match}`;
};

const upsertSql = (side: Side, view: View): string => {
  const table = tableOf(side, view);
  const names = view.columns.map(({ name }) => name);
  const updates = names
    .filter((name) => !view.key.includes(name))
    .map((name) => `${name} = excluded.${name}`);
  return `insert into ${table} (${names.join(', ')}) select ${names.join(', ')} from ${recordset(table)}
    on conflict (${view.key.join(', ')}) do update set ${updates.join(', ')}`;
};

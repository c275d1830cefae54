import pg from 'pg';
import type { Connection } from '../pool.js';
import { inTransaction, type Patience } from './locks.js';
import {
  checksumOf,
  MigrationConflict,
  type OnlineMigration,
  type OnlineStep,
} from './migration.js';

/** What an online migration runs with: a connection that holds the migration lock, with the schema as its search path. */
export interface OnlineRun {
  readonly connection: Connection;
  readonly schema: string;
  readonly patience: Patience;
  readonly say: (line: string) => void;
  /** Writes down that the migration is applied; called in the transaction that forgets its progress. */
  readonly applied: (migration: OnlineMigration) => Promise<void>;
}

/** How far an online migration has come; kept beside it, so that a start that was killed is gone on from. */
interface Progress {
  /** The step that is next. */
  readonly step: number;
  /** Where the last batch of that step ended. */
  readonly cursor: string | null;
  readonly rows: bigint;
}

export const progressTable = `create table if not exists migration_progress (
  name text primary key,
  checksum text not null,
  step integer not null,
  cursor text,
  rows bigint not null,
  began_at timestamptz not null default now(),
  changed_at timestamptz not null default now()
)`;

const sayEveryBatches = 100;

/** Applies an online migration, from the step that an earlier start has come to. */
export const applyOnline = async (run: OnlineRun, migration: OnlineMigration): Promise<void> => {
  const { connection, say, schema } = run;
  let progress = await begin(run, migration);
  for (const [index, step] of migration.online.entries()) {
    if (index < progress.step) continue;
    say(
      `schema ${schema}: ${migration.name}, step ${index + 1} of ${migration.online.length}: ${about(step)}`,
    );
    await perform(run, migration, step, progress);
    progress = { step: index + 1, cursor: null, rows: 0n };
  }
  await step(run, migration.name, async () => {
    await run.applied(migration);
    await connection.query('delete from migration_progress where name = $1', [migration.name]);
  });
};

/** Finds the progress of an earlier start, or begins. What was begun is gone on with only as it was begun. */
const begin = async (run: OnlineRun, migration: OnlineMigration): Promise<Progress> => {
  const { name } = migration;
  const checksum = checksumOf(migration);
  const { rows } = await run.connection.query<Progress & { checksum: string }>(
    'select step, cursor, rows, checksum from migration_progress where name = $1',
    [name],
  );
  const found = rows[0];
  if (found !== undefined && found.checksum === checksum) return found;
  if (found !== undefined && (found.step > 0 || found.cursor !== null)) {
    throw new MigrationConflict(run.schema, `${name} has changed since it was begun`);
  }
  await run.connection.query(
    `insert into migration_progress (name, checksum, step, rows) values ($1, $2, 0, 0)
       on conflict (name) do update set checksum = excluded.checksum, changed_at = now()`,
    [name, checksum],
  );
  return { step: 0, cursor: null, rows: 0n };
};

const about = (step: OnlineStep): string => {
  switch (step.kind) {
    case 'index':
      return `index ${step.index}`;
    case 'batches':
      return step.about;
    case 'sql':
      return step.sql.trim().split('\n')[0] ?? '';
  }
};

const step = <T>(run: OnlineRun, what: string, work: () => Promise<T>): Promise<T> =>
  inTransaction(run.connection, { schema: run.schema, what }, run.patience, work);

const perform = async (
  run: OnlineRun,
  { name }: OnlineMigration,
  one: OnlineStep,
  progress: Progress,
): Promise<void> => {
  const done = async (): Promise<void> => {
    await run.connection.query(
      `update migration_progress set step = step + 1, cursor = null, rows = 0, changed_at = now() where name = $1`,
      [name],
    );
  };
  switch (one.kind) {
    case 'index':
      await createIndex(run, one);
      await done();
      return;
    case 'sql':
      await step(run, name, async () => {
        await run.connection.query(one.sql);
        await done();
      });
      return;
    case 'batches':
      await runBatches(run, name, one, progress, done);
      return;
  }
};

type IndexStep = Extract<OnlineStep, { readonly kind: 'index' }>;

const createIndex = async (run: OnlineRun, { index, on, unique }: IndexStep): Promise<void> => {
  const { connection, schema } = run;
  const name = pg.escapeIdentifier(index);
  const drop = `drop index concurrently if exists ${pg.escapeIdentifier(schema)}.${name}`;
  const { rows } = await connection.query<{ valid: boolean }>(
    `select i.indisvalid as valid from pg_index i
       join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, index],
  );
  if (rows[0]?.valid === true) return;
  if (rows[0]?.valid === false) {
    run.say(`schema ${schema}: index ${index} was left unfinished: making it again`);
    await connection.query(drop);
  }
  try {
    await connection.query(
      `create ${unique === true ? 'unique ' : ''}index concurrently ${name} on ${on}`,
    );
  } catch (error) {
    // What is left of it would cost every writer and serve no reader. Where this fails too, the next start does it.
    await connection.query(drop).catch(() => undefined);
    throw error;
  }
};

type BatchesStep = Extract<OnlineStep, { readonly kind: 'batches' }>;

const runBatches = async (
  run: OnlineRun,
  name: string,
  batches: BatchesStep,
  progress: Progress,
  done: () => Promise<void>,
): Promise<void> => {
  const { connection, schema, say } = run;
  let { cursor, rows: changed } = progress;
  for (let nth = 1; ; nth += 1) {
    const batch = await step(run, name, async () => {
      const { rows } = await connection.query<{ next: string | null; rows: bigint | number }>(
        batches.sql,
        [cursor],
      );
      const answer = rows[0];
      if (answer === undefined)
        throw new Error(`schema ${schema}: ${name}: a batch answered no row`);
      if (answer.next === null) await done();
      else
        await connection.query(
          'update migration_progress set cursor = $2, rows = rows + $3, changed_at = now() where name = $1',
          [name, answer.next, String(answer.rows)],
        );
      return answer;
    });
    if (batch.next === null) return;
    cursor = batch.next;
    changed += BigInt(batch.rows);
    if (nth % sayEveryBatches === 0) {
      say(`schema ${schema}: ${name}: ${batches.about}: ${changed} rows so far, at ${cursor}`);
    }
  }
};

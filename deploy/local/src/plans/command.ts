import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { removeData, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import { eventStoreSchema } from '@tallystick/event-store';
import { migrate, type Database, type Queryable } from '@tallystick/postgres';
import { linesOf, openExplained } from './capture.js';
import { accountsOf, fillBetween, fillEventStore } from './fill.js';
import { nextPartition, partitionedEvents } from './partition.js';
import { askEverything } from './statements.js';

const eventsDefault = 1_000_000;

/** `npm run plans`: fills an event store of its own, says how large it is and by which plans it answers, and removes it. */
export const run = async (args: readonly string[]): Promise<void> => {
  const command = new Command('npm run plans --')
    .description('Shows the plans of every statement of the event store, on a store of any size.')
    .addOption(
      new Option('--events <number>', 'how many to fill it with')
        .default(eventsDefault)
        .argParser(countOf),
    )
    .addOption(
      new Option('--partitions <number>', 'over how many partitions, as docs/scale.md divides them')
        .default(1)
        .argParser(countOf),
    )
    .option(
      '--in <folder>',
      'where to put it meanwhile; 10,000,000 events need some 25 GB',
      tmpdir(),
    )
    .parse(args, { from: 'user' });
  const { in: parent, ...size } = command.opts<Size & { readonly in: string }>();
  if (size.partitions > size.events) command.error('no more partitions than events');

  const folder = await mkdtemp(path.join(parent, 'tallystick-plans-'));
  // Where we are root, PostgreSQL runs as another user, who has to pass through.
  await chmod(folder, 0o755);
  const settings = { max_wal_size: '8GB' };
  const dataDir = path.join(folder, 'postgres');
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  try {
    await show(postgres.url, size);
  } finally {
    await postgres.stop();
    await removeData(dataDir);
    await rm(folder, { recursive: true, force: true });
  }
};

interface Size {
  readonly events: number;
  readonly partitions: number;
}

const show = async (adminUrl: string, size: Size): Promise<void> => {
  const { events, partitions } = size;
  const explained = openExplained(adminUrl);
  const { db, take } = explained;
  try {
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    const startedMs = performance.now();
    const said = (done: number): void => {
      take();
      if (done % 1_000_000 === 0) complain(`${done} events`);
    };
    if (partitions === 1) await fillEventStore(db, events, said);
    else await fillPartitions(db, size, said);
    await db.query('vacuum analyze eventstore.events');
    const seconds = (performance.now() - startedMs) / 1_000;
    say(`${events} events, filled in ${seconds.toFixed(0)} s\n`);
    for (const line of await sizes(db)) say(line);
    for (const { asked, plans } of await askEverything(explained, events, accountsOf(events))) {
      say(`\n== ${asked}`);
      for (const { statement, ms, root } of plans) {
        say(`${ms.toFixed(2)} ms  ${statement.replace(/\s+/g, ' ').slice(0, 110)}`);
        for (const line of linesOf(root)) say(`  ${line}`);
      }
    }
  } finally {
    await db.end();
  }
};

/** The first partition is filled as a store that knows of none; then it is divided, and the rest goes over the borders. */
const fillPartitions = async (
  db: Database,
  { events, partitions }: Size,
  said: (done: number) => void,
): Promise<void> => {
  const each = Math.ceil(events / partitions);
  const accounts = accountsOf(events);
  await fillBetween(db, { from: 1, to: each, accounts }, said);
  const borders = partitionedEvents({ first: BigInt(each + 1), second: BigInt(2 * each + 1) });
  await migrate(db, eventStoreSchema.schema, [...eventStoreSchema.migrations, borders]);
  // One more than is filled: what is appended to learn its plan lies in the last, as it would in earnest.
  for (let nth = 2; nth <= partitions; nth += 1)
    await db.query(
      `set search_path to eventstore; ${nextPartition(`events_p${nth}`, BigInt(nth * each + 1), BigInt((nth + 1) * each + 1))}; reset search_path`,
    );
  await fillBetween(db, { from: each + 1, to: events, accounts }, said);
};

const sizes = async (db: Queryable): Promise<readonly string[]> => {
  const { rows } = await db.query<{ said: string }>(
    `with tables as (select relid from pg_partition_tree('eventstore.events') where isleaf)
     select rpad(name, 46) || lpad(pg_size_pretty(bytes), 10) || lpad(round(bytes::numeric / events) || ' bytes an event', 24) as said
       from (select 1 as nth, relid::text as name, pg_table_size(relid) as bytes from tables
             union all
             select 2, indexrelid::regclass::text, pg_relation_size(indexrelid) from pg_index
              where indrelid in (select relid from tables)
             union all
             select 3, 'all', sum(pg_total_relation_size(relid)) from tables) sizes,
            (select max(position) as events from eventstore.events) counted
      order by nth, name`,
  );
  return rows.map(({ said }) => said);
};

const countOf = (text: string): number => {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('a whole number from 1');
  return Number(text);
};

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

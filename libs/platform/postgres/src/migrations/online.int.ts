import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createPool, type Connection, type Database } from '../pool.js';
import { migrate } from './migrate.js';
import { MigrationConflict, type Migration, type OnlineMigration } from './migration.js';

const rows = 2_500;
const things: Migration = {
  name: '0001-things',
  note: 'Things.',
  sql: `create table things (n integer primary key, colour text, times integer not null default 0);
        insert into things (n) select generate_series(1, ${rows})`,
};
const index: OnlineMigration = {
  name: '0002-by-colour',
  note: 'Things are found by their colour.',
  online: [{ kind: 'index', index: 'things_colour', on: 'things (colour)' }],
};
const colours: OnlineMigration = {
  name: '0003-colours',
  note: 'Every thing has a colour.',
  online: [
    {
      kind: 'batches',
      about: 'colours',
      sql: `with batch as (
              update things set colour = 'red', times = times + 1
               where n in (select n from things where n > coalesce($1::integer, 0) order by n limit 100)
              returning n)
            select max(n)::text as next, count(*) as rows from batch`,
    },
    {
      kind: 'sql',
      sql: 'alter table things add constraint has_colour check (colour is not null) not valid',
    },
    { kind: 'sql', sql: 'alter table things validate constraint has_colour' },
  ],
};

describe('an online migration', () => {
  let database: TestDatabase;
  let db: Database;
  let other: Connection;

  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url);
    await migrate(db, 'own', [things]);
    other = await db.connect();
  });
  afterEach(async () => {
    other.release(true);
    await db.end();
    await database.drop();
  });

  const until = async (sql: string): Promise<void> => {
    while ((await db.query(sql)).rowCount === 0) await sleep(10);
  };
  const indexes = async (): Promise<unknown> => {
    const { rows: found } = await db.query<Record<string, unknown>>(
      `select relname as name, indisvalid as valid from pg_index join pg_class on oid = indexrelid
        where relname like 'things_colour%'`,
    );
    return found;
  };
  /** As a kill of the server's process for the migration would. */
  const cutOff = async (): Promise<void> => {
    await db.query(
      `select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
        where d.datname = current_database() and l.locktype = 'advisory' and l.granted`,
    );
  };

  it('makes an index while others write', async () => {
    await other.query('begin');
    await other.query('insert into own.things values (0)');
    const migrating = migrate(db, 'own', [things, index]);
    await until(
      `select 1 from pg_stat_activity where query like 'create index concurrently%' and wait_event_type = 'Lock'`,
    );
    // It waits for the writer that was there before; nobody waits for it.
    await db.query('insert into own.things values (-1)');
    await other.query('commit');
    await migrating;
    expect(await indexes()).toEqual([{ name: 'things_colour', valid: true }]);
  });

  it('is gone on with after a kill: an index that was left invalid is dropped and made again', async () => {
    await other.query('begin isolation level repeatable read');
    await other.query('select * from own.things');
    const cut = migrate(db, 'own', [things, index]);
    const failed = expect(cut).rejects.toThrow();
    // It waits for the snapshot above, when the index is there and not yet to be used.
    await until(`select 1 from pg_stat_activity where query like 'create index concurrently%' and wait_event = 'virtualxid'
                   and exists (select 1 from pg_class where relname = 'things_colour')`);
    await cutOff();
    await failed;
    expect(await indexes()).toEqual([{ name: 'things_colour', valid: false }]);
    await other.query('commit');

    const said: string[] = [];
    await migrate(db, 'own', [things, index], { say: (line) => said.push(line) });
    expect(await indexes()).toEqual([{ name: 'things_colour', valid: true }]);
    expect(said.join('\n')).toContain('index things_colour was left unfinished');
    expect((await db.query('select * from own.migration_progress')).rows).toEqual([]);
  });

  it('leaves no index behind that could not be made', async () => {
    const unique: OnlineMigration = {
      name: '0002-one-of-each',
      note: 'No two things are as often.',
      online: [{ kind: 'index', index: 'things_colour_once', on: 'things (times)', unique: true }],
    };
    await expect(migrate(db, 'own', [things, unique])).rejects.toThrow('could not create unique');
    expect(await indexes()).toEqual([]);
    // Nothing of it was done: it may be put right.
    await migrate(db, 'own', [things, { ...unique, online: index.online }]);
    expect(await indexes()).toEqual([{ name: 'things_colour', valid: true }]);
  });

  it('changes rows batch by batch, each once, and goes on from the batch at which it was killed', async () => {
    await migrate(db, 'own', [things, index]);
    await other.query('begin');
    await other.query('update own.things set n = n where n = 1050');
    const cut = migrate(db, 'own', [things, index, colours], { lockTimeoutMs: 20 });
    const failed = expect(cut).rejects.toThrow();
    await until(`select 1 from own.migration_progress where cursor = '1000'`);
    await cutOff();
    await failed;
    await other.query('rollback');

    const changed = { ...colours, online: colours.online.slice(0, 1) };
    await expect(migrate(db, 'own', [things, index, changed])).rejects.toThrow(MigrationConflict);
    expect(
      (
        await db.query(
          `select distinct n <= 1000 as done, times from own.things order by times desc`,
        )
      ).rows,
    ).toEqual([
      { done: true, times: 1 },
      { done: false, times: 0 },
    ]);

    await migrate(db, 'own', [things, index, colours]);
    const { rows: counts } = await db.query(
      'select times, count(*)::int as things from own.things group by times',
    );
    expect(counts).toEqual([{ times: 1, things: rows }]);
    await expect(db.query('insert into own.things values (0)')).rejects.toThrow('has_colour');
  });

  it('lets those who have nothing to apply start meanwhile', async () => {
    await other.query('begin');
    await other.query('insert into own.things values (0)');
    const newer = migrate(db, 'own', [things, index]);
    await until(
      `select 1 from pg_stat_activity where query like 'create index concurrently%' and wait_event_type = 'Lock'`,
    );
    await migrate(db, 'own', [things]);
    const said: string[] = [];
    const beside = migrate(db, 'own', [things, index], { say: (line) => said.push(line) });
    while (said.length === 0) await sleep(10);
    await other.query('commit');
    await Promise.all([newer, beside]);
    expect(said).toEqual(['schema own: another process is migrating it; waiting']);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createPool, type Database } from '../pool.js';
import { migrate, migrationsUpTo } from './migrate.js';
import {
  MigrationBlocked,
  MigrationConflict,
  SchemaTooNew,
  type Migration,
  type PlainMigration,
} from './migration.js';

const first: PlainMigration = {
  name: '0001-things',
  note: 'Things.',
  sql: 'create table things (n integer)',
};
const second: PlainMigration = {
  name: '0002-more',
  note: 'Things have names.',
  sql: 'alter table things add name text; insert into things values (1, $$one$$)',
};
const failing: PlainMigration = {
  name: '0003-wrong',
  note: 'Does not work.',
  sql: 'create table left_over (); select 1 / 0',
};

describe('migrate', () => {
  let database: TestDatabase;
  let db: Database;

  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url);
  });
  afterEach(async () => {
    await db.end();
    await database.drop();
  });

  const applied = async (): Promise<string[]> =>
    (await db.query<{ name: string }>('select name from own.migrations order by name')).rows.map(
      ({ name }) => name,
    );

  it('makes the schema, applies what is new in order, and nothing twice', async () => {
    await migrate(db, 'own', [first]);
    expect(await applied()).toEqual(['0001-things']);
    await migrate(db, 'own', [first, second]);
    await migrate(db, 'own', [first, second]);
    expect(await applied()).toEqual(['0001-things', '0002-more']);
    expect((await db.query('select n, name from own.things')).rows).toEqual([
      { n: 1, name: 'one' },
    ]);
  });

  it('is safe to run many times at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => migrate(db, 'own', [first, second])));
    expect(await applied()).toEqual(['0001-things', '0002-more']);
    expect((await db.query('select * from own.things')).rows).toHaveLength(1);
  });

  it('changes nothing when one of them fails', async () => {
    await migrate(db, 'own', [first]);
    await expect(migrate(db, 'own', [first, second, failing])).rejects.toThrow('division by zero');
    expect(await applied()).toEqual(['0001-things']);
    expect((await db.query(`select to_regclass('own.left_over') as found`)).rows).toEqual([
      { found: null },
    ]);
  });

  it('is safe when processes of two releases start at once', async () => {
    const releases = [[first], [first, second]];
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => migrate(db, 'own', releases[index % 2] ?? [])),
    );
    expect(await applied()).toEqual(['0001-things', '0002-more']);
    expect((await db.query('select * from own.things')).rows).toHaveLength(1);
  });

  it('waits for nobody when it has nothing to apply', async () => {
    await migrate(db, 'own', [first]);
    const other = await db.connect();
    await other.query('begin');
    await other.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
      'tallystick migrations of own',
    ]);
    await migrate(db, 'own', [first]);
    await other.query('rollback');
    other.release();
  });

  it('gives way to those who use the table until it gets its lock, and says who they are when it never does', async () => {
    await migrate(db, 'own', [first]);
    const reader = await db.connect();
    await reader.query('begin');
    await reader.query('select * from own.things');
    const impatient = { lockTimeoutMs: 20, triesMax: 2 };
    const blocked = migrate(db, 'own', [first, second], impatient);
    await expect(blocked).rejects.toThrow(MigrationBlocked);
    await expect(blocked).rejects.toThrow(/0002-more did not get its lock.*process \d+ \(/);
    const patient = migrate(db, 'own', [first, second], { lockTimeoutMs: 20 });
    // Who comes meanwhile waits for a moment at most: the reader is still there.
    for (let nth = 0; nth < 5; nth += 1) await db.query('insert into own.things values (7)');
    await reader.query('rollback');
    reader.release();
    await patient;
    expect(await applied()).toEqual(['0001-things', '0002-more']);
  });

  it('refuses one that has changed since it was applied', async () => {
    await migrate(db, 'own', [first]);
    const changed = { ...first, sql: `${first.sql};` };
    await expect(migrate(db, 'own', [changed])).rejects.toThrow(MigrationConflict);
  });

  it('refuses a new one before one that was applied', async () => {
    await migrate(
      db,
      'own',
      [second].map((one) => ({ ...one, sql: 'select 1' })),
    );
    const late = { ...second, sql: 'select 1' };
    await expect(migrate(db, 'own', [first, late])).rejects.toThrow('0001-things is new');
  });

  it('leaves those of a newer release alone', async () => {
    await migrate(db, 'own', [first, second]);
    await migrate(db, 'own', [first]);
    expect(await applied()).toEqual(['0001-things', '0002-more']);
  });

  it('does not start where a newer release took away what it uses', async () => {
    const contracting: Migration = {
      name: '0003-no-names',
      note: 'Names are elsewhere since 0002.',
      sql: 'alter table things drop name',
      contracts: true,
    };
    await migrate(db, 'own', [first, second, contracting]);
    await migrate(db, 'own', [first, second, contracting]);
    const older = migrate(db, 'own', [first, second]);
    await expect(older).rejects.toThrow(SchemaTooNew);
    await expect(older).rejects.toThrow('0003-no-names');
  });

  it('goes on from a database of a release whose list had fewer columns', async () => {
    await migrate(db, 'own', [first]);
    await db.query('alter table own.migrations drop contracts; drop table own.migration_progress');
    await migrate(db, 'own', [first]);
    await migrate(db, 'own', [first, second]);
    expect(await applied()).toEqual(['0001-things', '0002-more']);
  });

  it('stops at the one that is named, for who wants the schema as a release had it', async () => {
    await migrate(db, 'own', migrationsUpTo([first, second, failing], '0002-more'));
    expect(await applied()).toEqual(['0001-things', '0002-more']);
    expect(() => migrationsUpTo([first], '0002-more')).toThrow('there is no migration 0002-more');
  });

  it('refuses names without an order', async () => {
    await expect(migrate(db, 'own', [second, first])).rejects.toThrow('not in order');
    await expect(migrate(db, 'own', [{ ...first, name: 'things' }])).rejects.toThrow('0001-name');
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { migrate, MigrationConflict, type Migration } from './migrate.js';
import { createPool, type Database } from './pool.js';

const first: Migration = {
  name: '0001-things',
  note: 'Things.',
  sql: 'create table things (n integer)',
};
const second: Migration = {
  name: '0002-more',
  note: 'Things have names.',
  sql: 'alter table things add name text; insert into things values (1, $$one$$)',
};
const failing: Migration = {
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

  it('refuses names without an order', async () => {
    await expect(migrate(db, 'own', [second, first])).rejects.toThrow('not in order');
    await expect(migrate(db, 'own', [{ ...first, name: 'things' }])).rejects.toThrow('0001-name');
  });
});

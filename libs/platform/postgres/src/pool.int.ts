import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createPool, type Database } from './pool.js';
import { transaction } from './transaction.js';
import { isUnavailable } from './unavailable.js';

describe('a pool', () => {
  let database: TestDatabase;
  let db: Database;
  let admin: Database;

  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url, { applicationName: 'pool test', searchPath: 'own, public' });
    admin = createPool(database.url);
    await admin.query('create schema own; create table own.things (n integer primary key)');
  });
  afterEach(async () => {
    await Promise.all([db.end(), admin.end()]);
    await database.drop();
  });

  const terminate = async (): Promise<void> => {
    await admin.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'pool test'`,
    );
  };

  it('reads bigint exactly, dates as days, numeric as decimal text', async () => {
    const { rows } = await db.query(
      `select 9007199254740993::int8 as n, date '2026-03-29' as day, 0.10::numeric as rate`,
    );
    expect(rows).toEqual([{ n: 9_007_199_254_740_993n, day: '2026-03-29', rate: '0.10' }]);
  });

  it('looks names up in its search path', async () => {
    expect((await db.query('select * from things')).rows).toEqual([]);
  });

  it('survives the loss of idle connections', async () => {
    await Promise.all([1, 2, 3].map(() => db.query('select pg_sleep(0.05)')));
    await terminate();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await db.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives the loss of a connection in use, and tells its user', async () => {
    const lost = transaction(db, async (tx) => {
      await tx.query('insert into things values (1)');
      await terminate();
      await tx.query('select 1');
    });
    expect(isUnavailable(await lost.catch((error: unknown) => error))).toBe(true);
    expect((await db.query('select * from things')).rows).toEqual([]);
  });

  it('commits what resolves, and rolls back what throws', async () => {
    const insert = (n: number) =>
      transaction(db, (tx) => tx.query(`insert into things values (${n})`));
    await insert(1);
    await expect(insert(1)).rejects.toThrow('duplicate key');
    await expect(
      transaction(db, async (tx) => {
        await tx.query('insert into things values (2)');
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect((await db.query('select n from things')).rows).toEqual([{ n: 1 }]);
  });

  it('does not take a commit for done when a failed statement was ignored', async () => {
    const ignoring = transaction(db, async (tx) => {
      await tx.query('insert into things values (1)');
      await tx.query('select 1 / 0').catch(() => undefined);
    });
    await expect(ignoring).rejects.toThrow('rolled back');
    expect((await db.query('select n from things')).rows).toEqual([]);
  });
});

describe('isUnavailable', () => {
  const failureOf = async (url: string, sql = 'select 1'): Promise<unknown> => {
    const db = createPool(url, { connectTimeoutMs: 1_000 });
    try {
      await db.query(sql);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await db.end();
    }
  };

  it('knows a server that is not there', async () => {
    expect(isUnavailable(await failureOf('postgres://x:x@127.0.0.1:1/x'))).toBe(true);
    expect(isUnavailable(await failureOf('postgres://x:x@localhost:1/x'))).toBe(true);
  });

  it('knows the codes of PostgreSQL, also as a cause', () => {
    const coded = (code: string): Error => Object.assign(new Error(code), { code });
    for (const code of ['57P01', '57P02', '57P03', '08006', '08001', '53300', 'ECONNRESET']) {
      expect(isUnavailable(coded(code))).toBe(true);
      expect(isUnavailable(new Error('because', { cause: coded(code) }))).toBe(true);
    }
    for (const code of ['23505', '40001', '42P01', '28P01', '57014']) {
      expect(isUnavailable(coded(code))).toBe(false);
    }
  });

  it('takes nothing else for it', async () => {
    const database = await testDatabase();
    expect(isUnavailable(await failureOf(database.url, 'select 1 / 0'))).toBe(false);
    const wrong = new URL(database.url);
    wrong.password = 'wrong';
    expect(isUnavailable(await failureOf(wrong.href))).toBe(false);
    expect(isUnavailable('text')).toBe(false);
    await database.drop();
  });
});

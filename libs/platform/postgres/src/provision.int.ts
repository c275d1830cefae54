import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createPool, type Database } from './pool.js';
import { provision, type ServiceRole, type SharedSchema } from './provision.js';

const shared: SharedSchema = {
  schema: 'common_ground',
  migrations: [{ name: '0001-log', note: 'A log.', sql: 'create table log (n integer)' }],
  grants: (role, access) => `
    grant usage on schema common_ground to ${role};
    grant select ${access === 'write' ? ', insert' : ''} on common_ground.log to ${role};`,
};

describe('provision', () => {
  let database: TestDatabase;
  let pools: Database[];
  // Roles belong to the whole server, which other tests use at the same time.
  const suffix = randomBytes(4).toString('hex');
  const writer: ServiceRole = {
    role: `writer_${suffix}`,
    schema: 'writer',
    password: "it's secret",
  };
  const reader: ServiceRole = {
    role: `reader_${suffix}`,
    schema: 'reader',
    password: 'r',
    access: { common_ground: 'read' },
  };

  beforeEach(async () => {
    database = await testDatabase();
    pools = [];
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    const admin = createPool(database.url);
    for (const { role } of [writer, reader]) {
      const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [role]);
      if (rowCount === 1) await admin.query(`drop owned by ${role} cascade; drop role ${role}`);
    }
    await admin.end();
    await database.drop();
  });

  const as = ({ role, password = '', schema }: ServiceRole): Database => {
    const url = new URL(database.url);
    url.username = role;
    url.password = encodeURIComponent(password);
    const pool = createPool(url.href, { searchPath: schema });
    pools.push(pool);
    return pool;
  };

  it('gives each service a role with a schema of its own, and the rights that are stated', async () => {
    await provision(database.url, [writer, reader], [shared]);
    const [w, r] = [as(writer), as(reader)];
    await w.query('create table mine (n integer); insert into common_ground.log values (1)');
    expect((await r.query('select n from common_ground.log')).rows).toEqual([{ n: 1 }]);
    const denied = 'permission denied';
    await expect(r.query('insert into common_ground.log values (2)')).rejects.toThrow(denied);
    await expect(w.query('delete from common_ground.log')).rejects.toThrow(denied);
    await expect(r.query('select * from writer.mine')).rejects.toThrow(denied);
    await expect(w.query('create table common_ground.other ()')).rejects.toThrow(denied);
    await expect(w.query('create schema another')).rejects.toThrow(denied);
  });

  it('can be repeated: rights and passwords become what is stated', async () => {
    await provision(database.url, [writer], [shared]);
    await as(writer).query('create table mine (n integer)');
    const changed: ServiceRole = { ...writer, password: 'new', access: { common_ground: 'none' } };
    await provision(database.url, [changed], [shared]);
    await expect(as(writer).query('select 1')).rejects.toThrow('password authentication failed');
    const pool = as(changed);
    expect((await pool.query('select * from mine')).rows).toEqual([]);
    await expect(pool.query('select * from common_ground.log')).rejects.toThrow(
      'permission denied',
    );
  });

  it('is safe to run at once, in this database and in others of the same server', async () => {
    const other = await testDatabase();
    await Promise.all(
      [database.url, other.url, database.url, other.url, database.url].map((url) =>
        provision(url, [writer, reader], [shared]),
      ),
    );
    expect((await as(writer).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await other.drop();
  });

  it('makes a role that nobody can log in as when no password is given, and leaves the password of one that has one', async () => {
    const { password: _, ...withoutPassword } = writer;
    await provision(database.url, [withoutPassword], [shared]);
    await expect(as({ ...writer, password: 'any' }).query('select 1')).rejects.toThrow(
      'password authentication failed',
    );
    await provision(database.url, [writer], [shared]);
    await provision(database.url, [withoutPassword], [shared]);
    expect((await as(writer).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

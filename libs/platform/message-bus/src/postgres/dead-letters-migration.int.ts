import { expect, it } from '@jest/globals';
import { createPool, migrate, migrationsUpTo } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { createPostgresMessageBus } from './bus.js';
import { busSchema } from './schema.js';

it('migration 0002 keeps the dead letters, and tells which hold something in place of their message', async () => {
  const { schema, migrations } = busSchema;
  const database = await testDatabase();
  const db = createPool(database.url, { max: 1 });
  const bus = createPostgresMessageBus({ url: database.url });
  try {
    await migrate(db, schema, migrationsUpTo(migrations, '0001-bus'));
    await db.query(`
      select bus.ensure_topics('{t}', '{1}');
      select bus.publish('{1,1,1}', '{a,b,c}', '{1,2,3}', '{"{}","{}","{}"}', '{x,y,z}');
      select bus.join_group('g', '{t}');
      select bus.settle(1, 0, 2, '{0,1}', '{bad,bad}', array[null, 'token'], array[null, 'of token']);`);
    await migrate(db, schema, migrations);
    await db.query(`select bus.settle(1, 2, 3, '{2}', '{bad}', '{token}', '{of token}')`);
    const letters = [];
    for await (const { id, key, replaced } of bus.deadLetters('t'))
      letters.push([id, key, replaced]);
    expect(letters).toEqual([
      ['1', 'a', false],
      ['2', 'token', true],
      ['3', 'token', true],
    ]);
  } finally {
    await bus.close();
    await db.end();
    await database.drop();
  }
});

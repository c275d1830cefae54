import { afterAll } from '@jest/globals';
import { createPool, migrate } from '@tallystick/postgres';
import { runSource, testDatabase, type TestDatabase } from '@tallystick/testing';
import { eventStoreContract } from '../contract/event-store-contract.js';
import { eventStoreSchema } from './schema.js';
import { createPostgresEventStore } from './store.js';

const openModule = new URL('./in-process.ts', import.meta.url);

/** One database for all: it is emptied between the tests, which is much faster than a new one each time. */
let database: TestDatabase | undefined;
const databaseOnce = async (): Promise<TestDatabase> => (database ??= await testDatabase());
afterAll(async () => {
  await database?.drop();
});

eventStoreContract('PostgreSQL', {
  make: async () => {
    const { url } = await databaseOnce();
    const admin = createPool(url, { max: 3, applicationName: 'contract' });
    await migrate(admin, eventStoreSchema.schema, eventStoreSchema.migrations);
    return {
      open: async () => createPostgresEventStore({ db: url }),
      run: (script, args, options) => runSource(script, [openModule.href, url, ...args], options),
      breakConnections: async () => {
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name <> 'contract'`,
        );
      },
      beginForeignTransaction: async () => {
        const client = await admin.connect();
        await client.query('begin isolation level repeatable read');
        await client.query('create table if not exists foreign_work (n integer)');
        await client.query('select count(*) from eventstore.events');
        return async () => {
          await client.query('commit');
          client.release();
        };
      },
      remove: async () => {
        await admin.query(`alter table eventstore.events disable trigger append_only;
          truncate eventstore.events;
          alter table eventstore.events enable trigger append_only`);
        await admin.end();
      },
    };
  },
});

import { randomUUID } from 'node:crypto';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { assumed } from '../contract/bus-under-test.js';
import { messageBusContract } from '../contract/message-bus-contract.js';
import { createPostgresMessageBus } from './bus.js';
import { busSchema } from './schema.js';

messageBusContract('PostgreSQL', async () => {
  const database = await testDatabase();
  const admin = createPool(database.url, { max: 2 });
  await migrate(admin, busSchema.schema, busSchema.migrations);
  return {
    open: () => {
      const applicationName = `bus ${randomUUID()}`;
      return {
        bus: createPostgresMessageBus({
          url: database.url,
          applicationName,
          limits: {
            pollMs: 500,
            retryDelayMinMs: assumed.retryDelayMinMs,
            retryDelayMaxMs: assumed.retryDelayMaxMs,
            reconnectDelayMinMs: 20,
          },
        }),
        cut: async () => {
          await admin.query(
            'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
            [applicationName],
          );
        },
      };
    },
    close: async () => {
      await admin.end();
      await database.drop();
    },
  };
});

import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { allOf, collect, idsOf, sampleEvents, sampleStream } from '../contract/events.js';
import { StoreUnavailable, type EventStore } from '../port.js';
import { eventStoreSchema } from './schema.js';
import { createPostgresEventStore } from './store.js';

const begin = (name: string, count = 1) =>
  [
    { stream: sampleStream(name), expected: 'noStream', events: sampleEvents(name, count) },
  ] as const;

describe('the event store over a network that loses answers', () => {
  let database: TestDatabase;
  let store: EventStore;
  let proxy: Server;
  let url: string;
  let loseNextAnswer: boolean;
  let sockets: Socket[];

  beforeEach(async () => {
    database = await testDatabase();
    const db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
    store = createPostgresEventStore({ db: database.url });
    const target = new URL(database.url);
    const port = Number(target.port);
    loseNextAnswer = false;
    sockets = [];
    proxy = createServer((client) => {
      const server = connect(port, target.hostname);
      sockets.push(client, server);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
      let appending = false;
      client.on('data', (bytes) => {
        appending ||= loseNextAnswer && bytes.includes('tallystick-append');
        server.write(bytes);
      });
      server.on('data', (bytes) => {
        if (!appending) {
          client.write(bytes);
          return;
        }
        // The commit has happened, and nobody hears of it.
        if (bytes.includes('SELECT 1')) {
          loseNextAnswer = false;
          client.destroy();
        }
      });
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    target.port = String(typeof address === 'object' ? address?.port : '');
    url = target.href;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await store.close();
    await database.drop();
  });

  it('answers appended for what it has written itself, and has it once', async () => {
    const far = createPostgresEventStore({ db: url });
    await far.append(begin('before'));
    loseNextAnswer = true;
    const results = await Promise.all([far.append(begin('a', 2)), far.append(begin('b', 2))]);
    expect(loseNextAnswer).toBe(false);
    expect(results.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
    expect(results).toMatchObject([{ position: 3n }, { position: 5n }]);
    expect(idsOf(await allOf(store))).toEqual(
      idsOf([sampleEvents('before', 1), sampleEvents('a', 2), sampleEvents('b', 2)].flat()),
    );
    await far.close();
  });

  it('says that the store is away when it stays away, and goes on when it is back', async () => {
    const far = createPostgresEventStore({ db: url, retryMs: 300 });
    await far.append(begin('before'));
    for (const socket of sockets) socket.destroy();
    const { port } = new URL(url);
    proxy.close();
    await expect(far.append(begin('a'))).rejects.toThrow(StoreUnavailable);
    await expect(far.head()).rejects.toThrow(StoreUnavailable);
    await expect(collect(far.readAll())).rejects.toThrow(StoreUnavailable);
    proxy.listen(Number(port), '127.0.0.1');
    await once(proxy, 'listening');
    expect((await far.append(begin('a'))).kind).toBe('appended');
    await far.close();
  });
});

import {
  createPostgresEventStore,
  eventStoreSchema,
  type RecordedEvent,
} from '@tallystick/event-store';
import type { Message, Verdict } from '@tallystick/message-bus';
import { createPool, migrate, provision } from '@tallystick/postgres';
import { categoryOf } from '@tallystick/kernel';
import { topicOfCategory } from '@tallystick/contracts';
import { pino } from 'pino';
import { z } from 'zod';
import { hear } from '../hear/hear.js';
import { migrations } from '../migrations.js';
import { runReplay } from '../replay/run-replay.js';
import { foldersOf } from '../views/all.js';
import { ensureViews } from '../views/ensure.js';
import type { Folder } from '../views/folder.js';
import { Shop } from './shop.js';
import type { GivenDatabase } from './start-reporting.js';

/** Reporting's views on a database of their own, without service and bus: messages are handed in by hand. */
export const openViews = async (database: GivenDatabase, unitsMax?: number) => {
  await provision(database.url, [], [eventStoreSchema]);
  const db = createPool(database.url, { max: 6, searchPath: 'reporting' });
  await migrate(db, 'reporting', migrations);
  await ensureViews(db);
  const store = createPostgresEventStore({ db: database.url });
  const live = foldersOf('live', store);
  const log = pino({ level: 'silent' });
  let told = 0n;

  const folderOf = (message: Message): Folder => {
    const folder = Object.values(live).find(({ category }) =>
      message.key.startsWith(`${category}-`),
    );
    if (folder === undefined) throw new Error(`no view is made of ${message.key}`);
    return folder;
  };

  return {
    db,
    store,
    live,
    shop: new Shop(store, undefined, unitsMax),
    /** What was written since the last time, as the bus would bring it. */
    messages: async (): Promise<Message[]> => {
      const messages: Message[] = [];
      for await (const event of store.readAll({ after: told })) {
        told = event.position;
        messages.push(delivered(event));
      }
      return messages;
    },
    /** Hands messages to the projection that they are for, and says what became of each. */
    deliver: async (messages: readonly Message[]): Promise<Verdict[]> => {
      const verdicts: Verdict[] = [];
      for (const folder of Object.values(live)) {
        const own = messages.filter((message) => folderOf(message) === folder);
        if (own.length > 0)
          verdicts.push(...(await hear({ db, log, telemetry: null }, folder, own)));
      }
      return verdicts;
    },
    replay: async ({
      rebuild = false,
      caughtUp = () => Promise.resolve(true),
      folded = () => undefined,
    }: {
      rebuild?: boolean;
      caughtUp?: () => Promise<boolean>;
      folded?: (events: number) => void;
    } = {}) => {
      const connection = await db.connect();
      try {
        const signal = new AbortController().signal;
        return await runReplay({ connection, store, signal, folded, caughtUp }, { rebuild });
      } finally {
        connection.release();
      }
    },
    end: async () => {
      await store.close();
      await db.end();
      await database.drop();
    },
  };
};
export type Views = Awaited<ReturnType<typeof openViews>>;

const delivered = (event: RecordedEvent): Message => ({
  topic: topicOfCategory[categoryOf(event.stream)] ?? 'none',
  key: event.stream,
  id: event.id,
  headers: { 'content-type': 'application/json' },
  value: JSON.stringify({
    ...event,
    position: event.position.toString(),
    data: z.json().parse(JSON.parse(event.data)),
  }),
  partition: event.stream.length % 4,
  offset: event.position,
});

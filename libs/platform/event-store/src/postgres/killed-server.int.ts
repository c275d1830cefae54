import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  removeData,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@tallystick/embedded-postgres';
import { createPool, migrate } from '@tallystick/postgres';
import { allOf, idsOf, sampleEvents, sampleStream } from '../contract/events.js';
import { digestStreams } from '../digest.js';
import type { EventStore, RecordedEvent } from '../port.js';
import { eventStoreSchema } from './schema.js';
import { createPostgresEventStore } from './store.js';

/** Follows until so many events have come. */
const followed = async (store: EventStore, count: number): Promise<RecordedEvent[]> => {
  const seen: RecordedEvent[] = [];
  const { signal } = new AbortController();
  for await (const batch of store.follow({ batchMax: 50, signal })) {
    seen.push(...batch);
    if (seen.length >= count) break;
  }
  return seen;
};

describe('the event store on a PostgreSQL that is killed', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'tallystick-killed-'));
    await chmod(dataDir, 0o755);
    postgres = await startEmbeddedPostgres({ dataDir });
    const db = createPool(postgres.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
  });
  afterEach(async () => {
    await postgres.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });

  it('has every acknowledged event, writers and followers go on by themselves, and ends as if nothing had been', async () => {
    const store = createPostgresEventStore({ db: postgres.url, retryMs: 60_000 });
    const following = followed(store, 8 * 60 * 2);
    const exits: Promise<void>[] = [];
    postgres.onExit(() => {
      exits.push(postgres.restart());
    });
    const told: string[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let count = 0; count < 60; count += 1) {
        const events = sampleEvents(`${writer} ${count}`, 2);
        const result = await store.append([
          {
            stream: sampleStream(`w${writer}`),
            expected: count === 0 ? 'noStream' : count * 2 - 1,
            events,
          },
        ]);
        expect(result.kind).toBe('appended');
        told.push(...idsOf(events));
        if (writer === 0 && count % 20 === 10) process.kill(postgres.pid, 'SIGKILL');
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(write));
    await Promise.all(exits);
    expect(exits).toHaveLength(3);
    const all = await allOf(store);
    expect(idsOf(all).toSorted()).toEqual(told.toSorted());
    const digest = await digestStreams(store);
    expect(await following).toEqual(all);

    // The same, never cut off.
    const smooth = createPool(postgres.url);
    await smooth.query(`alter table eventstore.events disable trigger append_only;
      truncate eventstore.events; alter table eventstore.events enable trigger append_only`);
    await smooth.end();
    for (const writer of [7, 6, 5, 4, 3, 2, 1, 0]) {
      for (let count = 0; count < 60; count += 1) {
        await store.append([
          {
            stream: sampleStream(`w${writer}`),
            expected: count === 0 ? 'noStream' : count * 2 - 1,
            events: sampleEvents(`${writer} ${count}`, 2),
          },
        ]);
      }
    }
    expect(await digestStreams(store)).toEqual(digest);
    await store.close();
  }, 120_000);
});

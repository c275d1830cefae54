import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeData, startEmbeddedPostgres } from '@tallystick/embedded-postgres';
import { eventStoreSchema } from '@tallystick/event-store';
import { createPool, migrate, type Database } from '@tallystick/postgres';

/** The PostgreSQL of a run of benchmarks. */
export interface Server {
  /** As its superuser. */
  readonly url: string;
  /** What it says of itself, and the settings that a figure depends on. */
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  /** A database of a benchmark's own, UTF-8 and sorted as bytes. */
  database(): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

export interface BenchDatabase {
  readonly url: string;
  /** For preparing and checking; what is measured opens its own connections. */
  readonly db: Database;
  /** Before each run: both sides begin with everything written out and the planner informed. */
  settle(): Promise<void>;
  drop(): Promise<void>;
}

const settingsShown = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
];

/** Starts the PostgreSQL that comes with the packages, as `npm start` does, or uses the one at a URL (as a superuser). */
export const startServer = async (givenUrl?: string): Promise<Server> => {
  if (givenUrl !== undefined) return await serverAt(givenUrl, async () => undefined);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tallystick-bench-'));
  // Where we are root, PostgreSQL runs as another user, who has to pass through.
  await chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir });
  return await serverAt(postgres.url, async () => {
    await postgres.stop();
    await removeData(dataDir);
  });
};

const serverAt = async (url: string, stop: () => Promise<void>): Promise<Server> => {
  const admin = createPool(url, { max: 2, applicationName: 'bench' });
  const { rows: versions } = await admin.query<{ version: string }>('select version()');
  const { rows: settings } = await admin.query<{ name: string; setting: string }>(
    `select name, current_setting(name) as setting from pg_settings where name = any($1) order by name`,
    [settingsShown],
  );
  let stopped: Promise<void> | undefined;
  return {
    url,
    version: versions[0]?.version.split(' on ')[0] ?? 'PostgreSQL',
    settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
    database: async () => {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      await admin.query(`create database ${name} template template0 encoding 'UTF8' locale 'C'`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      const db = createPool(own.href, { max: 4, applicationName: 'bench' });
      await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
      return {
        url: own.href,
        db,
        settle: async () => {
          await db.query('vacuum analyze');
          await db.query('checkpoint');
        },
        drop: async () => {
          await db.end();
          await admin.query(`drop database if exists ${name} with (force)`);
        },
      };
    },
    stop: async () => {
      stopped ??= admin.end().then(stop);
      await stopped;
    },
  };
};

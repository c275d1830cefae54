import { chmod, mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DataInUse,
  removeData,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@tallystick/embedded-postgres';
import { testServerVariable } from './test-database.js';

const folderPrefix = 'tallystick-test-';
/** A younger folder may belong to a run that is just starting. */
const abandonedAfterMs = 600_000;

let server: { readonly postgres: EmbeddedPostgres; readonly dataDir: string } | undefined;

/**
 * Starts the one PostgreSQL that all tests of a run share, and tells them by the environment. Does nothing when the
 * environment names one already. Every test makes a database of its own on it.
 */
export const startTestServer = async (): Promise<void> => {
  if (process.env[testServerVariable] !== undefined) return;
  await removeAbandoned();
  const dataDir = await mkdtemp(path.join(tmpdir(), folderPrefix));
  // Where we are root, PostgreSQL runs as another user, who has to pass through.
  await chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir });
  server = { postgres, dataDir };
  process.env[testServerVariable] = postgres.url;
};

export const stopTestServer = async (): Promise<void> => {
  if (server === undefined) return;
  const { postgres, dataDir } = server;
  server = undefined;
  Reflect.deleteProperty(process.env, testServerVariable);
  await postgres.stop();
  await removeData(dataDir);
};

/** Runs that were killed leave a server and its data behind. */
const removeAbandoned = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = path.join(tmpdir(), name);
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age < abandonedAfterMs) continue;
    await removeData(folder).catch((error: unknown) => {
      if (!(error instanceof DataInUse)) throw error;
    });
  }
};

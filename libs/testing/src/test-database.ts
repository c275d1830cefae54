import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Names the PostgreSQL (as a superuser) that the tests make their databases on. Set by the run's global setup, or by hand. */
export const testServerVariable = 'TALLYSTICK_TEST_POSTGRES_URL';

export interface TestDatabase {
  /** Connects to the new, empty database as the server's superuser. */
  readonly url: string;
  /** Ends what is still connected, and removes the database. */
  drop(): Promise<void>;
}

const serverUrl = (): string => {
  const url = process.env[testServerVariable];
  if (url === undefined) {
    throw new Error(
      `${testServerVariable} is not set: tests with a database end in .int.ts or .e2e.ts, for which jest's global setup sets it`,
    );
  }
  return url;
};

const onServer = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** Makes a database of its own for a test: UTF-8, sorted as bytes, like the embedded default. */
export const testDatabase = async (): Promise<TestDatabase> => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name} template template0 encoding 'UTF8' locale 'C'`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => await onServer(`drop database if exists ${name} with (force)`),
  };
};

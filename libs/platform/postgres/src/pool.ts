import pg from 'pg';

/** A pool of connections to one database, as one role. */
export type Database = pg.Pool;
/** One connection taken from a pool. */
export type Connection = pg.PoolClient;
/** What a query can be sent to: the pool itself, or the connection of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

export interface PoolOptions {
  /** The most connections open at once; 10 without it. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** The schemas in which names without a schema are looked up, e.g. `accrual`. */
  readonly searchPath?: string;
  /** How long to wait for a connection, in ms, before giving up with an error that `isUnavailable`. */
  readonly connectTimeoutMs?: number;
}

const connectionsMax = 10;
const connectTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** A peer that vanished without a word is noticed by probes that begin after this silence. */
const keepAliveAfterMs = 10_000;

const asText = (value: string): string => value;
/** By the type's object id: text readers that differ from the driver's own. */
const ownReaders: ReadonlyMap<number, (value: string) => unknown> = new Map<
  number,
  (value: string) => unknown
>([
  [pg.types.builtins.INT8, BigInt],
  [pg.types.builtins.DATE, asText],
  [pg.types.builtins.NUMERIC, asText],
]);

/**
 * How this library's connections read values: `int8` as bigint (a number would lose digits), `date` as `2026-01-31`
 * (the driver would make it a moment in the machine's own zone), `numeric` as its exact decimal text.
 * Set per connection: the driver's global parsers are left as they are.
 */
export const readers: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): ((value: string) => unknown) => {
    const own = format === 'binary' ? undefined : ownReaders.get(oid);
    return own ?? driver.getTypeParser(oid, format);
  },
};

/** The driver's own, which it types loosely. */
const driver: {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown;
} = pg.types;

/** Opens a pool. Nothing is connected before the first query. */
export const createPool = (url: string, options: PoolOptions = {}): Database => {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? connectionsMax,
    application_name: options.applicationName ?? 'tallystick',
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    types: readers,
    ...(options.searchPath === undefined
      ? {}
      : { options: `-c search_path=${options.searchPath.replace(/([\\ ])/g, '\\$1')}` }),
  });
  // A connection that is lost says so to the query that was using it, or is replaced when idle. Without
  // these listeners the same loss would also be an unhandled 'error' event, which ends the process.
  pool.on('error', ignoreLostConnection);
  pool.on('connect', (client) => client.on('error', ignoreLostConnection));
  return pool;
};

const ignoreLostConnection = (): void => {};

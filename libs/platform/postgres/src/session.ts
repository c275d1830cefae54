import pg from 'pg';
import { readers } from './pool.js';

/** How long to wait for a connection before giving up. */
const connectMaxMs = 10_000;
/** How long one statement may take before the connection counts as lost (a network that swallows packets says nothing). */
const answerMaxMsDefault = 30_000;
/** The server ends the session of a peer that is silent for idle + interval x count seconds: its locks are free then. */
const keepalive = { idleS: 10, intervalS: 5, count: 3 };

export interface SessionOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly answerMaxMs?: number;
}

/** A statement that the server parses and plans once for each connection: for what is asked again and again. */
export interface Named {
  readonly name: string;
  readonly text: string;
}

const named = (statement: string | Named): pg.QueryConfig =>
  typeof statement === 'string' ? { text: statement } : { ...statement };

/**
 * One connection of one's own, for what must live and die with it: advisory locks, LISTEN.
 * Statements and transactions run one after the other, in the order of the calls. A lost connection stays lost.
 */
export interface Session {
  /** The server process that holds this session's locks. */
  readonly pid: number;
  /** Aborted when the connection has ended, by whomever; its reason is the error. */
  readonly ended: AbortSignal;
  query<Row extends pg.QueryResultRow>(
    statement: string | Named,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
  /** Nothing else of this session runs between its begin and commit. Rolls back when `work` throws. */
  transaction<T>(work: (tx: pg.ClientBase) => Promise<T>): Promise<T>;
  /** Calls `heard` with the payload of each notification on a channel. */
  listen(channel: string, heard: (payload: string) => void): Promise<void>;
  /** Ends the connection once the statement in hand is answered. */
  close(): Promise<void>;
}

/** The session's connection is gone; what was asked of it last may or may not have happened. `isUnavailable` knows it. */
export class SessionEnded extends Error {
  /** connection_failure (PostgreSQL 18, appendix A). */
  readonly code = '08006';

  constructor(cause: unknown) {
    super(`the session ended: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'SessionEnded';
  }
}

/** Opens a session. Throws what the connection attempt threw. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const answerMaxMs = options.answerMaxMs ?? answerMaxMsDefault;
  const client = new pg.Client({
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectMaxMs,
    keepAlive: true,
    types: readers,
    keepAliveInitialDelayMillis: keepalive.idleS * 1000,
  });
  const ended = new AbortController();
  const end = (error: unknown): void => {
    if (!ended.signal.aborted) ended.abort(new SessionEnded(error));
  };
  client.on('error', end);
  client.on('end', () => end(new Error('the connection was closed')));
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }

  let tail: Promise<unknown> = Promise.resolve();
  /** One at a time; a statement that stays unanswered breaks the connection off, which rejects it. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(async () => {
      ended.signal.throwIfAborted();
      const timer = setTimeout(() => {
        end(new Error(`no answer within ${answerMaxMs} ms`));
        void client.end().catch(() => undefined);
      }, answerMaxMs);
      try {
        return await work();
      } catch (error) {
        throw ended.signal.aborted ? ended.signal.reason : error;
      } finally {
        clearTimeout(timer);
      }
    });
    tail = result.catch(() => undefined);
    return result;
  };

  const query = <Row extends pg.QueryResultRow>(
    statement: string | Named,
    values: readonly unknown[] = [],
  ) => inTurn(() => client.query<Row>(named(statement), [...values]));

  const transaction = <T>(work: (tx: pg.ClientBase) => Promise<T>): Promise<T> =>
    inTurn(async () => {
      await client.query('begin');
      try {
        const result = await work(client);
        const { command } = await client.query('commit');
        if (command !== 'COMMIT')
          throw new Error('a failed statement of the transaction was ignored');
        return result;
      } catch (error) {
        // When even this fails the connection is gone, and the server rolls back by itself.
        await client.query('rollback').catch(end);
        throw error;
      }
    });

  const listeners = new Map<string, (payload: string) => void>();
  client.on('notification', ({ channel, payload }) => listeners.get(channel)?.(payload ?? ''));

  const close = async (): Promise<void> => {
    await inTurn(async () => end(new Error('closed'))).catch(() => undefined);
    await client.end().catch(() => undefined);
  };

  try {
    const { rows } = await query<{ pid: number }>(
      `select pg_backend_pid() as pid,
              set_config('tcp_keepalives_idle', $1, false),
              set_config('tcp_keepalives_interval', $2, false),
              set_config('tcp_keepalives_count', $3, false)`,
      [keepalive.idleS, keepalive.intervalS, keepalive.count].map(String),
    );
    const pid = rows[0]?.pid;
    if (pid === undefined) throw new Error('the server did not say its process id');
    return {
      pid,
      ended: ended.signal,
      query,
      transaction,
      listen: async (channel, heard) => {
        listeners.set(channel, heard);
        await query(`listen ${client.escapeIdentifier(channel)}`);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

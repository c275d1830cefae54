/** Errors of the operating system that say: the server is not there, or not any more. */
const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * PostgreSQL's own: admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped is not among them,
 * idle_session_timeout, too_many_connections. Source: PostgreSQL 18, appendix A.
 */
const stateCodes: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05', '53300']);
const connectionClass = /^08...$/;

/** The driver's, which have no code. Source: pg 8.23, `client.js` and pg-pool `index.js`. */
const driverMessages: readonly RegExp[] = [
  /^Connection terminated/,
  /^timeout expired$/,
  /^timeout exceeded when trying to connect$/,
  /^Client has encountered a connection error and is not queryable$/,
  /^Client was closed and is not queryable$/,
  /^Connection ended$/i,
];

interface ErrorLike {
  readonly message: string;
  readonly cause?: unknown;
}

/** Not `instanceof`: in a vm context, as jest's tests are, the errors of Node's own sockets are of another realm. */
const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' &&
  value !== null &&
  'message' in value &&
  typeof value.message === 'string';

const codeOf = (error: ErrorLike): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/**
 * Whether an error says that the database is away for now (not reachable, restarting, shutting down, the
 * connection lost, no connection free): the same call may succeed later. Looks through causes.
 */
export const isUnavailable = (error: unknown): boolean => {
  if (!isErrorLike(error)) return false;
  const code = codeOf(error);
  if (code !== undefined) {
    if (networkCodes.has(code) || stateCodes.has(code) || connectionClass.test(code)) return true;
  } else if (driverMessages.some((message) => message.test(error.message))) {
    return true;
  }
  return error.cause !== undefined && isUnavailable(error.cause);
};

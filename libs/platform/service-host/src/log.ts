import type { LoggerService } from '@nestjs/common';
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import type { ServiceName } from '@tallystick/contracts';
import type { LogLevel } from './config.js';
import type { BusLog } from '@tallystick/message-bus';
import { readTraceparent, traceIdOf } from '@tallystick/telemetry';
import { currentContext } from './context.js';

export type Log = Logger;

/** Classes of SQLSTATE whose messages repeat the value that was wrong: data exceptions. */
const dataException = '22';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/**
 * What a log may say of an error: its kind, message, code and stack. Left out is what may hold a value of the data:
 * PostgreSQL's `detail`, `where` and parameters, and the snippet that JSON.parse quotes.
 */
const describeError = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error ? text(error.code) : undefined;
  const constraint = 'constraint' in error ? text(error.constraint) : undefined;
  const table = 'table' in error ? text(error.table) : undefined;
  const quotes =
    error instanceof SyntaxError || (code?.length === 5 && code.startsWith(dataException));
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(quotes ? {} : { message: error.message.slice(0, 500) }),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
    stack: frames?.slice(0, 20).join('\n'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
};

/** JSON lines on stderr. Lines written while a request is handled carry its correlation and trace ids. */
export const createLog = (
  service: ServiceName,
  level: LogLevel,
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Log =>
  pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      mixin: () => {
        const context = currentContext.getStore();
        if (context === undefined) return {};
        const { correlationId, traceparent } = context;
        return {
          ...(correlationId === undefined ? {} : { correlationId }),
          ...(traceparent === undefined ? {} : { traceId: traceIdOf(traceparent) }),
        };
      },
    },
    stream,
  );

/** The bus's own lines: of the traceparent that it tells as it came, they carry the trace's id, if it is one. */
export const busLogOf = (log: Log): BusLog => {
  const said = (details: object): object => {
    if (!('traceparent' in details)) return details;
    const { traceparent, ...rest } = details;
    const valid = readTraceparent(traceparent);
    return valid === undefined ? rest : { ...rest, traceId: traceIdOf(valid) };
  };
  return {
    info: (details, message) => log.info(said(details), message),
    warn: (details, message) => log.warn(said(details), message),
    error: (details, message) => log.error(said(details), message),
  };
};

/** Nest's own lines, which are chatter at its level `log`, into ours. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Log) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.write('debug', message, rest);
  }
  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: readonly unknown[]): void {
    this.write('trace', message, rest);
  }
  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: readonly unknown[]): void {
    this.write('error', message, rest);
  }
  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(
    level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: readonly unknown[],
  ): void {
    const nest = text(rest.at(-1));
    if (message instanceof Error) this.logger[level]({ nest, err: message }, 'nest');
    else this.logger[level]({ nest }, String(message));
  }
}

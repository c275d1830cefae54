import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Type } from '@nestjs/common';
import type { z } from 'zod';
import type { ServiceName } from '@tallystick/contracts';
import type { Clock } from '@tallystick/kernel';
import type { Migration } from '@tallystick/postgres';
import type { Readiness } from './http/health.js';
import type { Log } from './log.js';

export interface ServiceDefinition {
  readonly name: ServiceName;
  /** The service's root module: controllers and providers. What the host offers is global and needs no import. */
  readonly module: Type<unknown>;
  /** Of the service's own schema. */
  readonly migrations: readonly Migration[];
  /** What the service reads of the environment besides the host's own: keys are variable names. Found in `CONFIG`. */
  readonly config?: z.ZodObject;
  /** One sentence, for the API page. */
  readonly summary: string;
  /** Whether this service runs the relay from the store to the bus. Exactly one does. */
  readonly relay?: boolean;
}

export interface StartOptions {
  /** Default true; false: reached by `handle` only. */
  readonly listen?: boolean;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface RunningService {
  readonly name: ServiceName;
  /** Base address, when it listens. */
  readonly url?: string;
  /** Answers one request of another server: the front door of several services in one process. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Waits until it can do its work, at most so long; resolves to what `/ready` then answers. */
  ready(withinMs: number): Promise<Readiness>;
  /** Refuses new requests, lets those in hand and the consumers end, closes every connection. */
  close(): Promise<void>;
}

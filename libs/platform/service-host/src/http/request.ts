import type { FastifyRequest } from 'fastify';
import type { Caller } from '../auth/caller.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the host's first hook. */
    tallystick: RequestFacts;
  }
}

/** What the host knows of a request in hand. */
export interface RequestFacts {
  readonly correlationId: string;
  readonly traceparent: string;
  /** Set when the bearer token was checked. */
  caller: Caller | undefined;
  actor: string;
}

export type HostRequest = FastifyRequest;

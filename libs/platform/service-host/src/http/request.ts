import type { Caller } from '../auth/caller.js';

/** What the host knows of a request in hand. */
export interface RequestFacts {
  readonly correlationId: string;
  readonly traceparent: string;
  /** Set when the bearer token was checked. */
  caller: Caller | undefined;
  actor: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the host's first hook. */
    tallystick: RequestFacts;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { NotLeaderError } from '@eventstore/db-client';
import { StoreUnavailable } from '../port.js';

/** No message came for too long. */
export class NoAnswer extends Error {
  constructor(withinMs: number) {
    super(`no answer within ${withinMs} ms`);
    this.name = 'NoAnswer';
  }
}

/**
 * The gRPC status codes that say nothing about the call itself: CANCELLED, UNKNOWN (a node that knows no leader), DEADLINE_EXCEEDED,
 * RESOURCE_EXHAUSTED, ABORTED (the server's own timeouts), INTERNAL (a stream that was reset) and UNAVAILABLE. Source: gRPC, status codes.
 */
const passingCodes: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 10, 13, 14]);

/** Whether the server is away or busy for now, so that the same call may succeed later. What an append did is then unknown. */
export const isPassing = (error: unknown): boolean => {
  if (error instanceof NoAnswer || error instanceof NotLeaderError) return true;
  if (!(error instanceof Error)) return false;
  if ('code' in error && passingCodes.has(error.code)) return true;
  // A cluster of which no node answered: the client throws a plain Error.
  return error.message.startsWith('Failed to discover after');
};

const firstPauseMs = 20;
const pauseMsMax = 500;

/** Pauses that grow while nothing succeeds, each a little different. */
export class Backoff {
  private pauseMs = firstPauseMs;

  /** It works again: begin with short pauses. */
  reset(): void {
    this.pauseMs = firstPauseMs;
  }

  /** Ends early when the signal aborts. */
  async pause(signal?: AbortSignal): Promise<void> {
    const pauseMs = this.pauseMs * (0.5 + Math.random() / 2);
    this.pauseMs = Math.min(this.pauseMs * 2, pauseMsMax);
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** Does something that may be done twice until it succeeds; after `retryMs` of the server being away, throws `StoreUnavailable`. */
export const untilDone = async <T>(retryMs: number, work: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + retryMs;
  const backoff = new Backoff();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (Date.now() >= deadline) throw new StoreUnavailable(error);
      await backoff.pause();
    }
  }
};

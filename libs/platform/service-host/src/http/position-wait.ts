import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@tallystick/contracts';
import { isAway } from '../bus/relayed.js';
import { problem, type ProblemException } from '../problem.js';
import { catchUpTimeoutMs } from './limits.js';

/** Waits until this service has seen what was written up to a position: the header `Tallystick-After`. */
export interface PositionWait {
  /** Resolves when the position is reached. Rejects with problem 400 (no position) or 503 (not in time). */
  reached(position: unknown): Promise<void>;
}

/** The wait for what another service does with what it hears on some topics. */
export type PositionsOf = (service: ServiceName, topics: readonly string[]) => PositionWait;

/** How the wait finds out; each a cheap question. */
export interface PositionSource {
  /** Without consumers, what the service answers does not hang on the bus: there is nothing to wait for. */
  hasConsumers(): boolean;
  /** Up to where the relay has published the store's events. */
  relayed(): Promise<bigint>;
  /** Looks at the bus as it is now; the answer says whether our consumers have handled all of that. */
  mark(): Promise<() => Promise<boolean>>;
}

const positionPattern = /^\d{1,19}$/;
const askEveryMs = 25;

interface Waiter {
  readonly wanted: bigint;
  readonly proceed: () => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * One loop asks for all who wait. What the relay has published up to a position is marked on the bus after that
 * position was read, so that once the consumers pass the mark they have passed the position.
 */
export const createPositionWait = (
  source: PositionSource,
  timeoutMs = catchUpTimeoutMs,
): PositionWait => {
  const waiters = new Set<Waiter>();
  let reachedUpTo = -1n;
  let asking = false;

  const admit = (position: bigint): void => {
    if (position > reachedUpTo) reachedUpTo = position;
    for (const waiter of waiters) if (waiter.wanted <= reachedUpTo) waiter.proceed();
  };

  const ask = async (): Promise<void> => {
    let mark: { readonly position: bigint; readonly passed: () => Promise<boolean> } | undefined;
    while (waiters.size > 0) {
      try {
        mark ??= { position: await source.relayed(), passed: await source.mark() };
        if (await mark.passed()) {
          admit(mark.position);
          mark = undefined;
        }
      } catch (error) {
        mark = undefined;
        // Away for now: those who wait are told so if it lasts as long as they wait.
        if (!isAway(error)) for (const waiter of waiters) waiter.refuse(error);
      }
      if (waiters.size > 0) await sleep(askEveryMs);
    }
    asking = false;
  };

  const wait = (wanted: bigint): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
      };
      const waiter: Waiter = {
        wanted,
        proceed: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const timer = setTimeout(() => {
        waiter.refuse(notCaughtUp(wanted, timeoutMs));
      }, timeoutMs);
      waiters.add(waiter);
      if (asking) return;
      asking = true;
      void ask();
    });

  return {
    reached: async (text) => {
      if (typeof text !== 'string' || !positionPattern.test(text)) throw malformed();
      const wanted = BigInt(text);
      if (wanted > reachedUpTo && source.hasConsumers()) await wait(wanted);
    },
  };
};

const malformed = (): ProblemException =>
  problem({
    status: 400,
    type: 'position-malformed',
    title: 'Tallystick-After is a position, as Tallystick-Position gave it',
  });

const notCaughtUp = (position: bigint, timeoutMs: number): ProblemException =>
  problem({
    status: 503,
    type: 'not-caught-up',
    title: 'This service has not seen that write yet',
    detail: `Position ${position} was not reached within ${timeoutMs / 1000} s.`,
    retryAfterSeconds: 1,
  });

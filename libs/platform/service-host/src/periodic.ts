import { isAway } from './bus/relayed.js';
import type { Log } from './log.js';

export interface PeriodicWork {
  /** What the log calls it: a noun. */
  readonly name: string;
  /** From the end of one turn to the beginning of the next, and before the first. */
  readonly everyMs: number;
  /** One turn; what it resolves to is not looked at. */
  readonly work: () => Promise<unknown>;
  readonly log: Log;
}

export interface Periodic {
  /** No further turn begins. Resolves when the one under way has ended; never rejects. */
  readonly stop: () => Promise<void>;
}

/**
 * Does a piece of work again and again in the background, one turn at a time. A turn that fails is logged and ends
 * there: the next one comes all the same. Does not keep the process alive.
 */
export const periodically = ({ name, everyMs, work, log }: PeriodicWork): Periodic => {
  let turn: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer: NodeJS.Timeout;

  const once = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (isAway(error)) log.warn({ err: error }, `the ${name} waits: the store is away`);
      else log.error({ err: error }, `the ${name} failed`);
    }
    if (!stopped) schedule();
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      turn = once();
    }, everyMs);
    timer.unref();
  };

  schedule();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
};

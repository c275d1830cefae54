import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemException, type PositionWait } from '@tallystick/service-host';

/** Whether live consumption comes to have everything up to a position of the store, within a time. */
export interface CaughtUp {
  reached(position: bigint, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}
export const CAUGHT_UP = Symbol('CaughtUp');

/** By the wait that `Tallystick-After` uses, for as long as a replay is willing to wait. */
export const caughtUpBy = (positions: PositionWait): CaughtUp => ({
  reached: async (position, timeoutMs, signal) => {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      signal.throwIfAborted();
      const left = deadline - Date.now();
      if (left <= 0) return false;
      const ended = new AbortController();
      const timer = sleep(left, false, { signal: AbortSignal.any([signal, ended.signal]) });
      try {
        return await Promise.race([positions.reached(position.toString()).then(() => true), timer]);
      } catch (error) {
        // The wait of one request is over: a replay asks again.
        if (!(error instanceof ProblemException) || error.problem.status !== 503) throw error;
      } finally {
        ended.abort();
        timer.catch(() => undefined);
      }
    }
  },
});

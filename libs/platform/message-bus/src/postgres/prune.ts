import { isUnavailable, type Database } from '@tallystick/postgres';
import type { BusLog } from '../port.js';
import type { BusLimits } from './limits.js';
import { pause } from '../pause.js';

/** Prunes now and then, in small transactions; of several that do, one works at a time. */
export const startPruning = (
  db: Database,
  limits: BusLimits,
  log: BusLog,
): { stop(): Promise<void> } => {
  const stopping = new AbortController();

  const prune = async (): Promise<void> => {
    let pruned = limits.pruneMax;
    while (pruned === limits.pruneMax && !stopping.signal.aborted) {
      const { rows } = await db.query<{ pruned: number }>(
        `select bus.prune($1::float8 * interval '1 millisecond', $2) as pruned`,
        [limits.retentionMs, limits.pruneMax],
      );
      pruned = rows[0]?.pruned ?? 0;
    }
  };

  const run = async (): Promise<void> => {
    for (;;) {
      await pause(limits.pruneEveryMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await prune().catch((error: unknown) => {
        if (isUnavailable(error)) log.info({ err: error }, 'pruning waits for the database');
        else log.error({ err: error }, 'the bus could not be pruned');
      });
    }
  };
  const running = run();

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

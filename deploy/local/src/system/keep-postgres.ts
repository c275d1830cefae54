import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedPostgres } from '@tallystick/embedded-postgres';

const firstDelayMs = 100;
const delayMaxMs = 5_000;

/** A PostgreSQL that is up as long as it is wanted. */
export interface KeptPostgres {
  /** Shuts it down in order, and gives its data up. */
  stop(): Promise<void>;
  /** Ends it as a power cut would, and gives its data up. */
  kill(): Promise<void>;
}

/**
 * Starts PostgreSQL again whenever it ends without being asked to, on the same port, for as long as it takes.
 * The services answer 503 meanwhile.
 */
export const keepPostgres = (
  postgres: EmbeddedPostgres,
  log: (message: string) => void,
): KeptPostgres => {
  const stopping = new AbortController();
  let restarting: Promise<void> = Promise.resolve();

  const restart = async (): Promise<void> => {
    let delayMs = firstDelayMs;
    while (!stopping.signal.aborted) {
      try {
        await postgres.restart();
        log('PostgreSQL runs again');
        return;
      } catch (error) {
        log(
          `PostgreSQL does not start again: ${error instanceof Error ? error.message : String(error)}`,
        );
        await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, delayMaxMs);
      }
    }
  };
  postgres.onExit(({ code, signal }) => {
    if (stopping.signal.aborted) return;
    log(`PostgreSQL ended (${signal ?? code}): starting it again`);
    restarting = restart();
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await restarting;
    await postgres.stop();
  };
  return {
    stop,
    kill: async () => {
      stopping.abort();
      try {
        process.kill(postgres.pid, 'SIGKILL');
      } catch {
        // It has ended already, which is what was wanted.
      }
      await stop();
    },
  };
};

import { ConfigError } from './config.js';
import type { ServiceDefinition } from './service.js';
import { startService } from './start.js';

/** How a service's process ends (sysexits.h has 78 for a wrong configuration). */
const exitCodes = { stopped: 0, failed: 1, wrongConfig: 78 } as const;

/** The part of `process` that a service's `main.ts` works with. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stderr: { write(text: string): unknown };
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * A service's `main.ts`: starts it from the process's environment. SIGTERM or SIGINT ends it: requests and batches in
 * hand are finished first, a second signal ends the process at once. Exit code 0 after an orderly stop, 78 for a wrong
 * environment, 1 for any other failure.
 */
export const runService = async (
  definition: ServiceDefinition,
  surroundings: Surroundings = process,
): Promise<void> => {
  const fail = (error: unknown): void => {
    // A wrong configuration is for people to read; of anything else they need where it happened.
    const wrongConfig = error instanceof ConfigError;
    const said = error instanceof Error && !wrongConfig ? error.stack : undefined;
    const text = said ?? (error instanceof Error ? error.message : String(error));
    surroundings.stderr.write(`${text}\n`);
    surroundings.exit(wrongConfig ? exitCodes.wrongConfig : exitCodes.failed);
  };
  try {
    const service = await startService(definition, surroundings.env);
    let stopping = false;
    const stop = (): void => {
      if (stopping) {
        surroundings.exit(exitCodes.failed);
        return;
      }
      stopping = true;
      service.close().then(() => surroundings.exit(exitCodes.stopped), fail);
    };
    surroundings.on('SIGTERM', stop);
    surroundings.on('SIGINT', stop);
  } catch (error) {
    fail(error);
  }
};

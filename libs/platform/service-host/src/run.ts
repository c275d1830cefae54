import { ConfigError } from './config.js';
import type { ServiceDefinition } from './service.js';
import { startService } from './start.js';

/** Exit codes of a service's process (sysexits.h has 78 for a wrong configuration). */
const exitCodes = { failed: 1, wrongConfig: 78 } as const;

/**
 * A service's `main.ts`: starts it from the process's environment. SIGTERM or SIGINT ends it: requests and batches in
 * hand are finished first, a second signal ends the process at once. Exit code 0 after an orderly stop, 78 for a wrong
 * environment, 1 for any other failure.
 */
export const runService = async (definition: ServiceDefinition): Promise<void> => {
  try {
    const service = await startService(definition, process.env);
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(exitCodes.failed);
      stopping = true;
      service.close().then(() => process.exit(0), fail);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  } catch (error) {
    fail(error);
  }
};

/** Says why on stderr, plainly for people when it is the configuration. */
const fail = (error: unknown): never => {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return process.exit(exitCodes.wrongConfig);
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return process.exit(exitCodes.failed);
};

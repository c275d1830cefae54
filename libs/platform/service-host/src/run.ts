import type { RunningService, ServiceDefinition, StartOptions } from './service.js';

/** Starts a service. Rejects with `ConfigError`, whose message names each wrong variable and what it should be. */
export const startService = async (
  definition: ServiceDefinition,
  _env: Readonly<Record<string, string | undefined>>,
  _options: StartOptions = {},
): Promise<RunningService> => {
  throw new Error(`the start of ${definition.name} is being built`);
};

/** A service's `main.ts`: starts it from the process's environment, ends it on SIGTERM or SIGINT, sets the exit code. */
export const runService = async (definition: ServiceDefinition): Promise<void> => {
  await startService(definition, process.env);
};

import type { ServiceName } from '@tallystick/contracts';
import { startService, type RunningService } from '@tallystick/service-host';
import type { ServiceEnv } from './service-env.js';
import { definitions, forEachService, perService, type Services } from './services.js';

const readyWithinMs = 10_000;

/**
 * Starts the five services in this process. They listen nowhere: the front door hands requests to them. One that is
 * not ready in time is told of, and serves what it can: its relay may wait for a person.
 */
export const servicesInOneProcess = async (
  env: (service: ServiceName) => ServiceEnv,
  log: (message: string) => void,
): Promise<Services> => {
  const started: RunningService[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.close()));
  };
  try {
    const running = await forEachService(async (service) => {
      const one = await startService(definitions[service], env(service), { listen: false });
      started.push(one);
      const { status, ...parts } = await one.ready(readyWithinMs);
      if (status !== 'ready') log(`${service} serves, but is ${status}: ${JSON.stringify(parts)}`);
      return one;
    });
    return {
      handlers: perService((service) => (request, response) => {
        running[service].handle(request, response);
      }),
      pids: () => ({}),
      close,
      kill: () => {},
    };
  } catch (error) {
    await close();
    throw error;
  }
};

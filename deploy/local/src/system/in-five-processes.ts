import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@tallystick/contracts';
import { CannotStart } from '@tallystick/embedded-postgres';
import { forwardTo } from '../front-door/forward.js';
import { parentWatchModule, serviceMain } from '../project.js';
import type { ServiceEnv } from './service-env.js';
import { forEachService, perService, type Services } from './services.js';

const host = '127.0.0.1';
const readyWithinMs = 60_000;
const askEveryMs = 50;
const stopWithinMs = 20_000;
const restartAfterMs = 250;
/** One that ends again and again is started ever later, up to this. */
const restartAfterMaxMs = 10_000;
/** One that ran as long has nothing wrong with it. */
const wellAfterMs = 10_000;

export interface FiveProcessesOptions {
  /** Where each listens; null: on any free one. */
  readonly ports: Readonly<Record<ServiceName, number>> | null;
  readonly log: (message: string) => void;
}

/** Starts each service as a process on a port of its own. One that ends without being asked to is started again. */
export const servicesInFiveProcesses = async (
  env: (service: ServiceName) => ServiceEnv,
  { ports, log }: FiveProcessesOptions,
): Promise<Services> => {
  const started: Supervised[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()));
  };
  try {
    const running = await forEachService(async (service) => {
      const port = ports?.[service] ?? (await freePort());
      const one = supervise(service, { ...env(service), TALLYSTICK_HTTP_PORT: String(port) }, log);
      started.push(one);
      const url = `http://${host}:${port}`;
      await one.ready(`${url}/health/${service}/ready`);
      return { one, url, forwarder: forwardTo(url) };
    });
    return {
      handlers: perService((service) => running[service].forwarder.handler),
      urls: perService((service) => running[service].url),
      pids: () => perService((service) => running[service].one.pid()),
      close: async () => {
        await end();
        await forEachService(async (service) => running[service].forwarder.close());
      },
      kill: () => started.forEach((service) => service.kill()),
    };
  } catch (error) {
    await end();
    throw error;
  }
};

interface Supervised {
  pid(): number;
  /** Resolves when the health address says so; throws when the process ends instead. */
  ready(healthUrl: string): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

const supervise = (
  service: ServiceName,
  env: ServiceEnv,
  log: (message: string) => void,
): Supervised => {
  let stopping = false;
  let wasReady = false;
  let startedAt = 0;
  let delayMs = restartAfterMs;
  let child = launch();

  function launch(): ChildProcess {
    startedAt = performance.now();
    const one = spawn(
      process.execPath,
      ['--enable-source-maps', '--import', parentWatchModule, serviceMain(service)],
      {
        env: { PATH: process.env['PATH'] ?? '', ...env },
        // Its own process group: Ctrl-C in a terminal is for us, who stop the services in order.
        detached: true,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    one.once('error', (error) => log(`${service} cannot be started: ${error.message}`));
    one.once('exit', (code, signal) => {
      if (stopping || !wasReady) return;
      log(`${service} ended (${signal ?? code}): starting it again`);
      const ranWell = performance.now() - startedAt > wellAfterMs;
      delayMs = ranWell ? restartAfterMs : Math.min(2 * delayMs, restartAfterMaxMs);
      setTimeout(() => {
        if (!stopping) child = launch();
      }, delayMs);
    });
    return one;
  }

  return {
    pid: () => child.pid ?? 0,
    ready: async (healthUrl) => {
      const deadline = Date.now() + readyWithinMs;
      for (;;) {
        const answers = await answersOk(healthUrl);
        // Also where somebody else answers there.
        if (hasEnded(child)) throw new CannotStart(`${service} ended; what it said is above`);
        if (answers) break;
        if (Date.now() > deadline) throw new Error(`${service} was not ready in time`);
        await sleep(askEveryMs);
      }
      wasReady = true;
    },
    stop: async () => {
      stopping = true;
      if (hasEnded(child)) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await exited;
      clearTimeout(timer);
    },
    kill: () => {
      stopping = true;
      child.kill('SIGKILL');
    },
  };
};

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const answersOk = async (url: string): Promise<boolean> =>
  await fetch(url).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
};

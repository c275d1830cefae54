import { setTimeout as sleep } from 'node:timers/promises';
import { serviceNames, type ServiceName } from '@tallystick/contracts';
import { exitCodes, Failure } from '../exit-codes.js';
import { codeOf } from '../thrown.js';
import { createClient, type Client } from './client.js';
import { dataFolder, readLocalKeys, readRunningSystem } from './data-folder.js';
import { isReady, startSystem } from './start-system.js';
import { tokenSource, type Role } from './token.js';
import { traceOfRun } from './trace.js';

/** The system that a command talks to. */
export interface System {
  readonly client: Client;
  /** Stops it, if this command started it. */
  close(): Promise<void>;
}

export interface OpenSystemOptions {
  readonly env: NodeJS.ProcessEnv;
  /** What the command needs to do; a token that we sign ourselves says no more. */
  readonly roles: readonly Role[];
  /** Who a token that we sign ourselves says its bearer is. Default: tally. */
  readonly subject?: string;
  readonly signal: AbortSignal;
  /** Tells a person what goes on. */
  readonly note: (message: string) => void;
}

/** A system that is starting or busy is given this long to say that it is ready. */
const answersWithinMs = 20_000;
const lookEveryMs = 500;

/**
 * Finds the system: the addresses that the environment names (TALLYSTICK_URL, or TALLYSTICK_ACCRUAL_URL and so on,
 * which go before it), else the one that runs on the data folder, else one that is started for this command.
 */
export const openSystem = async (options: OpenSystemOptions): Promise<System> => {
  const { env, roles, signal, note, subject = 'tally' } = options;
  const folder = dataFolder(env);
  const named = namedAddresses(env);
  const found = named ?? (await runningOrStarted(options, folder));
  const client = createClient({
    urls: found.urls,
    token: await tokens(env, folder, roles, subject),
    signal,
    onRetry: note,
    traceparent: traceOfRun(env),
  });
  return { client, close: () => found.stop() };
};

interface Found {
  readonly urls: Readonly<Record<ServiceName, string>>;
  stop(): Promise<void>;
}

const everywhere = (url: string): Found['urls'] => ({
  enrollment: url,
  accrual: url,
  redemption: url,
  partners: url,
  reporting: url,
});

const notOurs = async (): Promise<void> => {};

const namedAddresses = (env: NodeJS.ProcessEnv): Found | null => {
  const named = (name: string): string | undefined => {
    const value = env[name];
    if (value === undefined || value === '') return undefined;
    if (!/^https?:\/\//.test(value) || !URL.canParse(value))
      throw new Failure(exitCodes.usage, `${name} is no http(s) address`);
    return value;
  };
  const all = named('TALLYSTICK_URL');
  const own = serviceNames.map(
    (service) => [service, named(`TALLYSTICK_${service.toUpperCase()}_URL`) ?? all] as const,
  );
  if (own.every(([, url]) => url === undefined)) return null;
  const urls = { ...everywhere('') };
  for (const [service, url] of own) {
    if (url === undefined)
      throw new Failure(
        exitCodes.usage,
        `TALLYSTICK_${service.toUpperCase()}_URL is not set: name every service, or all by TALLYSTICK_URL`,
      );
    urls[service] = url;
  }
  return { urls, stop: notOurs };
};

const runningOrStarted = async (
  { env, signal, note }: OpenSystemOptions,
  folder: string,
): Promise<Found> => {
  const until = performance.now() + answersWithinMs;
  for (
    let running = await readRunningSystem(folder);
    running !== null && isAlive(running.pid) && performance.now() < until;
    running = await readRunningSystem(folder)
  ) {
    if (await isReady(running)) return { urls: everywhere(running.url), stop: notOurs };
    signal.throwIfAborted();
    await sleep(lookEveryMs);
  }
  note('no system runs: starting one for this command');
  const started = await startSystem(folder, env, signal);
  return { urls: everywhere(started.url), stop: () => started.stop() };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user cannot be signalled, but is there.
    return codeOf(error) === 'EPERM';
  }
};

const tokens = async (
  env: NodeJS.ProcessEnv,
  folder: string,
  roles: readonly Role[],
  subject: string,
): Promise<() => Promise<string>> => {
  const given = env['TALLYSTICK_TOKEN'];
  if (given !== undefined && given !== '') return () => Promise.resolve(given);
  const keys = await readLocalKeys(folder);
  if (keys === null)
    throw new Failure(
      exitCodes.forbidden,
      `no token: set TALLYSTICK_TOKEN, or TALLYSTICK_DATA to the folder of the system whose keys.json signs one`,
    );
  return tokenSource(keys, {
    subject,
    roles,
    programs: ['*'],
    chains: ['*'],
    stores: ['*'],
  });
};

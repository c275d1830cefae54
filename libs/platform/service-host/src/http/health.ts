import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ServiceName } from '@tallystick/contracts';
import type { RelayStatus } from '@tallystick/relay';

/** `retrying`: it stands still at a message that is tried again and again. `away`: it cannot reach the bus. */
export type ConsumerState = 'running' | 'retrying' | 'away' | 'closed';

export interface HealthSource {
  /** Each resolves when its part can be reached, and rejects otherwise. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  /** The state of the consumer of each topic. */
  readonly consumers: () => ReadonlyMap<string, ConsumerState>;
  /** The state of the relay, where this service runs it. */
  readonly relay: () => RelayStatus['state'] | undefined;
  readonly stopping: () => boolean;
}

export interface Readiness {
  readonly status: 'ready' | 'not-ready' | 'stopping';
  readonly checks: Readonly<Record<string, 'ok' | 'unreachable'>>;
  readonly consumers: Readonly<Record<string, ConsumerState>>;
  readonly relay?: RelayStatus['state'];
}

const askEveryMs = 20;
const checkTimeoutMs = 2_000;
/** Asking more often than this gets the last answer: health is open to anyone, and must not load the database. */
const freshMs = 500;

export const healthPath = (service: ServiceName): string => `/health/${service}`;

const within = async (check: () => Promise<unknown>): Promise<'ok' | 'unreachable'> => {
  const late = new AbortController();
  try {
    return await Promise.race([
      check().then(() => 'ok' as const),
      sleep(checkTimeoutMs, 'unreachable' as const, { signal: late.signal, ref: false }),
    ]);
  } catch {
    return 'unreachable';
  } finally {
    late.abort();
  }
};

export const readiness = async (source: HealthSource): Promise<Readiness> => {
  const names = Object.keys(source.checks);
  const results = await Promise.all(Object.values(source.checks).map(within));
  const checks = Object.fromEntries(
    names.map((name, index) => [name, results[index] ?? 'unreachable']),
  );
  const consumers = Object.fromEntries(source.consumers());
  const relay = source.relay();
  const relays = relay === undefined || relay === 'active' || relay === 'standby';
  const ready =
    relays &&
    results.every((result) => result === 'ok') &&
    Object.values(consumers).every((state) => state === 'running' || state === 'retrying');
  const status = source.stopping() ? 'stopping' : ready ? 'ready' : 'not-ready';
  return { status, checks, consumers, ...(relay === undefined ? {} : { relay }) };
};

/** Waits until it is ready, at most so long; what it then is. */
export const readyWithin = async (source: HealthSource, withinMs: number): Promise<Readiness> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const now = await readiness(source);
    if (now.status !== 'not-ready' || performance.now() >= deadline) return now;
    await sleep(askEveryMs);
  }
};

/**
 * `live`: the process answers. `ready`: it can do its work (database reachable, consumers running): 200, or 503 with
 * the same body that says what is missing.
 */
export const serveHealth = (
  server: FastifyInstance,
  service: ServiceName,
  source: HealthSource,
): void => {
  let last: { readonly atMs: number; readonly answer: Promise<Readiness> } | undefined;
  const path = healthPath(service);
  server.get(`${path}/live`, (_request, reply) => {
    reply.send({ status: 'live' });
  });
  server.get(`${path}/ready`, async (_request, reply) => {
    if (last === undefined || Date.now() - last.atMs > freshMs || source.stopping()) {
      last = { atMs: Date.now(), answer: readiness(source) };
    }
    const answer = await last.answer;
    reply.status(answer.status === 'ready' ? 200 : 503);
    return answer;
  });
};

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@tallystick/contracts';
import { localIssuer } from '@tallystick/service-host';
import type { MortalKafkaBroker } from '@tallystick/testing/kafka';
import { keysOf } from '../../data/keys.js';
import type { LocalSystem } from '../../index.js';
import { parentWatchModule, serviceMain } from '../../project.js';
import { random, type Random } from '../../sample/quarter/random.js';
import { serviceEnv, type LocalKafka } from '../../system/service-env.js';
import { eventually } from '../tools/eventually.js';
import { say } from '../tools/say.js';
import type { Plan } from './plan.js';
import type { Progress } from './progress.js';

type FaultKind = 'rebalance' | 'broker' | 'service';

/** Of the services that are killed in turn: who takes the receipts and relays, and one of those who hear of it. */
const victims: readonly ServiceName[] = ['accrual', 'accrual', 'reporting'];
const downMs = { from: 0, to: 1_500 };
const withinMs = 120_000;

export interface Fault {
  readonly kind: FaultKind;
  readonly what: string;
  /** Until the next receipt was in the store. */
  readonly goesOnMs: number;
}

/** A second accrual beside the system's own. Its coming and going shares the partitions out anew, and the relay changes hands. */
const secondAccrual = async (system: LocalSystem, kafka: LocalKafka) => {
  const keys = await keysOf(system.folder);
  const issuer = await localIssuer(keys.signingKey, keys);
  let child: ChildProcess | undefined;
  return {
    runs: () => child !== undefined,
    /** Resolves when it has joined: a service is ready when its consumers run. */
    start: async (): Promise<void> => {
      const env = serviceEnv('accrual', {
        ...{ adminUrl: system.postgres.url, keys, issuer, kafka, logLevel: 'info' },
      });
      const started = spawn(
        process.execPath,
        ['--enable-source-maps', '--import', parentWatchModule, serviceMain('accrual')],
        {
          env: { PATH: process.env['PATH'] ?? '', ...env, TALLYSTICK_HTTP_PORT: '0' },
          stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        },
      );
      child = started;
      let said = '';
      started.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-20_000);
      });
      const url = await eventually(
        'a second accrual listens',
        () => Promise.resolve(/"url":"([^"]+)"/.exec(said)?.[1]),
        { withinMs },
      );
      await eventually(
        'a second accrual is ready',
        async () => {
          const answer = await fetch(`${url}/health/accrual/ready`).catch(() => undefined);
          await answer?.body?.cancel();
          return answer?.ok === true ? true : undefined;
        },
        { withinMs },
      );
    },
    stop: async (): Promise<void> => {
      const ending = child;
      child = undefined;
      if (ending === undefined) return;
      const { exitCode, signalCode } = ending;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`the second accrual ended by itself: ${signalCode ?? exitCode}`);
      const ended = once(ending, 'exit');
      ending.kill('SIGTERM');
      await ended;
    },
  };
};

/** Does every fault of the plan, in an order that follows from its seed, spread over the run; each when the last one is over. */
export const breakThings = async (
  parts: {
    readonly system: LocalSystem;
    readonly broker: MortalKafkaBroker;
    readonly kafka: LocalKafka;
    readonly progress: Progress;
    readonly expected: number;
  },
  plan: Plan,
): Promise<readonly Fault[]> => {
  const { system, broker, kafka, progress, expected } = parts;
  const chance = random(plan.seed);
  const kinds = shuffled(chance, [
    ...Array.from({ length: plan.rebalances }, () => 'rebalance' as const),
    ...Array.from({ length: plan.brokerKills }, () => 'broker' as const),
    ...Array.from({ length: plan.serviceKills }, () => 'service' as const),
  ]);
  const second = await secondAccrual(system, kafka);
  const faults: Fault[] = [];
  let killed = 0;

  const rebalance = async (): Promise<string> => {
    if (second.runs()) {
      await second.stop();
      return 'a member left';
    }
    await second.start();
    return 'a member came';
  };
  const killBroker = async (): Promise<string> => {
    await broker.kill();
    await sleep(chance.between(downMs.from, downMs.to));
    await broker.restart();
    return 'SIGKILL of the broker';
  };
  const killService = async (): Promise<string> => {
    const victim = victims[killed % victims.length] ?? 'accrual';
    killed += 1;
    const pid = system.pids()[victim];
    if (pid === undefined) throw new Error(`${victim} has no process of its own`);
    process.kill(pid, 'SIGKILL');
    await eventually(
      `${victim} is started again`,
      () => Promise.resolve(system.pids()[victim] === pid ? undefined : true),
      { withinMs },
    );
    return `SIGKILL of ${victim}`;
  };
  const doing = { rebalance, broker: killBroker, service: killService };

  try {
    for (const [nth, kind] of kinds.entries()) {
      await progress.reached(Math.floor((expected * (nth + 1)) / (kinds.length + 1)));
      const began = performance.now();
      const what = await doing[kind]();
      await progress.reached(Math.min(expected, progress.done() + 1));
      const fault = { kind, what, goesOnMs: performance.now() - began };
      faults.push(fault);
      say(
        `${nth + 1} of ${kinds.length}: ${what}, goes on after ${(fault.goesOnMs / 1000).toFixed(1)} s; ${progress.done()} receipts`,
      );
    }
    await progress.reached(expected);
  } finally {
    await second.stop();
  }
  return faults;
};

/** Source: Fisher and Yates. */
const shuffled = <T>(chance: Random, items: readonly T[]): T[] => {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = chance.between(0, at);
    const [a, b] = [order[at], order[other]];
    if (a !== undefined && b !== undefined) [order[at], order[other]] = [b, a];
  }
  return order;
};

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchHandler, Consumer, Message, MessageBus, OutgoingMessage } from '../port.js';

/** A bus as one process has it. */
export interface OpenBus {
  readonly bus: MessageBus;
  /** Breaks every connection of this bus off, as a failing network or a kill would. It may connect again. */
  cut(): Promise<void>;
}

/** One broker, on which the suite opens as many buses as it needs. It closes each of them. */
export interface BusUnderTest {
  open(): OpenBus;
  close(): Promise<void>;
}

/** What the suite assumes of the adapter's settings, so that it does not take long. */
export const assumed = {
  /** Another member has taken over after a death, a lost connection is open again. */
  recoveryMaxMs: 60_000,
  /** The pause before a message is tried again: at least this, before the first repeat. */
  retryDelayMinMs: 20,
  /** At most this, however often it was tried. */
  retryDelayMaxMs: 2000,
} as const;

/** On Kafka a member is missed after so long: a broker's minimum. */
export const shortSession = { sessionTimeoutMs: 6000, heartbeatEveryMs: 500 } as const;

/** A name that no other test has. */
export const unique = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

/** Waits until a condition holds; fails with what it was waiting for. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs: number = assumed.recoveryMaxMs,
): Promise<void> => {
  const last = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > last) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(10);
  }
};

export const message = (
  topic: string,
  key: string,
  value: string,
  headers: OutgoingMessage['headers'] = {},
): OutgoingMessage => ({ topic, key, id: `${key}#${value}`, headers, value });

/** `count` messages of one key with the values 0, 1, 2 … */
export const numbered = (topic: string, key: string, count: number, from = 0): OutgoingMessage[] =>
  Array.from({ length: count }, (_, index) => message(topic, key, String(from + index)));

export const allDone: BatchHandler = async (batch) => batch.map(() => ({ kind: 'done' }));

/** Remembers what took effect, in the order in which it did. */
export interface Effects {
  /** A handler that lets each message of a batch take effect, one after the other. */
  readonly handler: BatchHandler;
  readonly all: Message[];
  /** The values of a key in the order of their first effect. */
  of(key: string): readonly string[];
  keys(): readonly string[];
  /** How often a message took effect again. */
  repeats(): number;
}

export const effects = (each: (message: Message) => Promise<unknown> = async () => {}): Effects => {
  const all: Message[] = [];
  const firsts = new Map<string, Set<string>>();
  return {
    all,
    handler: async (batch) => {
      for (const one of batch) {
        await each(one);
        all.push(one);
        const values = firsts.get(one.key) ?? new Set<string>();
        firsts.set(one.key, values.add(one.value));
      }
      return batch.map(() => ({ kind: 'done' }));
    },
    of: (key) => [...(firsts.get(key) ?? [])],
    keys: () => [...firsts.keys()],
    repeats: () => all.length - [...firsts.values()].reduce((sum, { size }) => sum + size, 0),
  };
};

/** The values that `numbered` gives. */
export const valuesUpTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index));

const gates = new Set<() => void>();

/** A gate that keeps whoever comes waiting until it is opened, at the latest at the end of the test. */
export const gate = (): { readonly open: () => void; readonly passed: Promise<unknown> } => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const open = (): void => resolve(undefined);
  gates.add(open);
  return { open, passed: promise };
};

export const openGates = (): void => {
  for (const open of gates) open();
  gates.clear();
};

/** That a group's members share all partitions of the topics evenly, each partition once. */
export const sharedFairly = (partitions: number, members: readonly Consumer[]): boolean => {
  const shares = members.map((member) => member.status().partitions);
  const sizes = shares.map(({ length }) => length);
  return (
    new Set(shares.flat()).size === partitions &&
    shares.flat().length === partitions &&
    Math.max(...sizes) - Math.min(...sizes) <= 1
  );
};

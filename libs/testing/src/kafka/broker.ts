import { Kafka, logLevel } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface KafkaBroker {
  /** As `host:port`. */
  readonly brokers: readonly string[];
  /** Stops it and removes its data. Does nothing to one that the environment named. */
  stop(): Promise<void>;
}

/** A broker that tests may kill: it comes back on the same port, with what it had written. */
export interface MortalKafkaBroker extends KafkaBroker {
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  terminate(): Promise<void>;
  /** Starts it again after `kill` or `terminate`; resolves when it answers. */
  restart(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** For tests that kill it: a broker that comes back is believed dead for 2 s instead of 9 s. */
  readonly mortal?: boolean;
}

const answersWithinMs = 90_000;
const askEveryMs = 100;

/**
 * Waits until a broker answers with its API versions, and its metadata name a controller. `gone` says why waiting is in vain.
 */
export const answers = async (
  brokers: readonly string[],
  withinMs: number = answersWithinMs,
  gone: () => string | undefined = () => undefined,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const reason = await ask(brokers);
    if (reason === undefined) return;
    const dead = gone();
    if (dead !== undefined) throw new Error(`Kafka at ${brokers.join(', ')} ended: ${dead}`);
    if (performance.now() > deadline)
      throw new Error(
        `Kafka at ${brokers.join(', ')} did not answer within ${withinMs} ms: ${reason}`,
      );
    await sleep(askEveryMs);
  }
};

/** Undefined when it answers, or why not. */
const ask = async (brokers: readonly string[]): Promise<string | undefined> => {
  const admin = new Kafka({
    clientId: 'tallystick-test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    return controller === null || controller < 0 ? 'it has no controller yet' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};

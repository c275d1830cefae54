import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { isNotYet, reaching } from './errors.js';

/**
 * Asks the cluster, over one connection that is opened when it is needed, and anew after a failure. What is asked may
 * be asked again: a topic that was just created is not known everywhere at once.
 */
export type Asking = <T>(work: (admin: Admin) => Promise<T>) => Promise<T>;

const notYetMaxMs = 10_000;
const notYetPauseMs = 50;

export const createAsking = (
  kafka: Kafka,
): { readonly ask: Asking; readonly close: () => Promise<void> } => {
  let open: Admin | undefined;
  /** One question at a time: kafkajs mixes up the topics of those that overlap. */
  let before: Promise<unknown> = Promise.resolve();

  const discard = async (): Promise<void> => {
    const old = open;
    open = undefined;
    // What was wrong with it is said by whoever failed.
    await old?.disconnect().catch(() => undefined);
  };

  const connected = async (): Promise<Admin> => {
    if (open !== undefined) return open;
    open = kafka.admin();
    await open.connect();
    return open;
  };

  const askNow: Asking = async (work) => {
    const deadline = performance.now() + notYetMaxMs;
    for (;;) {
      try {
        return await work(await connected());
      } catch (error) {
        await discard();
        if (!isNotYet(error) || performance.now() > deadline) throw error;
        await sleep(notYetPauseMs);
      }
    }
  };

  return {
    ask: (work) => {
      const asked = before.then(() => reaching(() => askNow(work)));
      before = asked.catch(() => undefined);
      return asked;
    },
    close: async () => {
      await before;
      await discard();
    },
  };
};

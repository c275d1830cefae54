import type { Database } from '@tallystick/postgres';
import type { BusLog } from '../port.js';
import { notification, notifySql, publishedChannel } from './channels.js';

export interface Waker {
  wake(partitions: readonly number[]): void;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

/**
 * Tells consumers of new messages, after the commit and not in it: a transaction that notifies holds a lock of the
 * whole database while it is flushed to disk, and would make unrelated writers wait. One notification is on its way
 * at a time; what comes meanwhile goes with the next. One that fails is not repeated: consumers poll.
 */
export const waker = (db: Database, log: BusLog): Waker => {
  const waiting = new Set<number>();
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    while (waiting.size > 0) {
      const partitions = [...waiting];
      waiting.clear();
      await db.query(notifySql, notification(publishedChannel, partitions));
    }
  };

  return {
    wake: (partitions) => {
      for (const partition of partitions) waiting.add(partition);
      sending ??= send()
        .catch((error: unknown) => log.warn({ err: error }, 'consumers could not be woken'))
        .finally(() => (sending = undefined));
    },
    idle: async () => sending,
  };
};

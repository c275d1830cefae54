import { openSession } from '@tallystick/postgres';
import type { Consumer, ConsumerStatus } from '../port.js';
import { join, type MemberOptions, type Membership } from './membership.js';
import { growingDelayMs, pause } from '../pause.js';
import { nameOf } from './worker.js';

export interface ConsumerOptions extends Omit<MemberOptions, 'shared'> {
  readonly url: string;
  readonly applicationName: string;
  readonly group: string;
}

/**
 * One member of a group, session after session: a session holds the locks that make it a member and give it
 * partitions. When the connection is lost all that is lost with it, and the next session begins anew.
 */
export const startConsumer = (options: ConsumerOptions): Consumer => {
  const { url, applicationName, group, limits, log } = options;
  const closing = new AbortController();
  let membership: Membership | undefined;
  let reason: string | undefined = 'it has not connected yet';
  let rebalances = 0;

  const liveOnce = async (): Promise<void> => {
    const session = await openSession({ url, applicationName });
    let joined: Membership | undefined;
    try {
      joined = await join(session, {
        ...options,
        shared: () => {
          rebalances += 1;
        },
      });
      membership = joined;
      reason = undefined;
      await joined.live(closing.signal);
    } finally {
      membership = undefined;
      await session.close();
      // The handler of a lost session is not called again before it has ended what it has in hand; others may go on.
      reason ??= 'it lost its session, and a batch is still in hand';
      await joined?.idle();
    }
  };

  const live = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      const began = performance.now();
      try {
        await liveOnce();
      } catch (error) {
        if (performance.now() - began > limits.reconnectDelayMaxMs) failures = 0;
        failures += 1;
        reason = error instanceof Error ? error.message : String(error);
        log.warn({ err: error, group, failures }, 'a consumer lost the bus and connects again');
        const delayMs = growingDelayMs(
          failures,
          limits.reconnectDelayMinMs,
          limits.reconnectDelayMaxMs,
        );
        await pause(delayMs, closing.signal);
      }
    }
    reason = 'it was closed';
  };
  const living = live();

  return {
    status: (): ConsumerStatus => {
      const workers = membership?.workers() ?? [];
      const closed = closing.signal.aborted;
      return {
        state: closed ? 'closed' : reason === undefined ? 'running' : 'away',
        ...(reason === undefined ? {} : { reason }),
        partitions: workers.map(({ partition }) => nameOf(partition)),
        rebalances,
        retrying: workers.flatMap((worker) => {
          const retrying = worker.retrying();
          return retrying === undefined
            ? []
            : [{ partition: nameOf(worker.partition), ...retrying }];
        }),
      };
    },
    close: async () => {
      closing.abort();
      await living;
    },
  };
};

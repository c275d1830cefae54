import type { Kafka } from 'kafkajs';
import { growingDelayMs, pause } from '../pause.js';
import type { Consumer, ConsumerStatus } from '../port.js';
import { wordOf } from './errors.js';
import { leaveGroup } from './leave-group.js';
import { partitionWork, type WorkOptions } from './partition-work.js';
import { groupOn } from './positions.js';

export interface MemberOptions extends WorkOptions {
  readonly kafka: Kafka;
  /** Stands before the names of topic and group at the broker. */
  readonly prefix: string;
  /** How many partitions the topic has: a batch of each may be in hand. */
  readonly concurrency: number;
}

/**
 * One member of a group on one topic, life after life: kafkajs gives up on many an error, with the process alive and consuming
 * nothing. A life that ends is told, and the next one joins as a new member.
 */
export const startMember = (options: MemberOptions): Consumer => {
  const { kafka, prefix, topic, group, concurrency, limits, log } = options;
  const closing = new AbortController();
  const work = partitionWork(options);
  let reason: string | undefined = 'it has not joined its group yet';
  let rebalances = 0;
  const groupId = `${prefix}${groupOn(group, topic)}`;
  /** The member of an earlier life that may be in the group still. */
  let left: string | undefined;

  /** Only saves time: who is in the group still is missed after a while. */
  const leaveFirst = async (memberId: string): Promise<void> => {
    try {
      await leaveGroup(kafka, { groupId, memberId });
      left = undefined;
    } catch (error) {
      log.info({ group, topic, reason: wordOf(error) }, 'an earlier member cannot leave its group');
    }
  };

  /** Resolves when it is being closed; rejects with why it ended otherwise. */
  const liveOnce = async (): Promise<void> => {
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: limits.sessionTimeoutMs,
      heartbeatInterval: limits.heartbeatEveryMs,
      rebalanceTimeout: limits.rebalanceTimeoutMs,
      maxBytesPerPartition: limits.fetchPartitionBytesMax,
      maxBytes: limits.fetchBytesMax,
      maxWaitTimeInMs: limits.fetchWaitMs,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 50,
        maxRetryTime: 500,
        retries: 2,
        restartOnFailure: async () => false,
      },
    });
    const ended = Promise.withResolvers<undefined>();
    // It may end before we wait for it.
    ended.promise.catch(() => undefined);
    const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      rebalances += 1;
      left = payload.memberId;
      work.assigned(payload.memberAssignment[`${prefix}${topic}`] ?? []);
      reason = undefined;
    });
    consumer.on(REBALANCING, () => work.revoked('the group is about to share its partitions anew'));
    consumer.on(CRASH, ({ payload }) => ended.reject(payload.error));
    const stop = (): void => ended.resolve(undefined);
    closing.signal.addEventListener('abort', stop);
    try {
      await consumer.connect();
      if (left !== undefined) await leaveFirst(left);
      await consumer.subscribe({ topics: [`${prefix}${topic}`], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        eachBatch: work.eachBatch,
      });
      if (closing.signal.aborted) stop();
      await ended.promise;
    } catch (error) {
      reason = wordOf(error);
      work.revoked(reason);
      throw error;
    } finally {
      closing.signal.removeEventListener('abort', stop);
      // Waits for the batches in hand, and leaves the group.
      await consumer.disconnect();
      work.revoked('it has left its group');
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
        reason = wordOf(error);
        log.warn({ err: error, group, topic, failures }, 'a consumer lost the bus and joins again');
        const { reconnectDelayMinMs, reconnectDelayMaxMs } = limits;
        await pause(
          growingDelayMs(failures, reconnectDelayMinMs, reconnectDelayMaxMs),
          closing.signal,
        );
      }
    }
    reason = 'it was closed';
  };
  const living = live();

  return {
    status: (): ConsumerStatus => {
      const closed = closing.signal.aborted;
      return {
        state: closed ? 'closed' : reason === undefined ? 'running' : 'away',
        ...(reason === undefined ? {} : { reason }),
        partitions: work.partitions().map((partition) => `${topic}/${partition}`),
        rebalances,
        retrying: [...work.retrying()].map(([partition, retrying]) => ({
          partition: `${topic}/${partition}`,
          ...retrying,
        })),
      };
    },
    close: async () => {
      closing.abort();
      work.stop();
      await living;
    },
  };
};

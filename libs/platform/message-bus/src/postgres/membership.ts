import type { Session } from '@tallystick/postgres';
import type { BatchHandler, BusLog } from '../port.js';
import { enter, giveBack, leave, takeCensus, tryTake } from './census.js';
import { idsOf, membersChannel, notification, notifySql, publishedChannel } from './channels.js';
import { fairShare } from './fair-share.js';
import type { BusLimits } from './limits.js';
import { bell } from '../pause.js';
import { startWorker, type GroupPartition, type Worker } from './worker.js';

/** A group's subscription to one topic. */
export interface GroupTopic {
  readonly subscription: number;
  readonly partitions: readonly GroupPartition[];
}

export interface MemberOptions {
  readonly topics: readonly GroupTopic[];
  readonly handler: BatchHandler;
  readonly batchMax: number;
  readonly limits: BusLimits;
  readonly log: BusLog;
  /** Told each time its share of the partitions has changed. */
  readonly shared: () => void;
}

/** One session's life in a group: it takes its share of the partitions, and gives of them when others come. */
export interface Membership {
  workers(): readonly Worker[];
  /** Resolves when no batch is in hand, which outlives a lost session. */
  idle(): Promise<unknown>;
  /** Resolves after `closing`, when the batches in hand have ended and all is given back; rejects when the session is lost. */
  live(closing: AbortSignal): Promise<void>;
}

/** Makes a session a member. */
export const join = async (session: Session, options: MemberOptions): Promise<Membership> => {
  const { topics, limits, shared } = options;
  const subscriptions = topics.map(({ subscription }) => subscription);
  const held = new Map<number, Worker>();
  const leaving = new Set<number>();
  const attention = bell();
  let failure: Error | undefined;
  const fail = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error), { cause: error });
  };

  const tellMembers = async (ids: readonly number[]): Promise<void> => {
    await session.query(notifySql, notification(membersChannel, ids));
  };

  const giveUp = async (topic: GroupTopic, { id }: GroupPartition): Promise<void> => {
    await giveBack(session, id);
    held.delete(id);
    leaving.delete(id);
    await tellMembers([topic.subscription]);
  };

  const take = (topic: GroupTopic, partition: GroupPartition): void => {
    const worker = startWorker({ ...options, session, partition });
    held.set(partition.id, worker);
    worker.stopped
      .then(async ({ error }) => {
        if (error !== undefined) fail(error);
        else if (leaving.has(partition.id)) await giveUp(topic, partition);
      })
      .catch(fail)
      .finally(() => attention.ring());
  };

  const share = async (): Promise<void> => {
    const census = await takeCensus(session);
    let changed = false;
    for (const topic of topics) {
      const { subscription, partitions } = topic;
      const members = census.members(subscription);
      const target = fairShare(partitions.length, members, session.pid, subscription);
      const mine = partitions.filter(({ id }) => held.has(id) && !leaving.has(id));
      for (const { id } of mine.slice(target)) {
        leaving.add(id);
        changed = true;
        held.get(id)?.stop();
      }
      let missing = target - mine.length;
      for (const partition of partitions) {
        const { id } = partition;
        if (missing <= 0) break;
        if (held.has(id) || census.isTaken(id)) continue;
        if (!(await tryTake(session, id))) continue;
        take(topic, partition);
        changed = true;
        missing -= 1;
      }
    }
    if (changed) shared();
  };

  /** Notifications are only the quick way: what they missed is found here. */
  const lookForNews = async (): Promise<void> => {
    const workers = new Map([...held.values()].map((one) => [one.partition.partitionId, one]));
    if (workers.size === 0) return;
    const { rows } = await session.query<{ id: number; next_offset: bigint }>(
      'select id, next_offset from bus.partitions where id = any ($1)',
      [[...workers.keys()]],
    );
    for (const { id, next_offset } of rows) {
      const worker = workers.get(id);
      if (worker !== undefined && worker.position() < next_offset) worker.wake();
    }
  };

  await session.listen(membersChannel, (payload) => {
    if (idsOf(payload).some((id) => subscriptions.includes(id))) attention.ring();
  });
  await session.listen(publishedChannel, (payload) => {
    const published = new Set(idsOf(payload));
    for (const worker of held.values())
      if (published.has(worker.partition.partitionId)) worker.wake();
  });
  await enter(session, subscriptions);
  await tellMembers(subscriptions);

  const idle = (): Promise<unknown> =>
    Promise.all([...held.values()].map(({ stopped }) => stopped));

  return {
    workers: () => [...held.values()],
    idle,
    live: async (closing) => {
      try {
        while (!closing.aborted) {
          await share();
          await lookForNews();
          await attention.wait(limits.pollMs, closing, session.ended);
          session.ended.throwIfAborted();
          if (failure !== undefined) throw failure;
        }
      } finally {
        for (const worker of held.values()) worker.stop();
      }
      await idle();
      await leave(session);
      await tellMembers(subscriptions);
    },
  };
};

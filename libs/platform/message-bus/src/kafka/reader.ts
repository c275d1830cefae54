import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { bell } from '../pause.js';
import { BusUnavailable, type Message } from '../port.js';
import type { Asking } from './asking.js';
import type { KafkaLimits } from './limits.js';
import { messageOf } from './records.js';

export interface ReaderOptions {
  readonly kafka: Kafka;
  readonly ask: Asking;
  readonly limits: KafkaLimits;
  readonly prefix: string;
}

/** Offsets of one partition: from the first on, up to the other and without it. */
export interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** What is kept of each partition of a topic; nothing of one that is empty. */
export const spansOf = async (
  topic: string,
  { ask, prefix }: Pick<ReaderOptions, 'ask' | 'prefix'>,
): Promise<ReadonlyMap<number, Span>> => {
  const offsets = await ask((admin) => admin.fetchTopicOffsets(`${prefix}${topic}`));
  return new Map(
    offsets.flatMap(({ partition, low, high }) =>
      BigInt(low) < BigInt(high) ? [[partition, { from: BigInt(low), to: BigInt(high) }]] : [],
    ),
  );
};

/**
 * The messages of some spans of a topic, each partition in its order. Kafka is read by groups alone: this one is of its own,
 * stores nothing, and is removed. Throws `BusUnavailable` when the broker goes away meanwhile.
 */
export async function* readSpans(
  topic: string,
  spans: ReadonlyMap<number, Span>,
  { kafka, ask, limits, prefix }: ReaderOptions,
): AsyncIterable<Message> {
  if (spans.size === 0) return;
  const atBroker = `${prefix}${topic}`;
  const groupId = `${prefix}tallystick-reader-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: limits.fetchWaitMs,
    heartbeatInterval: limits.heartbeatEveryMs,
    sessionTimeout: limits.sessionTimeoutMs,
    retry: { retries: 2, restartOnFailure: async () => false },
  });
  const open = new Map(spans);
  const waiting: Message[] = [];
  const [news, room] = [bell(), bell()];
  const stopped = new AbortController();
  let failure: Error | undefined;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
    news.ring();
  });

  const isStopped = (): boolean => stopped.signal.aborted;
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { partition, messages } = payload.batch;
    for (const record of messages) {
      const span = open.get(partition);
      if (span === undefined || isStopped()) return;
      const offset = BigInt(record.offset);
      if (offset >= span.from && offset < span.to)
        waiting.push(messageOf(topic, partition, record));
      payload.resolveOffset(record.offset);
      if (offset + 1n >= span.to) open.delete(partition);
      news.ring();
      while (waiting.length >= limits.readAheadMax && !isStopped()) {
        await room.wait(limits.heartbeatEveryMs, stopped.signal);
        await payload.heartbeat();
      }
    }
  };

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [atBroker] });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
    for (const [partition, { from }] of spans)
      consumer.seek({ topic: atBroker, partition, offset: String(from) });
    while (waiting.length > 0 || open.size > 0) {
      if (failure !== undefined) throw failure;
      const message = waiting.shift();
      room.ring();
      if (message === undefined) await news.wait(limits.heartbeatEveryMs);
      else yield message;
    }
  } catch (error) {
    throw error === failure ? new BusUnavailable(error) : error;
  } finally {
    stopped.abort();
    await consumer.disconnect();
    // It would be forgotten by itself in a week.
    await ask((admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}

/** One message; undefined when it is not kept any more, or not there yet. */
export const readAt = async (
  topic: string,
  partition: number,
  offset: bigint,
  options: ReaderOptions,
): Promise<Message | undefined> => {
  const kept = (await spansOf(topic, options)).get(partition);
  if (kept === undefined || offset < kept.from || offset >= kept.to) return undefined;
  const span: Span = { from: offset, to: offset + 1n };
  for await (const message of readSpans(topic, new Map([[partition, span]]), options))
    return message;
  return undefined;
};

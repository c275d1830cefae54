import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { bell } from '../pause.js';
import { BusUnavailable, type DeadLetter, type Message, type OutgoingMessage } from '../port.js';
import type { Burial } from '../settlement.js';
import type { Asking } from './asking.js';
import type { KafkaLimits } from './limits.js';
import { messageOf } from './records.js';
import { deadLettersOf } from './topics.js';

const prefix = 'tallystick-dlq-';
/** What a dead letter's headers say besides those of its message. */
const said = {
  topic: `${prefix}topic`,
  partition: `${prefix}partition`,
  offset: `${prefix}offset`,
  group: `${prefix}group`,
  reason: `${prefix}reason`,
} as const;

const withoutOurs = (headers: Message['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(prefix)));

/** A message as it is buried on `<topic>.dlq`. */
export const deadLetterOf = (
  message: Message,
  { reason, keptAs }: Burial,
  group: string,
): OutgoingMessage => {
  const { topic, partition, offset, key, id, headers, value, bytes } = message;
  return {
    topic: deadLettersOf(topic),
    key: keptAs?.key ?? key,
    id,
    headers: {
      ...withoutOurs(headers),
      // What is kept in place of bytes is text.
      ...(keptAs !== undefined && bytes !== undefined
        ? { 'content-type': 'application/json' }
        : {}),
      [said.topic]: topic,
      [said.partition]: String(partition),
      [said.offset]: String(offset),
      [said.group]: group,
      [said.reason]: reason,
    },
    ...(keptAs === undefined
      ? { value, ...(bytes === undefined ? {} : { bytes }) }
      : { value: keptAs.value }),
  };
};

/** The message that was buried, as it came. What somebody else wrote there is one too, with its own place. */
const decodeDeadLetter = (topic: string, buried: Message): DeadLetter => {
  const { headers } = buried;
  const numberIn = (name: string): bigint | undefined => {
    const text = headers[name] ?? '';
    return /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
  };
  return {
    ...buried,
    topic: headers[said.topic] ?? topic,
    partition: Number(numberIn(said.partition) ?? buried.partition),
    offset: numberIn(said.offset) ?? buried.offset,
    headers: withoutOurs(headers),
    group: headers[said.group] ?? '',
    reason: headers[said.reason] ?? '',
  };
};

const placeOf = ({ group, partition, offset }: DeadLetter): string =>
  `${partition}/${offset}/${group}`;

export interface DeadLetterOptions {
  readonly kafka: Kafka;
  readonly ask: Asking;
  readonly limits: KafkaLimits;
  readonly prefix: string;
}

/**
 * The dead letters of a topic up to now, oldest first. One that was buried twice, because its group did not get to store that it
 * had been, is shown once. Kafka is read by groups alone: this one is of its own, stores nothing, and is removed.
 */
export async function* readDeadLetters(
  topic: string,
  { kafka, ask, limits, prefix }: DeadLetterOptions,
): AsyncIterable<DeadLetter> {
  const buried = deadLettersOf(topic);
  const atBroker = `${prefix}${buried}`;
  const ends = new Map(
    (await ask((admin) => admin.fetchTopicOffsets(atBroker))).flatMap(({ partition, low, high }) =>
      BigInt(low) < BigInt(high) ? [[partition, BigInt(high)] as const] : [],
    ),
  );
  if (ends.size === 0) return;
  const groupId = `${prefix}tallystick-dead-letters-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: limits.fetchWaitMs,
    heartbeatInterval: limits.heartbeatEveryMs,
    sessionTimeout: limits.sessionTimeoutMs,
    retry: { retries: 2, restartOnFailure: async () => false },
  });
  const waiting: DeadLetter[] = [];
  const [news, room] = [bell(), bell()];
  const stopped = new AbortController();
  let failure: Error | undefined;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
    news.ring();
  });

  const isStopped = (): boolean => stopped.signal.aborted;
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    for (const record of batch.messages) {
      const end = ends.get(batch.partition);
      if (end === undefined || isStopped()) return;
      waiting.push(decodeDeadLetter(topic, messageOf(buried, batch.partition, record)));
      payload.resolveOffset(record.offset);
      if (BigInt(record.offset) + 1n >= end) ends.delete(batch.partition);
      news.ring();
      while (waiting.length >= limits.deadLettersMax && !isStopped()) {
        await room.wait(limits.heartbeatEveryMs, stopped.signal);
        await payload.heartbeat();
      }
    }
  };

  const seen = new Set<string>();
  try {
    await start(consumer, atBroker, eachBatch);
    while (waiting.length > 0 || ends.size > 0) {
      if (failure !== undefined) throw failure;
      const letter = waiting.shift();
      room.ring();
      if (letter === undefined) await news.wait(limits.heartbeatEveryMs);
      else if (!seen.has(placeOf(letter))) {
        seen.add(placeOf(letter));
        yield letter;
      }
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

const start = async (
  consumer: Consumer,
  topic: string,
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> => {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
};

import kafkajs, {
  type Message as ProducerMessage,
  type Producer,
  type ProducerConfig,
} from 'kafkajs';
import { MessageRefused, PublisherFenced, type BusLog } from '../port.js';
import { protocolErrorOf, reaching } from './errors.js';
import type { KafkaLimits } from './limits.js';
import { sizeOf, type KafkaRecord, type TopicRecord } from './records.js';

/** Publishes, one request at a time. */
export interface Sender {
  /**
   * Resolves when every record is on all in-sync replicas. The topics are known, with so many partitions. Throws
   * `MessageRefused` for one that is larger than `bytesMax`.
   */
  send(
    records: readonly TopicRecord[],
    partitions: ReadonlyMap<string, number>,
    bytesMax: number,
  ): Promise<void>;
  /** Connects now, not with the first message. */
  open(): Promise<void>;
  /** Sends what waits, then ends. */
  close(): Promise<void>;
}

/** One call of `send`. */
interface Call {
  readonly done: PromiseWithResolvers<undefined>;
  waiting: number;
  failed: boolean;
}

interface Waiting {
  readonly topic: string;
  readonly partition: number;
  readonly record: KafkaRecord;
  readonly size: number;
  readonly call: Call;
}

const partitioner = kafkajs.Partitioners.DefaultPartitioner();

/** Where a key goes: murmur2, as the Java client does it. */
export const partitionOf = (topic: string, key: string | Buffer, partitions: number): number =>
  partitioner({
    topic,
    message: { key, value: null },
    partitionMetadata: Array.from({ length: partitions }, (_, partitionId) => ({
      partitionId,
      leader: 0,
      partitionErrorCode: 0,
      replicas: [],
      isr: [],
    })),
  });

export interface SenderOptions {
  readonly makeProducer: (config: ProducerConfig) => Producer;
  readonly limits: KafkaLimits;
  readonly log: BusLog;
  /** Stands before the names of topics at the broker. */
  readonly prefix: string;
  /** `once`: after a failure it sends nothing more. Default: `on`, with another producer. */
  readonly lives?: 'on' | 'once';
}

/** Refused because a newer producer of the same name is there. */
const fencedOff: ReadonlySet<string> = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']);

/**
 * An idempotent producer loses what was acknowledged when two requests overlap, or when another follows one that failed:
 * so there is one request at a time, of all that waits; and after a failure the producer is thrown away. Who sends
 * again sends the same ids.
 */
export const createSender = ({
  makeProducer,
  limits,
  log,
  prefix,
  lives = 'on',
}: SenderOptions): Sender => {
  let queue: Waiting[] = [];
  let producer: Producer | undefined;
  let working: Promise<void> | undefined;
  let dead: Error | undefined;

  const connected = async (): Promise<Producer> => {
    if (producer !== undefined) return producer;
    const fresh = makeProducer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    try {
      await fresh.connect();
    } catch (error) {
      await discard(fresh);
      throw error;
    }
    producer = fresh;
    return fresh;
  };

  const discard = async (old: Producer | undefined): Promise<void> => {
    await old?.disconnect().catch((error: unknown) => {
      log.warn({ err: error }, 'a producer that failed did not close');
    });
  };

  /** Takes from the front as much as one request may hold: order is kept because nothing overtakes. */
  const take = (): readonly Waiting[] => {
    const bytes = new Map<string, number>();
    let count = 0;
    for (const { topic, partition, size } of queue) {
      const place = `${topic}/${partition}`;
      const sum = (bytes.get(place) ?? 0) + size;
      if (count > 0 && (count === limits.publishMax || sum > limits.publishBytesMax)) break;
      bytes.set(place, sum);
      count += 1;
    }
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    return taken;
  };

  const request = async (batch: readonly Waiting[]): Promise<void> => {
    const topics = Map.groupBy(batch, ({ topic }) => topic);
    const open = await connected();
    await open.sendBatch({
      acks: -1,
      topicMessages: [...topics].map(([topic, of]) => ({
        topic: `${prefix}${topic}`,
        messages: of.map(({ partition, record }): ProducerMessage => ({ ...record, partition })),
      })),
    });
  };

  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = take();
      try {
        if (dead !== undefined) throw dead;
        await reaching(() => request(batch));
      } catch (thrown) {
        const error = fencedOff.has(protocolErrorOf(thrown) ?? '')
          ? new PublisherFenced(thrown)
          : thrown;
        if (lives === 'once') dead = error instanceof Error ? error : new Error(String(error));
        const failed = producer;
        producer = undefined;
        await discard(failed);
        const calls = new Set(batch.map(({ call }) => call));
        for (const call of calls) {
          call.failed = true;
          call.done.reject(error);
        }
        queue = queue.filter(({ call }) => !call.failed);
        continue;
      }
      for (const { call } of batch) {
        call.waiting -= 1;
        if (call.waiting === 0) call.done.resolve(undefined);
      }
    }
    working = undefined;
  };

  const send: Sender['send'] = async (records, partitions, bytesMax) => {
    if (records.length === 0) return;
    const call: Call = { done: Promise.withResolvers(), waiting: records.length, failed: false };
    const added = records.map(({ topic, record }, index): Waiting => {
      const size = sizeOf(record);
      if (size > bytesMax) throw new MessageRefused(index, `it is larger than ${bytesMax} bytes`);
      const partition = partitionOf(topic, record.key, partitions.get(topic) ?? 1);
      return { topic, partition, record, size, call };
    });
    queue = queue.concat(added);
    working ??= work();
    await call.done.promise;
  };

  return {
    send,
    open: () =>
      reaching(async () => {
        await connected();
      }),
    close: async () => {
      await working;
      const last = producer;
      producer = undefined;
      await discard(last);
    },
  };
};

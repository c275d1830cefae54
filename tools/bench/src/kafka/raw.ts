import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka, type Message, type Producer } from 'kafkajs';

/** kafkajs as it is, for baselines, and to lay out what is to be read. */
export const rawKafka = (brokers: readonly string[]): Kafka =>
  new kafkajs.Kafka({
    clientId: 'tallystick-bench',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  });

/** Idempotent, one send at a time, keys to partitions as every client does it. */
export const rawProducer = (kafka: Kafka): Producer =>
  kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });

export const messagesPerSend = 500;

/** Sends them in their order, acks=all, one send of `messagesPerSend` at a time. */
export const sendAll = async (
  producer: Producer,
  topic: string,
  messages: readonly Message[],
): Promise<void> => {
  for (let from = 0; from < messages.length; from += messagesPerSend)
    await producer.send({
      topic,
      acks: -1,
      messages: messages.slice(from, from + messagesPerSend),
    });
};

const ledWithinMs = 10_000;
const askEveryMs = 50;

/** Until every partition has a leader that answers, a topic is not there for a producer. */
const whenLed = async (ask: () => Promise<void>): Promise<void> => {
  const deadline = performance.now() + ledWithinMs;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(askEveryMs);
    }
  }
};

export const makeTopic = async (kafka: Kafka, topic: string, partitions: number): Promise<void> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    // kafkajs's own waiting gives up where the broker that it asks has not heard of the topic yet.
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      waitForLeaders: false,
    });
    await whenLed(async () => {
      await admin.fetchTopicOffsets(topic);
    });
  } finally {
    await admin.disconnect();
  }
};

/** How many messages a topic holds. */
export const messagesOn = async (kafka: Kafka, topic: string): Promise<number> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
};

/** Every message that a topic holds now, each partition in its order. */
export const readAll = async (
  kafka: Kafka,
  topic: string,
  take: (message: Message & { readonly partition: number }) => void,
): Promise<void> => {
  const expected = await messagesOn(kafka, topic);
  const consumer = kafka.consumer({ groupId: `${topic}-check`, maxWaitTimeInMs: 200 });
  const done = Promise.withResolvers<undefined>();
  let read = 0;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { key, value, headers = {} } of batch.messages) {
          take({ key, value, headers, partition: batch.partition });
          read += 1;
        }
        if (read >= expected) done.resolve(undefined);
      },
    });
    await done.promise;
  } finally {
    await consumer.disconnect();
  }
};

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

export const makeTopic = async (kafka: Kafka, topic: string, partitions: number): Promise<void> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      waitForLeaders: true,
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

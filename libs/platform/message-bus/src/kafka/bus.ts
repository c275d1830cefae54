import { checkOutgoing, checkTopic } from '../outgoing.js';
import type {
  BusLog,
  Consumer,
  ConsumerStatus,
  FencedPublisher,
  MessageBus,
  OutgoingMessage,
  Subscription,
} from '../port.js';
import { createAsking } from './asking.js';
import { fencedProducer } from './fenced-producer.js';
import { createKafkaClient, type KafkaConnection } from './client.js';
import { deadLetterCounter, readDeadLetters } from './dead-letters.js';
import { protocolErrorOf } from './errors.js';
import { endOf, type Letter } from './letters.js';
import { defaultKafkaLimits, type KafkaLimits } from './limits.js';
import { startMember } from './member.js';
import { positionsOf } from './positions.js';
import { readAt } from './reader.js';
import { recordOf, type TopicRecord } from './records.js';
import { createSender, type Sender } from './sender.js';
import { deadLetterBytesMax, knownTopics, messageBytesMax } from './topics.js';

export interface KafkaMessageBusOptions extends KafkaConnection {
  readonly limits?: Partial<KafkaLimits>;
  readonly log?: BusLog;
}

export interface KafkaMessageBus extends MessageBus {
  /**
   * From now on nothing that an earlier publisher of this name has under way, or sends, gets behind a message of the new one on
   * the same partition: it throws `PublisherFenced`. One that has failed in any way publishes nothing more.
   */
  openFencedPublisher(name: string): Promise<FencedPublisher>;
  /** Breaks every connection off, for tests. They come back when they are needed. */
  cut(): void;
}

/** Whether a bus can keep all but the newest publisher of a name from publishing. */
export const fencesPublishers = (bus: MessageBus): bus is KafkaMessageBus =>
  'openFencedPublisher' in bus;

const silent: BusLog = { info: () => {}, warn: () => {}, error: () => {} };

/** The bus on Kafka 2.4 or newer. */
export const createKafkaMessageBus = (options: KafkaMessageBusOptions): KafkaMessageBus => {
  const { log = silent, prefix = '' } = options;
  const limits = { ...defaultKafkaLimits, ...options.limits };
  const client = createKafkaClient(options, limits, log);
  const { kafka } = client;
  const { ask, close: closeAsking } = createAsking(kafka);
  const topics = knownTopics(ask, prefix);
  const positions = positionsOf(ask, topics, prefix);
  const sending = { limits, log, prefix };
  const sender = createSender({ ...sending, makeProducer: (config) => kafka.producer(config) });
  const fenced = new Set<Sender>();
  const members = new Set<Consumer>();
  let closed: Promise<void> | undefined;

  const publishBy =
    (by: Sender) =>
    async (messages: readonly OutgoingMessage[]): Promise<void> => {
      checkOutgoing(messages);
      const partitions = await topics.partitionsOf(messages.map(({ topic }) => topic));
      const records = messages.map((one) => ({ topic: one.topic, record: recordOf(one) }));
      await by.send(records, partitions, messageBytesMax);
    };

  const openFencedPublisher = async (name: string): Promise<FencedPublisher> => {
    const own = createSender({
      ...sending,
      lives: 'once',
      makeProducer: (config) => fencedProducer(kafka, `${prefix}${name}`, config),
    });
    fenced.add(own);
    const close = async (): Promise<void> => {
      fenced.delete(own);
      await own.close();
    };
    try {
      await own.open();
    } catch (error) {
      await close();
      throw error;
    }
    return { publish: publishBy(own), close };
  };

  const sendLetters = async (letters: readonly TopicRecord[]): Promise<void> => {
    const partitions = await topics.partitionsOf(letters.map(({ topic }) => topic));
    await sender.send(letters, partitions, deadLetterBytesMax);
  };

  const bury = async (letters: readonly Letter[]): Promise<void> => {
    try {
      await sendLetters(letters);
    } catch (error) {
      // Somebody else made the topic, and it takes less than ours. Those that were written already are shown once.
      if (protocolErrorOf(error) !== 'MESSAGE_TOO_LARGE') throw error;
      await sendLetters(letters.map(({ topic, cut }) => ({ topic, record: cut() })));
    }
  };

  const subscribe = async (subscription: Subscription): Promise<Consumer> => {
    const { group, handler, batchMax = limits.batchMax } = subscription;
    const partitions = await topics.partitionsOf(subscription.topics);
    // Poison must have where to go before there is any.
    await topics.ensureDeadLetters([...partitions.keys()]);
    if (closed !== undefined) throw new Error('the message bus is closed');
    const all = [...partitions].map(([topic, concurrency]) =>
      startMember({
        kafka,
        prefix,
        topic,
        group,
        handler,
        batchMax,
        limits,
        log,
        bury,
        concurrency,
      }),
    );
    const member: Consumer = {
      status: () => together(all.map((one) => one.status())),
      close: async () => {
        await Promise.all(all.map((one) => one.close()));
        members.delete(member);
      },
    };
    members.add(member);
    return member;
  };

  const close = async (): Promise<void> => {
    await Promise.all([...members].map((member) => member.close()));
    await Promise.all([sender, ...fenced].map((one) => one.close()));
    await closeAsking();
  };

  const countLetters = deadLetterCounter({ kafka, ask, limits, prefix });

  return {
    ensureTopics: async (wanted) => {
      wanted.forEach(checkTopic);
      await topics.ensure(wanted);
    },
    publish: publishBy(sender),
    openFencedPublisher,
    subscribe,
    lag: (group, names) => positions.lag(group, names),
    ends: (names) => positions.ends(names),
    passed: (group, ends) => positions.passed(group, ends),
    deadLetters: async function* (topic) {
      await topics.partitionsOf([topic]);
      await topics.ensureDeadLetters([topic]);
      yield* readDeadLetters(topic, { kafka, ask, limits, prefix });
    },
    deadLetterCount: async (group, topic) => {
      await topics.partitionsOf([topic]);
      await topics.ensureDeadLetters([topic]);
      return countLetters(group, topic);
    },
    endDeadLetter: async (place, end) => {
      await topics.partitionsOf([place.topic]);
      await topics.ensureDeadLetters([place.topic]);
      await sendLetters([endOf(place, end)]);
    },
    messageAt: async (topic, partition, offset) => {
      await topics.partitionsOf([topic]);
      return readAt(topic, partition, offset, { kafka, ask, limits, prefix });
    },
    close: () => (closed ??= close()),
    cut: () => client.cut(),
  };
};

/** One consumer's status, of its members on each topic. */
const together = (all: readonly ConsumerStatus[]): ConsumerStatus => {
  const worst = all.find(({ state }) => state !== 'running') ?? all[0];
  return {
    state: worst?.state ?? 'running',
    ...(worst?.reason === undefined ? {} : { reason: worst.reason }),
    partitions: all.flatMap(({ partitions }) => partitions),
    rebalances: all.reduce((sum, { rebalances }) => sum + rebalances, 0),
    retrying: all.flatMap(({ retrying }) => retrying),
  };
};

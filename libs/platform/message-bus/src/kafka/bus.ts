import { checkOutgoing, checkTopic } from '../outgoing.js';
import type {
  BusLog,
  Consumer,
  ConsumerStatus,
  MessageBus,
  OutgoingMessage,
  Subscription,
} from '../port.js';
import { createAsking } from './asking.js';
import { createKafkaClient, type KafkaConnection } from './client.js';
import { readDeadLetters } from './dead-letters.js';
import { defaultKafkaLimits, type KafkaLimits } from './limits.js';
import { startMember } from './member.js';
import { positionsOf } from './positions.js';
import { createSender } from './sender.js';
import { deadLetterBytesMax, knownTopics, messageBytesMax } from './topics.js';

export interface KafkaMessageBusOptions extends KafkaConnection {
  readonly limits?: Partial<KafkaLimits>;
  readonly log?: BusLog;
}

export interface KafkaMessageBus extends MessageBus {
  /** Breaks every connection off, for tests. They come back when they are needed. */
  cut(): void;
}

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
  const sender = createSender(kafka, limits, log, prefix);
  const members = new Set<Consumer>();
  let closed: Promise<void> | undefined;

  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    checkOutgoing(messages);
    const partitions = await topics.partitionsOf(messages.map(({ topic }) => topic));
    await sender.send(messages, partitions, messageBytesMax);
  };

  const bury = async (letters: readonly OutgoingMessage[]): Promise<void> => {
    const partitions = await topics.partitionsOf(letters.map(({ topic }) => topic));
    await sender.send(letters, partitions, deadLetterBytesMax);
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
    await sender.close();
    await closeAsking();
  };

  return {
    ensureTopics: async (wanted) => {
      wanted.forEach(checkTopic);
      await topics.ensure(wanted);
    },
    publish,
    subscribe,
    lag: (group, names) => positions.lag(group, names),
    ends: (names) => positions.ends(names),
    passed: (group, ends) => positions.passed(group, ends),
    deadLetters: async function* (topic) {
      await topics.partitionsOf([topic]);
      await topics.ensureDeadLetters([topic]);
      yield* readDeadLetters(topic, { kafka, ask, limits, prefix });
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

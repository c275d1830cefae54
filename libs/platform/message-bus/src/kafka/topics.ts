import type { ITopicConfig } from 'kafkajs';
import { UnknownTopic, type TopicDefinition } from '../port.js';
import type { Asking } from './asking.js';

/** Where the dead letters of a topic are. */
export const deadLettersOf = (topic: string): string => `${topic}.dlq`;

/** The largest message, with all that goes with it. A receipt of 10,000 lines has some 3 MB. */
export const messageBytesMax = 4 * 1024 * 1024;
/** A dead letter is its message and what became of it: it must fit where the message did. */
export const deadLetterBytesMax = messageBytesMax + 64 * 1024;
/** What a broker adds to a batch. */
const batchBytes = 1024;
const dayMs = 24 * 60 * 60 * 1000;

const configOf = (
  topic: string,
  partitions: number,
  entries: Record<string, string>,
): ITopicConfig => ({
  topic,
  numPartitions: partitions,
  replicationFactor: -1,
  // Producers may use any codec, also one that kafkajs cannot read: the broker unpacks. What is fetched is then as large as it says.
  configEntries: Object.entries({ 'compression.type': 'uncompressed', ...entries }).map(
    ([name, value]) => ({ name, value }),
  ),
});

const deadLetterConfigOf = (name: string): ITopicConfig =>
  configOf(deadLettersOf(name), 1, {
    'retention.ms': '-1',
    'max.message.bytes': String(deadLetterBytesMax + batchBytes),
  });

const configsOf = ({
  name,
  partitions,
  retentionDays,
  compacted = false,
}: TopicDefinition): readonly ITopicConfig[] => [
  configOf(name, partitions, {
    'retention.ms': String(retentionDays === undefined ? -1 : retentionDays * dayMs),
    'cleanup.policy': compacted ? 'compact' : 'delete',
    'max.message.bytes': String(messageBytesMax + batchBytes),
  }),
  deadLetterConfigOf(name),
];

/** Knows topics that it has seen once, with how many partitions. */
export interface KafkaTopics {
  ensure(topics: readonly TopicDefinition[]): Promise<void>;
  /** For topics that others have created. */
  ensureDeadLetters(topics: readonly string[]): Promise<void>;
  /** How many partitions each has. Throws `UnknownTopic`. */
  partitionsOf(topics: Iterable<string>): Promise<ReadonlyMap<string, number>>;
}

/** `prefix` stands before each name at the broker. */
export const knownTopics = (ask: Asking, prefix: string): KafkaTopics => {
  const known = new Map<string, number>();

  const read = (names: readonly string[]): Promise<void> =>
    ask(async (admin) => {
      const there = new Set(await admin.listTopics());
      const topics = names.map((name) => `${prefix}${name}`).filter((name) => there.has(name));
      if (topics.length === 0) return;
      const metadata = await admin.fetchTopicMetadata({ topics });
      for (const { name, partitions } of metadata.topics)
        known.set(name.slice(prefix.length), partitions.length);
    });

  const create = (wanted: readonly ITopicConfig[]): Promise<void> =>
    ask(async (admin) => {
      const there = new Set(await admin.listTopics());
      const topics = wanted
        .map((config) => ({ ...config, topic: `${prefix}${config.topic}` }))
        .filter(({ topic }) => !there.has(topic));
      if (topics.length === 0) return;
      // Those that somebody else has created meanwhile are left as they are.
      await admin.createTopics({ topics, waitForLeaders: true });
      // Until every partition has a leader that answers, they are not there for others.
      for (const { topic } of topics) await admin.fetchTopicOffsets(topic);
    });

  return {
    ensure: (definitions) => create(definitions.flatMap(configsOf)),
    ensureDeadLetters: (names) => create(names.map(deadLetterConfigOf)),
    partitionsOf: async (topics) => {
      const names = [...new Set(topics)];
      const unseen = names.filter((name) => !known.has(name));
      if (unseen.length > 0) await read(unseen);
      return new Map(
        names.map((name) => {
          const partitions = known.get(name);
          if (partitions === undefined) throw new UnknownTopic(name);
          return [name, partitions];
        }),
      );
    },
  };
};

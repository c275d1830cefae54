import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import {
  BusUnavailable,
  UnfitTopics,
  UnknownTopic,
  type BusLog,
  type TopicDefinition,
} from '../port.js';
import type { Asking } from './asking.js';
import { wordOf } from './errors.js';
import { comparedSettings, faultsOf, type FoundTopic } from './topic-check.js';

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
  // Producers may use any codec: the broker unpacks. What is fetched is then as large as it says, and no small message fills our memory.
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

export interface KnownTopicsOptions {
  readonly ask: Asking;
  /** Stands before each name at the broker. */
  readonly prefix: string;
  readonly log: BusLog;
}

export const knownTopics = ({ ask, prefix, log }: KnownTopicsOptions): KafkaTopics => {
  const known = new Map<string, number>();
  /** Those that were compared with our table already. */
  const compared = new Set<string>();

  const read = (names: readonly string[]): Promise<void> =>
    ask(async (admin) => {
      const there = new Set(await admin.listTopics());
      const topics = names.map((name) => `${prefix}${name}`).filter((name) => there.has(name));
      if (topics.length === 0) return;
      const metadata = await admin.fetchTopicMetadata({ topics });
      for (const { name, partitions } of metadata.topics)
        known.set(name.slice(prefix.length), partitions.length);
    });

  /** Those that were there before, as we would have made them. */
  const create = (configs: readonly ITopicConfig[]): Promise<readonly ITopicConfig[]> =>
    ask(async (admin) => {
      const there = new Set(await admin.listTopics());
      const wanted = configs.map((config) => ({ ...config, topic: `${prefix}${config.topic}` }));
      const topics = wanted.filter(({ topic }) => !there.has(topic));
      if (topics.length > 0) {
        // Those that somebody else has created meanwhile are left as they are.
        await admin.createTopics({ topics, waitForLeaders: true });
        // Until every partition has a leader that answers, they are not there for others.
        for (const { topic } of topics) await admin.fetchTopicOffsets(topic);
      }
      for (const { topic } of topics) compared.add(topic);
      return wanted.filter(({ topic }) => there.has(topic));
    });

  /** Throws `UnfitTopics`. */
  const compare = async (wanted: readonly ITopicConfig[]): Promise<void> => {
    const unseen = wanted.filter(({ topic }) => !compared.has(topic));
    if (unseen.length === 0) return;
    const found = await foundTopics(unseen);
    const unfit: string[] = [];
    for (const config of unseen) {
      const { topic } = config;
      const is = found.get(topic);
      if (is === undefined) continue;
      const { losing, other } = faultsOf(config, is);
      if (losing.length > 0) unfit.push(`${topic}: ${losing.join('; ')}`);
      else compared.add(topic);
      if (other.length > 0)
        log.warn({ topic, faults: other }, 'a topic is not as docs/kafka.md has it');
    }
    if (unfit.length > 0) throw new UnfitTopics(unfit);
  };

  const foundTopics = async (
    wanted: readonly ITopicConfig[],
  ): Promise<ReadonlyMap<string, FoundTopic>> => {
    try {
      return await ask((admin) =>
        describe(
          admin,
          wanted.map(({ topic }) => topic),
        ),
      );
    } catch (error) {
      if (error instanceof BusUnavailable) throw error;
      // It takes a right of its own, and whoever has not given it may know better.
      log.warn({ reason: wordOf(error) }, 'the settings of the topics cannot be read');
      return new Map();
    }
  };

  return {
    ensure: async (definitions) => compare(await create(definitions.flatMap(configsOf))),
    ensureDeadLetters: async (names) => {
      await create(names.map(deadLetterConfigOf));
    },
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

const describe = async (
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, FoundTopic>> => {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const configNames = [...comparedSettings];
  const [metadata, described] = [
    await admin.fetchTopicMetadata({ topics: [...topics] }),
    await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type, name, configNames })),
    }),
  ];
  const partitions = new Map(metadata.topics.map((one) => [one.name, one.partitions.length]));
  return new Map(
    described.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      {
        partitions: partitions.get(resourceName) ?? 0,
        settings: new Map(
          configEntries.map(({ configName, configValue }) => [configName, configValue]),
        ),
      },
    ]),
  );
};

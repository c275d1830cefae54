import type { Database } from '@tallystick/postgres';
import { UnknownTopic, type TopicDefinition } from '../port.js';

/** The ids of a topic's partitions, by their numbers. */
export type PartitionIds = readonly number[];

/** Knows topics that it has seen once: what is there never changes. */
export interface Topics {
  ensure(topics: readonly TopicDefinition[]): Promise<void>;
  /** Throws `UnknownTopic`. */
  partitionsOf(topics: Iterable<string>): Promise<ReadonlyMap<string, PartitionIds>>;
}

export const knownTopics = (db: Database): Topics => {
  const known = new Map<string, PartitionIds>();

  const read = async (names: readonly string[]): Promise<void> => {
    const { rows } = await db.query<{ topic: string; ids: number[] }>(
      `select topic, array_agg(id order by partition) as ids
         from bus.partitions where topic = any ($1) group by topic`,
      [names],
    );
    for (const { topic, ids } of rows) known.set(topic, ids);
  };

  return {
    ensure: async (topics) => {
      await db.query('select bus.ensure_topics($1, $2)', [
        topics.map(({ name }) => name),
        topics.map(({ partitions }) => partitions),
      ]);
    },
    partitionsOf: async (topics) => {
      const names = [...new Set(topics)];
      const unseen = names.filter((name) => !known.has(name));
      if (unseen.length > 0) await read(unseen);
      return new Map(
        names.map((name) => {
          const ids = known.get(name);
          if (ids === undefined) throw new UnknownTopic(name);
          return [name, ids];
        }),
      );
    },
  };
};

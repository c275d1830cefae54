import type { Admin } from 'kafkajs';
import type { Ends } from '../port.js';
import type { Asking } from './asking.js';
import type { KafkaTopics } from './topics.js';

/**
 * Kafka's name of a group on one topic; no topic has a colon. Members of a Kafka group must all have the same topics,
 * members of ours need not.
 */
export const groupOn = (group: string, topic: string): string => `${group}:${topic}`;

interface Place {
  readonly name: string;
  /** The first offset that is kept, and the one behind the last. */
  readonly low: bigint;
  readonly high: bigint;
}

/** Where groups and topics are. */
export interface Positions {
  ends(topics: readonly string[]): Promise<Ends>;
  lag(group: string, topics: readonly string[]): Promise<bigint>;
  passed(group: string, ends: Ends): Promise<boolean>;
}

/** Who asks while the same question still waits for its turn gets the answer to that one: it is asked after both. */
const sharing = <T>(
  ask: Asking,
): ((what: string, work: (admin: Admin) => Promise<T>) => Promise<T>) => {
  const waiting = new Map<string, Promise<T>>();
  return (what, work) => {
    const asked =
      waiting.get(what) ??
      ask((admin) => {
        waiting.delete(what);
        return work(admin);
      });
    waiting.set(what, asked);
    // It may fail before its turn has come.
    asked.catch(() => waiting.delete(what));
    return asked;
  };
};

export const positionsOf = (ask: Asking, topics: KafkaTopics, prefix: string): Positions => {
  const askPlaces = sharing<readonly Place[]>(ask);
  const askStored = sharing<ReadonlyMap<string, bigint>>(ask);

  const placesOf = (topic: string): Promise<readonly Place[]> =>
    askPlaces(topic, async (admin) => {
      const offsets = await admin.fetchTopicOffsets(`${prefix}${topic}`);
      return offsets
        .map(({ partition, low, high }) => ({
          name: `${topic}/${partition}`,
          low: BigInt(low),
          high: BigInt(high),
        }))
        .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    });

  /** What a group has stored on a topic; nothing for a partition on which it has stored nothing. */
  const storedOf = (group: string, topic: string): Promise<ReadonlyMap<string, bigint>> =>
    askStored(groupOn(group, topic), async (admin) => {
      const answers = await admin.fetchOffsets({
        groupId: `${prefix}${groupOn(group, topic)}`,
        topics: [`${prefix}${topic}`],
      });
      return new Map(
        answers.flatMap(({ partitions }) =>
          partitions.flatMap(({ partition, offset }) =>
            BigInt(offset) < 0n ? [] : [[`${topic}/${partition}`, BigInt(offset)] as const],
          ),
        ),
      );
    });

  return {
    ends: async (names) => {
      const unique = [...(await topics.partitionsOf(names)).keys()];
      const places = await Promise.all(unique.map(placesOf));
      return new Map(places.flat().map(({ name, high }) => [name, high]));
    },
    lag: async (group, names) => {
      const unique = [...(await topics.partitionsOf(names)).keys()];
      const lags = await Promise.all(
        unique.map(async (topic) => {
          const [places, stored] = await Promise.all([placesOf(topic), storedOf(group, topic)]);
          return places.map(({ name, low, high }) => {
            const done = stored.get(name) ?? low;
            return high - (done > low ? done : low);
          });
        }),
      );
      return lags.flat().reduce((sum, lag) => sum + lag, 0n);
    },
    passed: async (group, ends) => {
      const asked = [...ends].filter(([, end]) => end > 0n);
      const names = [...new Set(asked.map(([name]) => topicOf(name)))];
      const stored = await Promise.all(names.map((topic) => storedOf(group, topic)));
      const done = new Map(stored.flatMap((of) => [...of]));
      const unknown = new Set(
        asked.filter(([name]) => !done.has(name)).map(([name]) => topicOf(name)),
      );
      // A group that has stored nothing has nothing to do with what is not kept any more.
      for (const place of (await Promise.all([...unknown].map(placesOf))).flat())
        if (!done.has(place.name)) done.set(place.name, place.low);
      return asked.every(([name, end]) => (done.get(name) ?? 0n) >= end);
    },
  };
};

const topicOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));

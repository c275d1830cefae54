import { createPool, isUnavailable, transaction, type Queryable } from '@tallystick/postgres';
import { checkIsText, checkOutgoing, checkTopic } from '../outgoing.js';
import {
  BusUnavailable,
  type BusLog,
  type Consumer,
  type MessageBus,
  type OutgoingMessage,
  type Subscription,
} from '../port.js';
import { startConsumer } from './consumer.js';
import { countDeadLetters, endDeadLetter, readDeadLetters, readMessageAt } from './dead-letters.js';
import { hasPassed, identityOf, joinGroup, readEnds, readLag } from './groups.js';
import { defaultLimits, type BusLimits } from './limits.js';
import { startPruning } from './prune.js';
import { chunksOf, partitionsIn, sendChunk, sendChunks } from './publish.js';
import { knownTopics } from './topics.js';
import { waker } from './waker.js';

export interface PostgresMessageBusOptions {
  /** A database with the schema of `busSchema`, as a role with its rights. */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  readonly limits?: Partial<BusLimits>;
  readonly log?: BusLog;
}

/** The bus in PostgreSQL can besides publish in a transaction of its own database. */
export interface PostgresMessageBus extends MessageBus {
  /**
   * Publishes when, and only if, the caller's transaction (READ COMMITTED) commits. Until then other publishers to
   * the same partitions wait. What it returns is called after the commit, to wake consumers at once.
   */
  publishIn(tx: Queryable, messages: readonly OutgoingMessage[]): Promise<() => void>;
  /** Whether a transaction is of the database in which this bus lives. */
  livesIn(tx: Queryable): Promise<boolean>;
}

/** Tells a bus that can publish in a transaction from one that cannot. */
export const publishesInTransactions = (bus: MessageBus): bus is PostgresMessageBus =>
  'publishIn' in bus;

const silent: BusLog = { info: () => {}, warn: () => {}, error: () => {} };

const reaching = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error) ? new BusUnavailable(error) : error;
  }
};

export const createPostgresMessageBus = (
  options: PostgresMessageBusOptions,
): PostgresMessageBus => {
  const { url, applicationName = 'tallystick-bus', log = silent } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const db = createPool(url, { max: limits.connectionsMax, applicationName });
  const topics = knownTopics(db);
  const consumers = new Set<Consumer>();
  const pruning = startPruning(db, limits, log);
  const consumersWaker = waker(db, log);

  const publishIn = async (
    tx: Queryable,
    messages: readonly OutgoingMessage[],
  ): Promise<() => void> => {
    checkOutgoing(messages);
    checkIsText(messages);
    const partitions = await topics.partitionsOf(messages.map(({ topic }) => topic));
    const chunks = chunksOf(messages, partitions, limits.publishBytesMax);
    await sendChunks(tx, chunks);
    return () => consumersWaker.wake(partitionsIn(chunks));
  };

  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    checkOutgoing(messages);
    checkIsText(messages);
    const partitions = await topics.partitionsOf(messages.map(({ topic }) => topic));
    const chunks = chunksOf(messages, partitions, limits.publishBytesMax);
    const [only, ...rest] = chunks;
    if (only === undefined) return;
    if (rest.length === 0) await sendChunk(db, only);
    else await transaction(db, (tx) => sendChunks(tx, chunks));
    consumersWaker.wake(partitionsIn(chunks));
  };

  const subscribe = async (subscription: Subscription): Promise<Consumer> => {
    const { group, handler, batchMax = limits.batchMax } = subscription;
    const names = [...new Set(subscription.topics)];
    await topics.partitionsOf(names);
    const groupTopics = await joinGroup(db, group, names);
    if (closed !== undefined) throw new Error('the message bus is closed');
    const consumer = startConsumer({
      url,
      applicationName,
      group,
      topics: groupTopics,
      handler,
      batchMax,
      limits,
      log,
    });
    const member: Consumer = {
      status: () => consumer.status(),
      close: async () => {
        await consumer.close();
        consumers.delete(member);
      },
    };
    consumers.add(member);
    return member;
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.close()));
    await pruning.stop();
    await consumersWaker.idle();
    await db.end();
  };

  return {
    ensureTopics: (wanted) =>
      reaching(async () => {
        wanted.forEach(checkTopic);
        await topics.ensure(wanted);
      }),
    publish: (messages) => reaching(() => publish(messages)),
    publishIn,
    livesIn: (other) => reaching(async () => (await identityOf(db)) === (await identityOf(other))),
    subscribe: (subscription) => reaching(() => subscribe(subscription)),
    lag: (group, names) =>
      reaching(async () => {
        await topics.partitionsOf(names);
        return readLag(db, group, names);
      }),
    ends: (names) =>
      reaching(async () => {
        await topics.partitionsOf(names);
        return readEnds(db, names);
      }),
    passed: (group, ends) => reaching(() => hasPassed(db, group, ends)),
    deadLetters: async function* (topic, from = 0n) {
      await reaching(() => topics.partitionsOf([topic]));
      let after = from;
      for (;;) {
        const page = await reaching(() => readDeadLetters(db, topic, after, limits));
        for (const letter of page) {
          yield letter;
          after = letter.nth;
        }
        if (page.length === 0) return;
      }
    },
    deadLetterCount: (group, topic) =>
      reaching(async () => {
        await topics.partitionsOf([topic]);
        return countDeadLetters(db, group, topic);
      }),
    endDeadLetter: (place, end) =>
      reaching(async () => {
        await topics.partitionsOf([place.topic]);
        await endDeadLetter(db, place, end);
      }),
    messageAt: (topic, partition, offset) =>
      reaching(async () => {
        await topics.partitionsOf([topic]);
        return readMessageAt(db, topic, partition, offset);
      }),
    close: () => (closed ??= close()),
  };
};

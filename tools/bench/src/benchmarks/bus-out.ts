import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientKafka } from '@nestjs/microservices';
import kafkajs, { type Kafka, type Message } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { topics } from '@tallystick/contracts';
import { createPostgresEventStore } from '@tallystick/event-store';
import { createKafkaMessageBus } from '@tallystick/message-bus';
import { migrate } from '@tallystick/postgres';
import { relaySchema, startRelay } from '@tallystick/relay';
import { eventsPerAccount, fillWithHistory } from '../data/history.js';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { allInTurn, pairsOf, secondsOf, type Side } from '../harness/in-turn.js';
import type { BenchDatabase } from '../harness/server.js';
import {
  makeTopic,
  messagesPerSend,
  rawKafka,
  rawProducer,
  readAll,
  sendAll,
} from '../kafka/raw.js';

const lookEveryMs = 5;
const ledger = topics.ledger;

/** A name of a run's own: its topics are empty, and its relay has published nothing. */
const fresh = (): string => `bench-${randomBytes(4).toString('hex')}.`;

/** The relay, from the beginning of a store that is full to its end. */
const relayAll = (brokers: readonly string[], database: BenchDatabase, events: number) => {
  let last = '';
  const side: Side = async () => {
    const prefix = fresh();
    const bus = createKafkaMessageBus({ brokers, prefix });
    const store = createPostgresEventStore({ db: database.url });
    try {
      await bus.ensureTopics(Object.values(topics));
      await database.settle();
      const head = await store.head();
      const seconds = await secondsOf(async () => {
        const relay = startRelay({ store, bus, url: database.url, name: prefix });
        while (relay.position() < head) {
          if (relay.status().state === 'stopped') throw new Error(relay.status().reason);
          await sleep(lookEveryMs);
        }
        await relay.close();
      });
      last = `${prefix}${ledger.name}`;
      return { count: events, seconds };
    } finally {
      await bus.close();
      await store.close();
    }
  };
  return { side, topic: () => last };
};

const text = (value: Message['value']): string => value?.toString() ?? '';

/** What a topic holds must be every account's events, each once and in order. */
const checked = async (kafka: Kafka, topic: string, events: number): Promise<Message[]> => {
  const messages: Message[] = [];
  const revisions = new Map<string, number>();
  await readAll(kafka, topic, ({ key = null, value, headers = {} }) => {
    messages.push({ key, value, headers });
    const account = text(key);
    const revision = Number(/"revision":(\d+)/.exec(text(value))?.[1]);
    mustBe(`the event of ${account} on ${topic}`, revision, (revisions.get(account) ?? -1) + 1);
    revisions.set(account, revision);
  });
  mustBe(`the messages on ${topic}`, messages.length, events);
  mustBe(`the accounts on ${topic}`, revisions.size, events / eventsPerAccount);
  return messages;
};

const measure = async (context: Context): Promise<readonly Answer[]> => {
  const events = context.quick ? 200 : 30_000;
  const byStock = context.quick ? 50 : 2_000;
  const brokers = await context.broker.addresses();
  const kafka = rawKafka(brokers);
  const database = await context.server.database();
  const producer = rawProducer(kafka);
  const client = new ClientKafka({
    client: { brokers: [...brokers] },
    producer: {
      ...{ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 },
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    },
    producerOnlyMode: true,
  });
  try {
    await migrate(database.db, relaySchema.schema, relaySchema.migrations);
    await fillWithHistory(database.db, events);
    await producer.connect();
    await client.connect();
    const relay = relayAll(brokers, database, events);
    let messages: readonly Message[] = [];
    const toOwnTopic =
      (send: (topic: string) => Promise<number>): Side =>
      async () => {
        const topic = `${fresh()}${ledger.name}`;
        await makeTopic(kafka, topic, ledger.partitions);
        let count = 0;
        const seconds = await secondsOf(async () => {
          count = await send(topic);
        });
        let kept = 0;
        await readAll(kafka, topic, () => (kept += 1));
        mustBe(`the messages on ${topic}`, kept, count);
        return { count, seconds };
      };
    const runs = await allInTurn(context, [
      async (run) => {
        const measured = await relay.side(run);
        messages = await checked(kafka, relay.topic(), events);
        return measured;
      },
      toOwnTopic(async (topic) => {
        await sendAll(producer, topic, messages);
        return messages.length;
      }),
      toOwnTopic(async (topic) => {
        const part = messages.slice(0, byStock);
        for (const message of part) await lastValueFrom(client.emit(topic, message));
        return part.length;
      }),
    ]);
    const shared = {
      unit: 'events',
      ours: 'the relay, from a store with a history of the ledger to its topic, acks=all',
      checked: 'each account’s events on its topic, once and in order',
    };
    return [
      {
        ...{ title: 'bus-out', ...shared, pairs: pairsOf(runs, 1), aim: 0.7 },
        baseline: `the same records from memory, ${messagesPerSend} a send, one send at a time, idempotent`,
        skips: 'reading the store, making the messages, moving the relay’s position, the fence',
      },
      {
        ...{ title: 'bus-out, stock transport', ...shared, pairs: pairsOf(runs, 2), aim: 1 },
        baseline: "Nest's own Kafka client, an event at a time, so that none overtakes another",
        skips: 'reading the store; it is given the records',
      },
    ];
  } finally {
    await client.close();
    await producer.disconnect();
    await database.drop();
  }
};

export const busOut: Benchmark = {
  name: 'bus-out',
  about: 'The ledger from the store to Kafka, against sending the same records from memory.',
  run: measure,
};

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Message, Producer } from 'kafkajs';
import { z } from 'zod';
import { topics } from '@tallystick/contracts';
import type { EventMetadata } from '@tallystick/event-store';
import { createPool, type Database } from '@tallystick/postgres';
import {
  mustBe,
  type Answer,
  type Benchmark,
  type Context,
  type Measured,
} from '../harness/benchmark.js';
import { startChild, type Child } from '../harness/child.js';
import { allInTurn, pairsOf, secondsOf, type Side } from '../harness/in-turn.js';
import type { BenchDatabase } from '../harness/server.js';
import { openShop, program, type Shop } from '../http/shop.js';
import { pointsOfReceipt } from '../http/requests.js';
import { messagesOn, rawKafka, rawProducer, sendAll, makeTopic } from '../kafka/raw.js';
import { isPoison, receiptMessages } from '../kafka/receipts.js';
import { insertRows, makeRawTable } from './raw-table.js';

const poisonPercent = 1;
/** So few that what the accounts remember after all runs is still in the service's memory: another benchmark measures those that are not. */
const receiptsPerRun = 5_000;
const lookEveryMs = 5;
const withinMs = 120_000;
const rowsPerInsert = 500;
/** A receipt of a member is registered, and its points are earned. */
const eventsPerReceipt = 2;

/** The members' first receipts have the numbers below. */
const firstReceipt = 1_000_000;

const countSaid = z.object({ counted: z.number() });

/** One service with members, one Kafka, and what lays receipts out for it. */
interface Stage {
  readonly shop: Shop;
  readonly database: BenchDatabase;
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly brokers: readonly string[];
  readonly prefix: string;
  /** With the receipts. */
  readonly topic: string;
  readonly cards: number;
  /** Dead letters that there must be by now. */
  letters: number;
  close(): Promise<void>;
}

/** Accrual without its relay, which is measured by itself; on Nest's own transport it reads a topic of its own. */
const openStage = async (context: Context, transport: 'ours' | 'stock'): Promise<Stage> => {
  const brokers = await context.broker.addresses();
  const prefix = `bench-${randomBytes(4).toString('hex')}.`;
  const cards = context.quick ? 50 : 2_000;
  const database = await context.server.database();
  try {
    const kafka = rawKafka(brokers);
    const topic = `${prefix}${transport === 'ours' ? topics.receipts.name : 'stock'}`;
    await makeTopic(kafka, topic, topics.receipts.partitions);
    const env = {
      TALLYSTICK_LOG_LEVEL: 'error',
      TALLYSTICK_BUS: 'kafka',
      TALLYSTICK_KAFKA_BROKERS: brokers.join(),
      TALLYSTICK_KAFKA_PREFIX: prefix,
    };
    const shop = await openShop(database, 'accrual', {
      ...{ cards, callers: 1, env },
      accrual: transport === 'ours' ? 'without-relay' : { stock: { brokers, topic } },
    });
    const producer = rawProducer(kafka);
    await producer.connect();
    return {
      ...{ shop, database, kafka, producer, brokers, prefix, topic, cards, letters: 0 },
      close: async () => {
        await producer.disconnect();
        await shop.close();
        await database.drop();
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
};

const headOf = async (db: Database): Promise<number> => {
  const { rows } = await db.query<{ head: string }>(
    'select coalesce(max(position), 0)::text as head from eventstore.events',
  );
  return Number(rows[0]?.head ?? 0);
};

/** Receipts lie on the topic before anybody may look: the service stands still while they are laid out. */
const receiptsIn = async (
  stage: Stage,
  messages: readonly Message[],
  good: number,
): Promise<Measured> => {
  const { database, shop, producer, topic } = stage;
  await database.settle();
  const before = await headOf(database.db);
  const until = before + good * eventsPerReceipt;
  process.kill(shop.pid, 'SIGSTOP');
  try {
    await sendAll(producer, topic, messages);
  } finally {
    process.kill(shop.pid, 'SIGCONT');
  }
  const seconds = await secondsOf(async () => {
    const deadline = performance.now() + withinMs;
    for (let head = before; head < until; head = await headOf(database.db)) {
      if (performance.now() > deadline)
        throw new Error(`${head - before} of ${until - before} events after ${withinMs} ms`);
      await sleep(lookEveryMs);
    }
  });
  const { rows } = await database.db.query<{ events: string; points: string }>(
    `select count(*) as events, sum((data::jsonb ->> 'points')::bigint) as points
       from eventstore.events where type = 'PointsEarned' and position > $1`,
    [before],
  );
  mustBe('the receipts that earned', rows[0]?.events, good);
  mustBe('their points', rows[0]?.points, good * pointsOfReceipt);
  return { count: messages.length, seconds };
};

/** Our service, or the one on the stock transport, with `count` receipts a run. */
const intake =
  (stage: Stage, count: number, percent: number, from = firstReceipt): Side =>
  async (run) => {
    const first = from + run * count;
    const layout = { program, cards: stage.cards, first, count, poisonPercent: percent };
    const numbers = Array.from({ length: count }, (_, index) => first + index);
    const poison = numbers.filter((number) => isPoison(number, percent)).length;
    const measured = await receiptsIn(stage, receiptMessages(layout), count - poison);
    stage.letters += poison;
    await lettersAre(stage);
    return measured;
  };

/** The last ones may still be on their way when the last receipt is taken. */
const lettersAre = async ({ kafka, prefix, letters: expected }: Stage): Promise<void> => {
  const topic = `${prefix}${topics.receipts.name}.dlq`;
  const deadline = performance.now() + withinMs;
  let letters = await messagesOn(kafka, topic);
  while (letters < expected && performance.now() < deadline) {
    await sleep(10 * lookEveryMs);
    letters = await messagesOn(kafka, topic);
  }
  mustBe('the dead letters', letters, expected);
};

/** The same receipts, counted and nothing else. */
const counting = async (
  stage: Stage,
  count: number,
): Promise<{ readonly side: Side; end(): Promise<void> }> => {
  const topic = `${stage.prefix}counted`;
  await makeTopic(stage.kafka, topic, topics.receipts.partitions);
  const child: Child<object, { readonly counted: number }> = startChild(
    new URL('../kafka/counting-process.js', import.meta.url),
    (message) => countSaid.parse(message),
  );
  await child.ask({ brokers: stage.brokers, topic });
  return {
    side: async (run) => {
      const first = run * count;
      const messages = receiptMessages({
        ...{ program, cards: stage.cards, first, count, poisonPercent: 0 },
      });
      process.kill(child.pid, 'SIGSTOP');
      try {
        await sendAll(stage.producer, topic, messages);
      } finally {
        process.kill(child.pid, 'SIGCONT');
      }
      const until = (run + 1) * count;
      const seconds = await secondsOf(async () => {
        mustBe('what was counted', (await child.ask({ until })).counted, until);
      });
      return { count, seconds };
    },
    end: () => child.end(),
  };
};

/** The very events that our last run wrote, inserted raw by one caller. */
const rawAppend = (stage: Stage, pool: Database, count: number): Side => {
  const { database } = stage;
  const { db } = database;
  let position = 0n;
  return async () => {
    const { rows } = await db.query<{
      stream: string;
      revision: number;
      id: string;
      type: string;
      schema_version: number;
      data: string;
      metadata: string;
    }>(
      `select stream, revision, id, type, schema_version, data, metadata
         from eventstore.events order by position desc limit $1`,
      [count * eventsPerReceipt],
    );
    const all = rows
      .toReversed()
      .map(({ stream, revision, schema_version, metadata, ...event }) => ({
        ...{ stream, revision },
        event: {
          ...event,
          schemaVersion: schema_version,
          metadata: z.custom<EventMetadata>().parse(JSON.parse(metadata)),
        },
      }));
    await database.settle();
    const seconds = await secondsOf(async () => {
      for (let from = 0; from < all.length; from += rowsPerInsert) {
        const part = all.slice(from, from + rowsPerInsert);
        await insertRows(pool, part, position);
        position += BigInt(part.length);
      }
    });
    const { rows: kept } = await db.query<{ events: string }>(
      'select count(*) as events from raw.events',
    );
    mustBe('the raw events', kept[0]?.events, position);
    return { count, seconds };
  };
};

/** The slower of two: what nobody who reads and keeps can be faster than. */
const slowerOf =
  (...sides: readonly Side[]): Side =>
  async (run) => {
    const measured: Measured[] = [];
    for (const side of sides) measured.push(await side(run));
    return measured.reduce((slow, one) =>
      one.count / one.seconds < slow.count / slow.seconds ? one : slow,
    );
  };

const measureIn = async (context: Context): Promise<readonly Answer[]> => {
  const count = context.quick ? 200 : receiptsPerRun;
  const stockCount = context.quick ? 20 : 1_000;
  const stage = await openStage(context, 'ours');
  const stock = await openStage(context, 'stock');
  const pool = createPool(stage.database.url, { max: 1, applicationName: 'bench baseline' });
  const counter = await counting(stage, count);
  try {
    await makeRawTable(stage.database.db);
    const runs = await allInTurn(context, [
      intake(stage, count, 0),
      slowerOf(rawAppend(stage, pool, count), counter.side),
      intake(stock, stockCount, 0),
    ]);
    const shared = {
      unit: 'receipts',
      ours: `accrual, receipts of three lines from Kafka to the ledger, ${topics.receipts.partitions} partitions`,
      checked: 'each receipt earned once, with its points; nothing among the dead letters',
    };
    return [
      {
        ...{ title: 'bus-in', ...shared, pairs: pairsOf(runs, 1), aim: 0.7 },
        baseline:
          'the slower of a consumer that only counts and a raw `insert ... select from unnest` of the same events, 500 a call',
        skips: 'reading the receipts, rating them, whose card it is; the other of the two',
      },
      {
        ...{ title: 'bus-in, stock transport', ...shared, pairs: pairsOf(runs, 2), aim: 1 },
        baseline: "the same handler behind Nest's own Kafka transport, one message at a time",
        skips: 'nothing: it does the same work',
      },
    ];
  } finally {
    await counter.end();
    await pool.end();
    await stock.close();
    await stage.close();
  }
};

const measurePoison = async (context: Context): Promise<readonly Answer[]> => {
  const count = context.quick ? 200 : receiptsPerRun / 2;
  const stage = await openStage(context, 'ours');
  try {
    const runs = await allInTurn(context, [
      intake(stage, count, poisonPercent),
      intake(stage, count, 0, 2 * firstReceipt),
    ]);
    return [
      {
        ...{ title: 'poison', unit: 'receipts', pairs: pairsOf(runs, 1), aim: 0.9 },
        ours: `bus-in with ${poisonPercent} % of the receipts unreadable`,
        baseline: 'without',
        skips: 'writing dead letters; it keeps the one receipt in a hundred that ours buries',
        checked: 'each good receipt earned once; each other one is a dead letter, once',
      },
    ];
  } finally {
    await stage.close();
  }
};

export const busIn: Benchmark = {
  name: 'bus-in',
  about: 'Receipts from Kafka to the ledger, against counting them and raw inserts.',
  run: measureIn,
};
export const poison: Benchmark = {
  name: 'poison',
  about: 'bus-in with 1 % poison, against none.',
  run: measurePoison,
};

import { createPostgresEventStore, type NewEvent, type StreamWrite } from '@tallystick/event-store';
import { ledgerStream } from '@tallystick/kernel';
import { createPool, type Database } from '@tallystick/postgres';
import { accountOf, program } from '../data/earn.js';
import { earnEvent } from '../data/events.js';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { byCallers, inTurn, secondsOf } from '../harness/in-turn.js';
import type { BenchDatabase } from '../harness/server.js';
import { insertRows, makeRawTable } from './raw-table.js';

const eventsPerCall = 500;

interface Batch {
  readonly writes: readonly StreamWrite[];
  /** The same events, for the baseline. */
  readonly rows: readonly {
    readonly stream: string;
    readonly revision: number;
    readonly event: NewEvent;
  }[];
}

/** Calls of 500 events to 500 accounts each, over all accounts in turn: from the second lap on each stream goes on. */
const batchesFrom = (firstEvent: number, calls: number, accounts: number): Batch[] =>
  Array.from({ length: calls }, (_, call) => {
    const rows = Array.from({ length: eventsPerCall }, (_each, index) => {
      const number = firstEvent + call * eventsPerCall + index;
      return {
        stream: ledgerStream(program, accountOf(number % accounts)),
        revision: Math.floor(number / accounts),
        event: earnEvent(number),
      };
    });
    return {
      rows,
      writes: rows.map(({ stream, revision, event }) => ({
        stream,
        expected: revision === 0 ? 'noStream' : revision - 1,
        events: [event],
      })),
    };
  });

const question = (callers: number) => ({
  title: `append-batched, ${callers === 1 ? '1 caller' : `${callers} callers`}`,
  unit: 'events',
  ours: `the event store, ${eventsPerCall} events a call to ${eventsPerCall} streams`,
  baseline: `one \`insert ... select from unnest\` a call on ${callers === 1 ? 'a connection' : `${callers} connections`}: same table, same indexes`,
  skips:
    'the expected revisions, the order of positions as commits become visible (it counts them itself), limits and flaws of a call',
  aim: 0.85,
});

const measure = async (context: Context, callers: number): Promise<Answer> => {
  const database = await context.server.database();
  try {
    return await measureOn(database, context, callers);
  } finally {
    await database.drop();
  }
};

const measureOn = async (
  database: BenchDatabase,
  context: Context,
  callers: number,
): Promise<Answer> => {
  const { url, db } = database;
  const calls = context.quick ? 8 : 48;
  const accounts = context.quick ? 2_000 : 20_000;
  const events = calls * eventsPerCall;
  await makeRawTable(db);
  const store = createPostgresEventStore({ db: url });
  const pool = createPool(url, { max: callers, applicationName: 'bench baseline' });
  let position = 0n;
  try {
    const pairs = await inTurn(
      context,
      async (run) => {
        const batches = batchesFrom(run * events, calls, accounts);
        await database.settle();
        const seconds = await secondsOf(() =>
          byCallers(callers, batches, async ({ writes }) => {
            const { kind } = await store.append(writes);
            mustBe('an append', kind, 'appended');
          }),
        );
        return { count: events, seconds };
      },
      async (run) => {
        const batches = batchesFrom(run * events, calls, accounts);
        await database.settle();
        const seconds = await secondsOf(() =>
          byCallers(callers, batches, async ({ rows }) => {
            const from = position;
            position += BigInt(rows.length);
            await insertRows(pool, rows, from);
          }),
        );
        return { count: events, seconds };
      },
    );
    await checkSame(db, events * (context.pairs + 1));
    return {
      ...question(callers),
      pairs,
      checked: 'both tables hold the same events at the same revisions, each once',
    };
  } finally {
    await store.close();
    await pool.end();
  }
};

const checkSame = async (db: Database, expected: number): Promise<void> => {
  const { rows } = await db.query<{ ours: bigint; both: bigint; last: bigint }>(
    `select (select count(*) from eventstore.events) as ours,
            (select max(position) from eventstore.events) as last,
            (select count(*) from eventstore.events e join raw.events r
               using (stream, revision, id, type, schema_version, data, metadata)) as both`,
  );
  mustBe('the number of events', rows[0]?.ours, expected);
  mustBe('the last position', rows[0]?.last, expected);
  mustBe('the number of equal events', rows[0]?.both, expected);
};

export const appendBatched: Benchmark = {
  name: 'append-batched',
  about: 'Large appends of 1 and of 4 callers, against raw inserts.',
  run: async (context) => [await measure(context, 1), await measure(context, 4)],
};

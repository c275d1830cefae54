import { AccountCache, Accounts } from '@tallystick/accounts';
import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';
import type { AccountId } from '@tallystick/kernel';
import { createPool, type Database } from '@tallystick/postgres';
import { beginStreams, foldAll, openingEvents } from '../data/accounts.js';
import { clock, earn } from '../data/commands.js';
import { accountOf, pointsPerReceipt, program, receiptOf } from '../data/earn.js';
import { earnEvent } from '../data/events.js';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { byCallers, inTurn, secondsOf } from '../harness/in-turn.js';
import type { BenchDatabase } from '../harness/server.js';

const callers = 16;

interface Variant {
  readonly title: string;
  readonly ours: string;
  /** Whether the process knows the accounts already when a run begins. */
  readonly kept: boolean;
}

const variants: readonly Variant[] = [
  {
    title: 'append-concurrent',
    ours: 'accounts that the process has in memory',
    kept: true,
  },
  {
    title: 'append-concurrent, cold',
    ours: 'each account for the first time in this process: read and folded before it is decided',
    kept: false,
  },
];

/** What a service without an event store would do: an event, once by its fact, and the balance, by one statement. */
const makeTables = (db: Database): Promise<unknown> =>
  db.query(`
    create schema plain;
    create table plain.balances (account text collate "C" primary key, points bigint not null);
    create table plain.events (
      id bigint generated always as identity primary key,
      fact text collate "C" not null unique,
      account text collate "C" not null,
      data text not null,
      metadata text not null
    );
    create index on plain.events (account, id);
  `);

const statement = {
  name: 'plain-earn',
  text: `with event as (
      insert into plain.events (fact, account, data, metadata) values ($1, $2, $3, $4)
      on conflict (fact) do nothing returning account
    )
    insert into plain.balances as b (account, points) select account, $5::bigint from event
      on conflict (account) do update set points = b.points + excluded.points
      returning points`,
};

const measure = async (context: Context, variant: Variant): Promise<Answer> => {
  const database = await context.server.database();
  const store = createPostgresEventStore({ db: database.url });
  const pool = createPool(database.url, { max: callers, applicationName: 'bench baseline' });
  try {
    return await measureOn(context, variant, { database, store, pool });
  } finally {
    await store.close();
    await pool.end();
    await database.drop();
  }
};

interface Parts {
  readonly database: BenchDatabase;
  readonly store: EventStore;
  readonly pool: Database;
}

const measureOn = async (
  context: Context,
  { title, ours, kept }: Variant,
  { database, store, pool }: Parts,
): Promise<Answer> => {
  const { db } = database;
  const commands = context.quick ? 400 : 12_000;
  const accounts = Math.floor(commands / 2);
  const runs = context.pairs + 1;
  const all = Array.from({ length: runs * accounts }, (_, number) => accountOf(number));
  await beginStreams(
    store,
    all.map((account) => ({ account, events: openingEvents(account) })),
  );
  await makeTables(db);
  await db.query('insert into plain.balances select account, 0 from unnest($1::text[]) account', [
    all,
  ]);
  /** Each run has accounts of its own: those of all runs together are more than a process keeps in memory. */
  const workOf = (run: number): { number: number; account: AccountId }[] =>
    Array.from({ length: commands }, (_, index) => ({
      number: run * commands + index,
      account: accountOf(run * accounts + (index % accounts)),
    }));

  const pairs = await inTurn(
    context,
    async (run) => {
      const runner = new Accounts({ store, clock, cache: new AccountCache() });
      const receipts = workOf(run).map(({ number, account }) => ({
        receipt: receiptOf(number),
        account,
      }));
      const earnAll = (work: typeof receipts): Promise<void> =>
        byCallers(callers, work, async ({ receipt, account }) => {
          await runner.run(program, account, earn(receipt));
        });
      // The first receipt of each account brings it into memory.
      const first = receipts.slice(0, accounts);
      if (kept) await earnAll(first);
      const work = kept ? receipts.slice(accounts) : first;
      await database.settle();
      return { count: work.length, seconds: await secondsOf(() => earnAll(work)) };
    },
    async (run) => {
      const work = workOf(run).map(({ number, account }) => ({
        account,
        event: earnEvent(number),
        fact: receiptOf(number).fact,
      }));
      await database.settle();
      const seconds = await secondsOf(() =>
        byCallers(callers, work, async ({ account, event, fact }) => {
          const values = [
            fact,
            account,
            event.data,
            JSON.stringify(event.metadata),
            pointsPerReceipt,
          ];
          await pool.query({ ...statement, values });
        }),
      );
      return { count: work.length, seconds };
    },
  );

  await checkOurs(store, (kept ? commands : accounts) * runs, runs * accounts);
  await checkPlain(db, commands * runs);
  return {
    title,
    unit: 'commands',
    ours: `${callers} callers, one earn command each, decided by the ledger and appended: ${ours}`,
    baseline: `${callers} connections, one statement a command: the event, once by its fact, and the balance`,
    skips:
      'deciding anything (lots with their dates, returns, arrears), expected revisions, one order of all events, the canonical JSON (it is given it)',
    aim: 1.5,
    pairs,
    checked: 'folding everything gives each account what was earned, each receipt once',
  };
};

const checkOurs = async (store: EventStore, commands: number, accounts: number): Promise<void> => {
  const folded = [...(await foldAll(store)).values()];
  mustBe('the number of accounts', folded.length, accounts);
  const earned = folded.reduce((sum, { totals }) => sum + totals.earned, 0);
  const facts = folded.reduce((sum, account) => sum + account.facts.size, 0);
  mustBe('what was earned', earned, commands * pointsPerReceipt);
  mustBe('the receipts', facts, commands);
};

const checkPlain = async (db: Database, commands: number): Promise<void> => {
  const { rows } = await db.query<{ events: bigint; points: string }>(
    'select (select count(*) from plain.events) as events, (select sum(points) from plain.balances) as points',
  );
  mustBe("the baseline's events", rows[0]?.events, commands);
  mustBe("the baseline's points", rows[0]?.points, commands * pointsPerReceipt);
};

export const appendConcurrent: Benchmark = {
  name: 'append-concurrent',
  about: 'Earn commands of 16 callers, against one SQL statement each.',
  run: async (context) => {
    const answers: Answer[] = [];
    for (const variant of variants) answers.push(await measure(context, variant));
    return answers;
  },
};

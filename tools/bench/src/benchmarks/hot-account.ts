import { AccountCache, Accounts } from '@tallystick/accounts';
import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';
import type { AccountId } from '@tallystick/kernel';
import { createPool, type Database } from '@tallystick/postgres';
import { beginStreams, foldAll, openingEvents } from '../data/accounts.js';
import { clock, redeemOne } from '../data/commands.js';
import { accountOf, program } from '../data/earn.js';
import { mustBe, type Answer, type Benchmark, type Context } from '../harness/benchmark.js';
import { byCallers, inTurn, secondsOf, type Side } from '../harness/in-turn.js';
import type { BenchDatabase } from '../harness/server.js';

const callers = 16;
/** So many commands of each run find nothing left in the one account. */
const beyondTheLast = 50;
const enough = 1_000_000;

interface Parts {
  readonly context: Context;
  readonly database: BenchDatabase;
  readonly store: EventStore;
  readonly pool: Database;
  readonly commands: number;
}

const redeem = async (
  { database, store, commands }: Parts,
  cache: AccountCache,
  account: (index: number) => AccountId,
  run: string,
): Promise<{ readonly seconds: number; readonly redeemed: number }> => {
  const runner = new Accounts({ store, clock, cache });
  const work = Array.from({ length: commands }, (_, index) => ({
    account: account(index),
    name: `${run}-${index}`,
  }));
  let redeemed = 0;
  await database.settle();
  const seconds = await secondsOf(() =>
    byCallers(callers, work, async ({ account: of, name }) => {
      if (await runner.run(program, of, redeemOne(name))) redeemed += 1;
    }),
  );
  return { seconds, redeemed };
};

/** One account for each run, with fewer points than commands: the last of them must be refused, and only those. */
const oneAccount =
  (parts: Parts, firstAccount: number): Side =>
  async (run) => {
    const { store, commands } = parts;
    const account = accountOf(firstAccount + run);
    const points = commands - beyondTheLast;
    const events = openingEvents(account, { receipt: firstAccount + run, points });
    await beginStreams(store, [{ account, events }]);
    const { seconds, redeemed } = await redeem(
      parts,
      new AccountCache(),
      () => account,
      `one-${firstAccount}-${run}`,
    );
    mustBe('the redemptions of one account', redeemed, points);
    return { count: commands, seconds };
  };

const manyAccounts = async (parts: Parts, accounts: number): Promise<Side> => {
  const { store, commands } = parts;
  const cache = new AccountCache();
  await beginStreams(
    store,
    Array.from({ length: accounts }, (_, number) => ({
      account: accountOf(number),
      events: openingEvents(accountOf(number), { receipt: number, points: enough }),
    })),
  );
  return async (run) => {
    const account = (index: number): AccountId => accountOf(index % accounts);
    const { seconds, redeemed } = await redeem(parts, cache, account, `many-${run}`);
    mustBe('the redemptions of many accounts', redeemed, commands);
    return { count: commands, seconds };
  };
};

const oneRow = async ({ database, pool, commands }: Parts): Promise<Side> => {
  const { db } = database;
  await db.query('create table balances (account text primary key, points bigint not null)');
  const take = {
    name: 'one-row',
    text: 'update balances set points = points - 1 where account = $1 and points >= 1',
  };
  return async (run) => {
    const account = `run-${run}`;
    const points = commands - beyondTheLast;
    await db.query('insert into balances values ($1, $2)', [account, points]);
    const work = Array.from({ length: commands }, () => account);
    let taken = 0;
    await database.settle();
    const seconds = await secondsOf(() =>
      byCallers(callers, work, async (of) => {
        const { rowCount } = await pool.query({ ...take, values: [of] });
        taken += rowCount ?? 0;
      }),
    );
    mustBe('the updates of one row', taken, points);
    return { count: commands, seconds };
  };
};

const measure = async (
  context: Context,
  work: (parts: Parts) => Promise<Answer>,
): Promise<Answer> => {
  const database = await context.server.database();
  const store = createPostgresEventStore({ db: database.url });
  const pool = createPool(database.url, { max: callers, applicationName: 'bench baseline' });
  try {
    const commands = context.quick ? 300 : 12_000;
    const answer = await work({ context, database, store, pool, commands });
    for (const [stream, { totals }] of await foldAll(store)) {
      if (totals.redeemed > totals.earned) throw new Error(`${stream} is overdrawn`);
    }
    return answer;
  } finally {
    await store.close();
    await pool.end();
    await database.drop();
  }
};

/** Numbers of the accounts that are used up, beyond those that are not. */
const firstHot = 1_000_000;
const ours = `${callers} callers redeem 1 point at a time from one account`;
const checked = `exactly as many redemptions as the account had points, ${beyondTheLast} a run refused; no account overdrawn, by folding all events`;

export const hotAccount: Benchmark = {
  name: 'hot-account',
  about: 'One account that everybody spends from, against many accounts, and against one row.',
  run: async (context) => [
    await measure(context, async (parts) => {
      const accounts = context.quick ? 100 : 10_000;
      return {
        title: 'hot-account, against many',
        unit: 'commands',
        ours,
        baseline: `the same from ${accounts.toLocaleString('en-GB')} accounts, in turn`,
        skips: 'nothing: it is the same code',
        aim: 0.7,
        checked,
        pairs: await inTurn(
          context,
          oneAccount(parts, firstHot),
          await manyAccounts(parts, accounts),
        ),
      };
    }),
    await measure(context, async (parts) => ({
      title: 'hot-account, against a row',
      unit: 'commands',
      ours,
      baseline: `${callers} connections update one row, \`points - 1\` where there is one left`,
      skips: 'events, lots, the name of a redemption and so its repetition: it only counts down',
      aim: 2,
      checked,
      pairs: await inTurn(context, oneAccount(parts, firstHot), await oneRow(parts)),
    })),
  ],
};

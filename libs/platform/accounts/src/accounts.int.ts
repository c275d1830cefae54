import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  contentHash,
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
} from '@tallystick/event-store';
import {
  Points,
  accountId,
  addMs,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  streamName,
  systemClock,
} from '@tallystick/kernel';
import {
  decideAdjust,
  decideClose,
  decideHold,
  decideRedeem,
  valuation,
  type LedgerEvent,
} from '@tallystick/ledger';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { AccountCache } from './account-cache.js';
import { Accounts } from './accounts.js';
import { recording, type Command } from './command.js';
import { readAccount } from './read-account.js';

const program = programId('club');
const metadata = {
  program,
  occurredAt: instant('2026-01-01T00:00:00Z'),
  recordedAt: instant('2026-01-01T00:00:00Z'),
  actor: 'service:test',
  correlationId: 'c',
};
const anna = accountId('anna');

type Answer = { kind: 'done'; available: number } | { kind: 'short' | 'known' | 'taken' };

const write = (
  fact: ReturnType<typeof factId>,
  event: LedgerEvent,
  then: Partial<Command<Answer>> = {},
): Command<Answer> => ({
  decide: () => ({
    kind: 'write',
    events: [recording(fact, 1, event, metadata)],
    answer: () => () => ({ kind: 'done', available: 0 }),
  }),
  ...then,
});

const redeemed = (name: string, points: number): Command<Answer> => {
  const fact = factId('redemption', 'club', name);
  const data = { name, points };
  const factHash = contentHash(data);
  return {
    begins: {
      stream: streamName('redemption', 'club', name),
      event: newEvent(fact, 0, { type: 'RedemptionRequested', data }, metadata),
    },
    taken: () => ({ kind: 'taken' }),
    decide: (account, at) => {
      const decision = decideRedeem(
        account,
        { redemption: fact, factHash, points: Points.points(points), kind: 'd', reference: name },
        at,
      );
      switch (decision.kind) {
        case 'redeemed':
          return {
            kind: 'write',
            events: [recording(fact, 1, decision.event, metadata)],
            answer: (after) => {
              const { available } = valuation(after, at);
              return () => ({ kind: 'done', available });
            },
          };
        case 'insufficient':
          return { kind: 'answer', answer: () => ({ kind: 'short' }) };
        case 'known':
          return { kind: 'answer', answer: () => ({ kind: 'known' }) };
        default:
          return { kind: 'answer', answer: () => ({ kind: 'taken' }) };
      }
    },
  };
};

describe('commands on accounts', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;
  /** Calls to `append`, in order: the streams of each. */
  let appends: string[][];

  const process = (weightMax?: number) => {
    const cache = new AccountCache(weightMax === undefined ? {} : { weightMax });
    const counting: EventStore = {
      ...store,
      append: (writes) => {
        appends.push(writes.map(({ stream }) => stream));
        return store.append(writes);
      },
    };
    return { cache, accounts: new Accounts({ store: counting, clock: systemClock, cache }) };
  };
  const award = (accounts: Accounts, name: string, points: number, account = anna) =>
    accounts.run<Answer>(program, account, {
      decide: (state, at) => {
        const fact = factId('adjustment', 'club', name);
        const decision = decideAdjust(
          state,
          {
            ...{ fact, factHash: 'h', reason: 'gift', requestedBy: 'ann', approvedBy: 'bob' },
            change: {
              kind: 'up',
              points: Points.points(points),
              availableAt: at,
              expiresAt: null,
              funder: 'chain',
            },
          },
          at,
        );
        if (decision.kind !== 'adjusted') throw new Error(decision.kind);
        return {
          kind: 'write',
          events: [recording(fact, 0, decision.event, metadata)],
          answer: () => () => ({ kind: 'done', available: 0 }),
        };
      },
    });
  const close = (accounts: Accounts) =>
    accounts.run<Answer>(program, anna, {
      decide: (state, at) => {
        const fact = factId('closing', 'club', '1');
        const decision = decideClose(state, { fact, factHash: 'h', through: at, keepFrom: at }, at);
        if (decision.kind !== 'closed') throw new Error(decision.kind);
        return {
          kind: 'write',
          events: [recording(fact, 0, decision.event, metadata)],
          answer: () => () => ({ kind: 'done', available: 0 }),
        };
      },
    });
  const open = async (accounts: Accounts, account = anna) => {
    await accounts.run(
      program,
      account,
      write(factId('membership', 'club', account), {
        type: 'AccountOpened',
        data: { program, account, member: memberId('m'), unit: 'points' },
      }),
    );
  };

  beforeEach(async () => {
    database = await testDatabase();
    const db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
    store = createPostgresEventStore({ db: database.url });
    appends = [];
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const available = async (account = anna) => {
    const { state } = await readAccount(store, program, account);
    return valuation(state, systemClock()).available;
  };

  it('on one account are decided one after another, and written together', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 300);
    appends = [];
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, n) => accounts.run(program, anna, redeemed(`r${n}`, 1))),
    );
    expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(300);
    expect(answers.filter(({ kind }) => kind === 'short')).toHaveLength(200);
    const told = answers.flatMap((answer) => (answer.kind === 'done' ? [answer.available] : []));
    expect(told).toEqual(Array.from({ length: 300 }, (_, n) => 299 - n));
    expect(appends.length).toBeLessThan(5);
    expect(await available()).toBe(0);
  });

  it('are decided as if every hold whose time is over were posted, and post it with what they write', async () => {
    let now = systemClock();
    const clock = () => now;
    const cache = new AccountCache();
    const accounts = new Accounts({ store, clock, cache });
    await open(accounts);
    await award(accounts, 'a', 10);
    const hold = factId('hold', 'club', '1');
    const lapsesAt = addMs(now, 60_000);
    await accounts.run<Answer>(program, anna, {
      decide: (state, at) => {
        const what = { points: Points.points(7), kind: 'd', reference: 'r', lapsesAt };
        const decision = decideHold(state, { hold, factHash: 'h', ...what }, at);
        if (decision.kind !== 'held') throw new Error(decision.kind);
        return write(hold, decision.event).decide(state, at);
      },
    });
    expect(await accounts.run(program, anna, redeemed('early', 10))).toEqual({ kind: 'short' });
    now = lapsesAt;
    const left = (asked: Accounts) => asked.look(program, anna, (of) => valuation(of, now));
    expect(await left(accounts)).toMatchObject({ available: 10, held: 0 });
    // Who is refused writes nothing, and spoils nothing that is kept in memory.
    expect(await accounts.run(program, anna, redeemed('much', 11))).toEqual({ kind: 'short' });
    const statusOf = async () => {
      const { state } = await readAccount(store, program, anna);
      return state.holds.get(hold)?.status;
    };
    expect(await statusOf()).toBe('open');
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) => accounts.run(program, anna, redeemed(name, 5))),
    );
    expect(answers).toEqual([
      { kind: 'done', available: 5 },
      { kind: 'done', available: 0 },
      { kind: 'short' },
    ]);
    expect(await statusOf()).toBe('lapsed');
    const stored = (await store.readStreams([ledgerStream(program, anna)])).get(
      ledgerStream(program, anna),
    );
    expect(
      stored?.slice(-3).map(({ type, metadata: { occurredAt } }) => [type, occurredAt]),
    ).toEqual([
      ['HoldReleased', lapsesAt],
      ['PointsRedeemed', metadata.occurredAt],
      ['PointsRedeemed', metadata.occurredAt],
    ]);
    const again = new Accounts({ store, clock, cache: new AccountCache() });
    for (const asked of [accounts, again])
      expect(await left(asked)).toMatchObject({ available: 0, held: 0, unspent: 0 });
  });

  it('by several processes never overdraw, and all are answered', async () => {
    const processes = [process(), process(), process()].map(({ accounts }) => accounts);
    const [first] = processes;
    if (first === undefined) throw new Error('no process');
    await open(first);
    await award(first, 'a', 150);
    const answers = await Promise.all(
      processes.flatMap((accounts, p) =>
        Array.from({ length: 100 }, (_, n) =>
          accounts.run(program, anna, redeemed(`p${p}-${n}`, 1)),
        ),
      ),
    );
    expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(150);
    expect(answers.filter(({ kind }) => kind === 'short')).toHaveLength(150);
    expect(await available()).toBe(0);
  });

  it('are refused only on what the store has now, not on what was kept', async () => {
    const [one, other] = [process().accounts, process().accounts];
    await open(one);
    expect(await one.run(program, anna, redeemed('early', 5))).toEqual({ kind: 'short' });
    await award(other, 'a', 5);
    expect(await one.look(program, anna, (account) => account.totals.adjustedUp)).toBe(5);
    await award(other, 'b', 5);
    expect(await one.run(program, anna, redeemed('late', 10))).toMatchObject({ kind: 'done' });
  });

  it('do not read again what was written here', async () => {
    await open(process().accounts);
    await award(process().accounts, 'a', 5);
    const reads: string[] = [];
    const watched: EventStore = {
      ...store,
      readStream: (stream, options) => {
        reads.push(stream);
        return store.readStream(stream, options);
      },
    };
    const cache = new AccountCache();
    const accounts = new Accounts({ store: watched, clock: systemClock, cache });
    const left = [];
    for (const name of ['one', 'two', 'three'])
      left.push(await accounts.run(program, anna, redeemed(name, 1)));
    expect(left).toEqual([4, 3, 2].map((points) => ({ kind: 'done', available: points })));
    expect(reads).toEqual([ledgerStream(program, anna)]);
  });

  it('that come twice at the same moment are done once', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 9);
    const answers = await Promise.all([
      accounts.run(program, anna, redeemed('same', 4)),
      accounts.run(program, anna, redeemed('same', 4)),
      accounts.run(program, anna, redeemed('other', 1)),
    ]);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['done', 'done', 'known']);
    expect(await available()).toBe(4);
  });

  it('whose stream was begun with another content are told so, beside others that go through', async () => {
    const [one, other] = [process().accounts, process().accounts];
    await open(one);
    await award(one, 'a', 9);
    await one.run(program, anna, redeemed('key', 1));
    const { begins } = redeemed('key', 2);
    const changed = { ...redeemed('key2', 2), ...(begins === undefined ? {} : { begins }) };
    const answers = await Promise.all([
      other.run(program, anna, redeemed('x', 1)),
      other.run(program, anna, changed),
      other.run(program, anna, redeemed('y', 1)),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual(['done', 'taken', 'done']);
    expect(await available()).toBe(6);
  });

  it('that are older than what the account remembers are asked for at their own stream', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 9);
    await accounts.run(program, anna, redeemed('old', 2));
    await close(accounts);
    for (const asked of [accounts, process().accounts])
      expect(await asked.run(program, anna, redeemed('old', 2))).toEqual({ kind: 'taken' });
    expect(await accounts.run(program, anna, redeemed('new', 2))).toMatchObject({ kind: 'done' });
    expect(await available()).toBe(5);
  });

  it('begin at the newest closed period, if somebody knows where it is', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 9);
    await close(accounts);
    await award(accounts, 'b', 1);
    const begun: number[] = [];
    const watched: EventStore = {
      ...store,
      readStream: (stream, options) => {
        begun.push(options?.from ?? 0);
        return store.readStream(stream, options);
      },
    };
    for (const hint of [2, 1, 99]) {
      begun.length = 0;
      const hinted = new Accounts({
        store: watched,
        clock: systemClock,
        cache: new AccountCache(),
        closedAt: () => Promise.resolve(hint),
      });
      const seen = await hinted.look(program, anna, (a) => valuation(a, systemClock()).available);
      expect(seen).toBe(10);
      expect(begun.at(-1)).toBe(hint === 2 ? 2 : 0);
    }
  });

  it('stay right, and within their bound, when far more accounts are used than are kept', async () => {
    const { accounts, cache } = process(60);
    const names = Array.from({ length: 40 }, (_, n) => accountId(`a${n}`));
    await Promise.all(names.map((name) => open(accounts, name)));
    for (let turn = 0; turn < 3; turn += 1) {
      await Promise.all(names.map((name) => award(accounts, `${name}-${turn}`, 2, name)));
      await Promise.all(
        names.map((name) => accounts.run(program, name, redeemed(`${name}-${turn}`, 1))),
      );
    }
    expect(cache.weight).toBeLessThanOrEqual(60);
    expect(cache.weight).toBeGreaterThan(0);
    expect(await Promise.all(names.map(available))).toEqual(names.map(() => 3));
  });

  it('that fail fail alone', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 9);
    const outcomes = await Promise.allSettled([
      accounts.run(program, anna, redeemed('one', 1)),
      accounts.run(program, anna, {
        decide: () => {
          throw new Error('a bug');
        },
      }),
      // An event that the account cannot have.
      accounts.run(
        program,
        anna,
        write(factId('x', 'y'), {
          type: 'PointsExpired',
          data: {
            fact: factId('x', 'y'),
            occurredAt: metadata.occurredAt,
            through: metadata.occurredAt,
            points: Points.points(1),
            allocations: [{ lot: 'none', points: Points.points(1) }],
          },
        }),
      ),
      accounts.run(program, anna, redeemed('two', 1)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(await available()).toBe(7);
    const { state } = await readAccount(store, program, anna);
    expect(await accounts.look(program, anna, ({ totals }) => totals)).toEqual(state.totals);
  });

  it('are tried again by their callers when the store was away, and nothing is kept of what is in doubt', async () => {
    const { accounts } = process();
    await open(accounts);
    await award(accounts, 'a', 9);
    let away = true;
    const flaky = new Accounts({
      store: {
        ...store,
        append: async (writes) => {
          const result = await store.append(writes);
          if (away) throw new Error('the answer was lost');
          return result;
        },
      },
      clock: systemClock,
      cache: new AccountCache(),
    });
    await expect(flaky.run(program, anna, redeemed('one', 1))).rejects.toThrow('lost');
    away = false;
    expect(await flaky.run(program, anna, redeemed('one', 1))).toEqual({ kind: 'known' });
    expect(await available()).toBe(8);
    const recorded = await store.readStreams([ledgerStream(program, anna)]);
    expect([...recorded.values()].flat()).toHaveLength(3);
  });
});

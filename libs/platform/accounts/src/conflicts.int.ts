import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
} from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  streamName,
  type AccountId,
  type StreamName,
} from '@tallystick/kernel';
import { decideAdjust, decideClose, valuation } from '@tallystick/ledger';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { AccountCache } from './account-cache.js';
import { Accounts } from './accounts.js';
import { recording, type Command } from './command.js';

const program = programId('club');
const at = instant('2026-01-01T00:00:00Z');
const metadata = { program, occurredAt: at, recordedAt: at, actor: 'a', correlationId: 'c' };

type Answer = 'done' | 'short' | 'known' | 'taken';

/** Gives or takes points. */
const adjusting = (name: string, points: number): Command<Answer> => ({
  decide: (state) => {
    const fact = factId('adjustment', name);
    const people = { reason: 'r', requestedBy: 'ann', approvedBy: 'bob' };
    const many = Points.points(Math.abs(points));
    const change =
      points < 0
        ? { kind: 'down' as const, points: many }
        : {
            ...{ kind: 'up' as const, points: many, funder: 'chain' },
            ...{ availableAt: at, expiresAt: null },
          };
    const decision = decideAdjust(state, { fact, factHash: 'h', ...people, change }, at);
    switch (decision.kind) {
      case 'adjusted':
        return {
          kind: 'write',
          events: [recording(fact, 0, decision.event, metadata)],
          answer: () => () => 'done',
        };
      case 'insufficient':
        return { kind: 'answer', answer: () => 'short' };
      case 'known':
        return { kind: 'answer', answer: () => 'known' };
      default:
        throw new Error(decision.kind);
    }
  },
});

const begins = (stream: StreamName, name: string) => ({
  stream,
  event: newEvent(factId('asked', name), 0, { type: 'Asked', data: { name } }, metadata),
});

describe('commands that another writer was quicker than', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;
  let account: AccountId;
  let count = 0;
  /** What others do before an append: the first before the first, and so on. */
  let others: (() => Promise<unknown>)[];
  /** Where each reading of the account's stream began. */
  let reads: number[];
  /** Streams that were asked for together. */
  let asked: (readonly StreamName[])[];
  /** How many events each append had, for all its streams. */
  let appends: number[];
  let accounts: Accounts;
  let other: Accounts;

  const named = (name: string) => `${account}-${name}`;
  const streamOf = (name: string) => streamName('asked', named(name));
  const adjust = (name: string, points: number, on = accounts) =>
    on.run(program, account, adjusting(named(name), points));
  const beginning = (stream: StreamName, name: string): Command<Answer> => ({
    ...adjusting(named(name), 1),
    begins: begins(stream, named(name)),
    taken: () => 'taken',
  });
  const available = () => other.look(program, account, (state) => valuation(state, at).available);
  const close = () =>
    other.run(program, account, {
      decide: (state) => {
        const fact = factId('closing', account);
        const period = { fact, factHash: 'h', through: at, keepFrom: at };
        const decision = decideClose(state, period, at);
        if (decision.kind !== 'closed') throw new Error(decision.kind);
        return {
          kind: 'write',
          events: [recording(fact, 0, decision.event, metadata)],
          answer: () => () => undefined,
        };
      },
    });

  beforeAll(async () => {
    database = await testDatabase();
    const db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
    store = createPostgresEventStore({ db: database.url });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  beforeEach(async () => {
    account = accountId(`a${(count += 1)}`);
    const watched: EventStore = {
      ...store,
      append: async (writes) => {
        await others.shift()?.();
        appends.push(writes.flatMap(({ events }) => events).length);
        return store.append(writes);
      },
      readStream: (stream, options) => {
        if (stream === ledgerStream(program, account)) reads.push(options?.from ?? 0);
        return store.readStream(stream, options);
      },
      readStreams: (streams, options) => {
        asked.push(streams);
        return store.readStreams(streams, options);
      },
    };
    const parts = { clock: () => at };
    accounts = new Accounts({ ...parts, store: watched, cache: new AccountCache() });
    other = new Accounts({ ...parts, store, cache: new AccountCache() });
    others = [];
    reads = [];
    asked = [];
    appends = [];
    const fact = factId('membership', account);
    const data = { program, account, member: memberId('m'), unit: 'points' };
    await other.run(program, account, {
      decide: () => ({
        kind: 'write',
        events: [recording(fact, 1, { type: 'AccountOpened', data }, metadata)],
        answer: () => () => undefined,
      }),
    });
    await adjust('first', 5, other);
    // From here on the account is kept, as it is now.
    await accounts.look(program, account, () => undefined);
    reads = [];
  });

  it('read the account anew at the first time, and then what is new alone', async () => {
    others = ['b', 'c', 'd'].map((name) => () => adjust(name, 5, other));
    expect(await adjust('a', -20)).toBe('short');
    expect(reads).toEqual([2]);
    others = ['b', 'c', 'd'].map((name) => () => adjust(name, 5, other));
    expect(await adjust('a', -5)).toBe('done');
    expect(reads).toEqual([2, 0, 3, 4]);
    expect(await available()).toBe(15);
    expect(await adjust('e', -15)).toBe('done');
    expect(reads).toEqual([2, 0, 3, 4]);
  });

  it('are refused on what the other has left, which is read once', async () => {
    others = [() => adjust('other', -3, other)];
    expect(await adjust('mine', -5)).toBe('short');
    expect(reads).toEqual([0]);
    expect(await available()).toBe(2);
  });

  it('give up with an error, each for itself, when the others never end', async () => {
    let tried = 0;
    const busy = new Accounts({
      store: {
        ...store,
        append: ([write]) => {
          tried += 1;
          if (write === undefined) throw new Error('nothing to append');
          return Promise.resolve({ kind: 'conflict', stream: write.stream, actual: 1 });
        },
      },
      clock: () => at,
      cache: new AccountCache(),
    });
    await expect(adjust('mine', 5, busy)).rejects.toThrow(
      `account stream ${ledgerStream(program, account)} was written by others 200 times in a row`,
    );
    expect(tried).toBe(200);
    expect(await available()).toBe(5);
  });

  it('go on without the one whose stream was taken', async () => {
    const stream = streamOf('key');
    await other.run(program, account, beginning(stream, 'theirs'));
    await accounts.look(program, account, () => undefined);
    const answers = await Promise.all([
      adjust('a', 1),
      accounts.run(program, account, beginning(stream, 'mine')),
      adjust('b', 1),
    ]);
    expect(answers).toEqual(['done', 'taken', 'done']);
    // All three with the stream that one of them begins, and then two.
    expect(appends).toEqual([4, 2]);
    expect(await available()).toBe(8);
  });

  it('and that begin a stream without saying what then get an error', async () => {
    const stream = streamOf('key');
    await other.run(program, account, beginning(stream, 'theirs'));
    const mine = { ...adjusting(named('mine'), 1), begins: begins(stream, named('mine')) };
    await expect(accounts.run(program, account, mine)).rejects.toThrow(
      'a command that begins a stream says what to do when it is taken',
    );
  });

  it('are asked for at their own streams once, on an account that does not remember all', async () => {
    await other.run(program, account, beginning(streamOf('old'), 'old'));
    await close();
    await accounts.look(program, account, () => undefined);
    expect(asked).toEqual([]);
    others = [() => adjust('other', 1, other)];
    let told = 0;
    const old = beginning(streamOf('old'), 'old');
    const answers = await Promise.all([
      accounts.run(program, account, {
        ...old,
        taken: () => {
          told += 1;
          return 'taken';
        },
      }),
      adjust('plain', 1),
      accounts.run(program, account, beginning(streamOf('new'), 'new')),
    ]);
    expect(answers).toEqual(['taken', 'done', 'done']);
    expect(told).toBe(1);
    expect(asked).toEqual([[streamOf('old'), streamOf('new')]]);
    // Each time with the stream that one of them begins.
    expect(appends).toEqual([3, 3]);
    expect(await available()).toBe(9);
  });

  it('are not decided again when one is at fault and the others have their answers', async () => {
    await other.run(program, account, beginning(streamOf('old'), 'old'));
    await close();
    await accounts.look(program, account, () => undefined);
    let decided = 0;
    const outcomes = await Promise.allSettled([
      accounts.run(program, account, beginning(streamOf('old'), 'old')),
      accounts.run(program, account, {
        decide: () => {
          decided += 1;
          throw new Error('a bug');
        },
      }),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: 'taken' },
      { status: 'rejected', reason: { message: 'a bug' } },
    ]);
    expect(decided).toBe(1);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
  type RecordedEvent,
} from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  systemClock,
  type AccountId,
  type FactId,
} from '@tallystick/kernel';
import {
  decideAdjust,
  decideMergeOut,
  valuation,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { AccountCache } from './account-cache.js';
import { Accounts } from './accounts.js';
import { recording } from './command.js';
import { leftOf, successorOf } from './successor.js';

/** Each test has its own. */
let program = programId('club');
let tests = 0;
const anna = accountId('anna');
const bert = accountId('bert');
const carl = accountId('carl');
const at = instant('2026-01-01T00:00:00Z');
const metadata = { program, occurredAt: at, recordedAt: at, actor: 'a', correlationId: 'c' };

describe('the account that answers for a merged one', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;
  let accounts: Accounts;

  const post = (account: AccountId, fact: FactId, decide: (account: Account) => LedgerEvent) =>
    accounts.run(program, account, {
      decide: (state) => ({
        kind: 'write',
        events: [recording(fact, 1, decide(state), metadata)],
        answer: () => () => undefined,
      }),
    });

  const openWith = async (account: AccountId, points: number) => {
    await post(account, factId('membership', program, account), () => ({
      type: 'AccountOpened',
      data: { program, account, member: memberId(account), unit: 'points' },
    }));
    const fact = factId('adjustment', program, account);
    await post(account, fact, (state) => {
      const decision = decideAdjust(
        state,
        {
          ...{ fact, factHash: 'h', reason: 'gift', requestedBy: 'ann', approvedBy: 'bob' },
          change: {
            ...{ kind: 'up', points: Points.points(points), funder: 'chain' },
            ...{ availableAt: at, expiresAt: null },
          },
        },
        at,
      );
      if (decision.kind !== 'adjusted') throw new Error(decision.kind);
      return decision.event;
    });
  };
  const leave = (from: AccountId, target: AccountId) => {
    const fact = factId('merge', program, from);
    return post(from, fact, (state) => {
      const command = { fact, factHash: 'h', target, reason: 'one household', keepFrom: at };
      const decision = decideMergeOut(state, command, at);
      if (decision.kind !== 'left') throw new Error(decision.kind);
      return decision.event;
    });
  };
  /** The store; what somebody does just before an account's stream is read. */
  const beforeReading = (account: AccountId, act: () => Promise<unknown>): EventStore => ({
    ...store,
    readStream: async function* (stream, options) {
      if (stream === ledgerStream(program, account)) await act();
      yield* store.readStream(stream, options);
    },
  });
  const available = (account: AccountId) =>
    accounts.look(program, account, (state) => valuation(state, systemClock()).available);
  const events = async (): Promise<number> => {
    let count = 0;
    for (const account of [anna, bert, carl])
      for await (const { type } of store.readStream(ledgerStream(program, account)))
        if (type === 'AccountsMerged') count += 1;
    return count;
  };

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
    program = programId(`club${(tests += 1)}`);
    accounts = new Accounts({ store, clock: systemClock, cache: new AccountCache() });
    await openWith(anna, 1);
    await openWith(bert, 20);
    await openWith(carl, 300);
  });

  it('is itself while it was not merged', async () => {
    expect(await successorOf({ store, accounts }, program, anna)).toBe(anna);
  });

  it('has all that was on its way to it, once, however many ask', async () => {
    await leave(anna, bert);
    expect(await available(bert)).toBe(20);
    const other = new Accounts({ store, clock: systemClock, cache: new AccountCache() });
    const asked = [accounts, other, accounts, other].map((which) =>
      successorOf({ store, accounts: which }, program, anna),
    );
    expect(await Promise.all(asked)).toEqual([bert, bert, bert, bert]);
    expect(await available(bert)).toBe(21);
    expect(await events()).toBe(2);
  });

  it('is the last of several, also when one of them merged on before it had taken over', async () => {
    await leave(anna, bert);
    await leave(bert, carl);
    expect(await successorOf({ store, accounts }, program, anna)).toBe(carl);
    expect(await available(carl)).toBe(321);
    expect(await successorOf({ store, accounts }, program, bert)).toBe(carl);
    expect(await events()).toBe(4);
  });

  it('takes over what the one between had taken over already', async () => {
    await leave(anna, bert);
    expect(await successorOf({ store, accounts }, program, anna)).toBe(bert);
    await leave(bert, carl);
    expect(await leftOf(store, program, carl)).toBeNull();
    expect((await leftOf(store, program, bert))?.data).toMatchObject({
      ...{ side: 'source', source: bert, target: carl, unspent: 21 },
    });
    expect(await successorOf({ store, accounts }, program, bert)).toBe(carl);
    expect(await successorOf({ store, accounts }, program, anna)).toBe(carl);
    expect(await available(carl)).toBe(321);
    expect(await events()).toBe(4);
  });

  it('has it written as caused by the leaving, for the moment at which it took over', async () => {
    const now = instant('2026-02-01T00:00:00Z');
    await leave(anna, bert);
    const later = new Accounts({ store, clock: () => now, cache: new AccountCache() });
    await successorOf({ store, accounts: later }, program, anna);
    const left = await leftOf(store, program, anna);
    const taken: RecordedEvent[] = [];
    for await (const event of store.readStream(ledgerStream(program, bert), { from: 2 }))
      taken.push(event);
    expect(taken.map((event) => event.metadata)).toEqual([
      { ...metadata, occurredAt: now, recordedAt: now, causationId: left?.recorded.id },
    ]);
  });

  it('is looked for again when it becomes part of another one meanwhile', async () => {
    await leave(anna, bert);
    let left = false;
    const watched = beforeReading(anna, async () => {
      if (left) return;
      left = true;
      await leave(bert, carl);
    });
    expect(await successorOf({ store: watched, accounts }, program, anna)).toBe(carl);
    expect(await available(carl)).toBe(321);
    expect(await events()).toBe(4);
  });

  it('takes over once, and is asked no more, when another one finishes it meanwhile', async () => {
    await leave(anna, bert);
    const looks = jest.spyOn(accounts, 'look');
    const other = new Accounts({ store, clock: systemClock, cache: new AccountCache() });
    const watched = beforeReading(anna, () =>
      successorOf({ store, accounts: other }, program, anna),
    );
    expect(await successorOf({ store: watched, accounts }, program, anna)).toBe(bert);
    // At the one that left, at the other, and whether that has taken over.
    expect(looks).toHaveBeenCalledTimes(3);
    expect(await available(bert)).toBe(21);
    expect(await events()).toBe(2);
  });

  it('answers without another look at the one that left when it has all of it', async () => {
    await leave(anna, bert);
    const looks = jest.spyOn(accounts, 'look');
    let reads = 0;
    const watched = beforeReading(anna, () => Promise.resolve((reads += 1)));
    for (const times of [1, 2]) {
      expect(await successorOf({ store: watched, accounts }, program, anna)).toBe(bert);
      expect(looks).toHaveBeenCalledTimes(3 * times);
    }
    expect(reads).toBe(1);
  });

  it('is nobody when the stream does not say how the account left, or the other cannot have it', async () => {
    const nobody = accountId('nobody');
    await leave(anna, nobody);
    await expect(successorOf({ store, accounts }, program, anna)).rejects.toThrow(
      'account nobody cannot take over anna: unopened',
    );
    await leave(bert, carl);
    const forgetful: EventStore = { ...store, readStream: async function* () {} };
    await expect(successorOf({ store: forgetful, accounts }, program, bert)).rejects.toThrow(
      'account bert was merged, and its stream does not say so',
    );
  });
});

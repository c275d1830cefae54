import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import {
  Points,
  accountId,
  factId,
  instant,
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
import { successorOf } from './successor.js';

const program = programId('club');
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
    await post(account, factId('membership', account), () => ({
      type: 'AccountOpened',
      data: { program, account, member: memberId(account), unit: 'points' },
    }));
    const fact = factId('adjustment', account);
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
    const fact = factId('merge', from);
    return post(from, fact, (state) => {
      const command = { fact, factHash: 'h', target, reason: 'one household', keepFrom: at };
      const decision = decideMergeOut(state, command, at);
      if (decision.kind !== 'left') throw new Error(decision.kind);
      return decision.event;
    });
  };
  const available = (account: AccountId) =>
    accounts.look(program, account, (state) => valuation(state, systemClock()).available);
  const events = async (): Promise<number> => {
    let count = 0;
    for await (const { type } of store.readAll()) if (type === 'AccountsMerged') count += 1;
    return count;
  };

  beforeEach(async () => {
    database = await testDatabase();
    const db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
    store = createPostgresEventStore({ db: database.url });
    accounts = new Accounts({ store, clock: systemClock, cache: new AccountCache() });
    await openWith(anna, 1);
    await openWith(bert, 20);
    await openWith(carl, 300);
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
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
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
  type NewEvent,
} from '@tallystick/event-store';
import {
  accountId,
  factId,
  instant,
  ledgerStream,
  memberId,
  Points,
  programId,
  streamName,
  type AccountId,
} from '@tallystick/kernel';
import { decideAdjust, emptyAccount, evolve, type LedgerEvent } from '@tallystick/ledger';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { foldEveryAccount } from './fold-every-account.js';
import { readAccount } from './read-account.js';

const program = programId('club');
const at = instant('2026-01-01T00:00:00Z');
const metadata = {
  ...{ program, occurredAt: at, recordedAt: at, actor: 'service:test', correlationId: 'c' },
};

describe('folding every account', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;

  beforeEach(async () => {
    database = await testDatabase();
    const db = createPool(database.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    await db.end();
    store = createPostgresEventStore({ db: database.url });
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  /** An account's events: opened, and adjusted `count` times. */
  const history = (account: AccountId, count: number): NewEvent[] => {
    const opened: LedgerEvent = {
      type: 'AccountOpened',
      data: { program, account, member: memberId('m'), unit: 'points' },
    };
    const state = evolve(emptyAccount(), opened);
    const events = [newEvent(factId('membership', account), 0, opened, metadata)];
    for (let n = 1; n <= count; n += 1) {
      const fact = factId('adjustment', account, `${n}`);
      const change = {
        kind: 'up' as const,
        ...{ points: Points.points(n), availableAt: at, expiresAt: null, funder: 'chain' },
      };
      const people = { requestedBy: 'ann', approvedBy: 'bob' };
      const reason = 'ü 漢字 "\t\n"';
      const decision = decideAdjust(state, { fact, factHash: 'h', reason, ...people, change }, at);
      if (decision.kind !== 'adjusted') throw new Error(decision.kind);
      evolve(state, decision.event);
      events.push(newEvent(fact, 0, decision.event, metadata));
    }
    return events;
  };

  it('shows each account once, as reading its stream does, with many blocks and other streams between', async () => {
    const accounts = Array.from({ length: 30 }, (_, n) => accountId(`a${n}-é`));
    for (const account of accounts) {
      await store.append([
        {
          stream: ledgerStream(program, account),
          expected: 'noStream',
          events: history(account, 40),
        },
        {
          stream: streamName('receipt', account),
          expected: 'noStream',
          events: [newEvent(factId('x', account), 0, { type: 'Other', data: {} }, metadata)],
        },
      ]);
    }
    const seen = new Map<string, unknown>();
    const done = await foldEveryAccount(store, (stream, state, revision) => {
      expect(seen.has(stream)).toBe(false);
      seen.set(stream, { state, revision });
    });
    expect(done).toEqual({ events: 30 * 41, accounts: 30 });
    for (const account of accounts) {
      const { state, revision } = await readAccount(store, program, account);
      expect(seen.get(ledgerStream(program, account))).toEqual({ state, revision });
    }
  });

  it('says which stream has a gap', async () => {
    const broken: Pick<EventStore, 'readAll'> = {
      readAll: async function* () {
        const account = accountId('a');
        for (const event of history(account, 1).slice(1))
          yield { ...event, stream: ledgerStream(program, account), revision: 1, position: 1n };
      },
    };
    await expect(foldEveryAccount(broken, () => undefined)).rejects.toThrow(
      'ledger-club-a goes from revision -1 to 1',
    );
  });
});

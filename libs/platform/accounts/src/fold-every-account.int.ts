import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type BareEvent,
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

/** An account's events: opened, and adjusted `count` times. */
const history = (account: AccountId, count: number, reason = 'ü 漢字 "\t\n"'): NewEvent[] => {
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
    const decision = decideAdjust(state, { fact, factHash: 'h', reason, ...people, change }, at);
    if (decision.kind !== 'adjusted') throw new Error(decision.kind);
    evolve(state, decision.event);
    events.push(newEvent(fact, 0, decision.event, metadata));
  }
  return events;
};

/** A store that has some events, and shows a few of them at a time; `meanwhile` is called when all of it was read. */
const showing = (
  events: () => Iterable<BareEvent>,
  meanwhile = () => Promise.resolve(),
): Pick<EventStore, 'readAllBare'> => ({
  readAllBare: async function* () {
    let page: BareEvent[] = [];
    for (const event of events()) {
      page.push(event);
      if (page.length < 7) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
    await meanwhile();
  },
});

/** Each account's events from a revision on. */
function* eventsOf(
  accounts: readonly AccountId[],
  {
    from = 0,
    count = 0,
    reason,
  }: { readonly from?: number; readonly count?: number; readonly reason?: string } = {},
): Generator<BareEvent> {
  for (const account of accounts) {
    const stream = ledgerStream(program, account);
    for (const [revision, event] of history(account, count, reason).entries())
      if (revision >= from) yield { ...event, stream, revision, position: 1n };
  }
}

const having = (...of: Parameters<typeof eventsOf>): Pick<EventStore, 'readAllBare'> =>
  showing(() => eventsOf(...of));

describe('folding every account', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;

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
});

describe('folding a part of what there is', () => {
  const [a, b] = [accountId('a'), accountId('b')];
  /** Positions as a store gives them: each event has one of its own. */
  const numbered = showing(function* () {
    let position = 0n;
    for (const event of eventsOf([a, b], { count: 3 }))
      yield { ...event, position: (position += 10n) };
  });

  it('stops at a position, that event included', async () => {
    const seen: [string, number][] = [];
    const fold = (through: bigint) =>
      foldEveryAccount(numbered, (stream, _, revision) => seen.push([stream, revision]), {
        through,
      });
    expect(await fold(50n)).toEqual({ events: 5, accounts: 2 });
    expect(seen.toSorted()).toEqual([
      ['ledger-club-a', 3],
      ['ledger-club-b', 0],
    ]);
    expect(await fold(49n)).toEqual({ events: 4, accounts: 1 });
    expect(await fold(0n)).toEqual({ events: 0, accounts: 0 });
  });

  it('leaves out the accounts that are not asked for, and tells each event before its account', async () => {
    const told: string[] = [];
    await foldEveryAccount(numbered, (stream) => told.push(`${stream} whole`), {
      only: (stream) => stream === 'ledger-club-b',
      watch: (stream, { type }) => told.push(`${stream} ${type}`),
    });
    expect(told).toEqual([
      'ledger-club-b AccountOpened',
      ...Array.from({ length: 3 }, () => 'ledger-club-b PointsAdjusted'),
      'ledger-club-b whole',
    ]);
  });
});

describe('folding what a reader hands over', () => {
  const gap = 'ledger-club-a goes from revision -1 to 1';

  it('says which stream has a gap', async () => {
    const broken = having([accountId('a')], { from: 1, count: 1 });
    await expect(foldEveryAccount(broken, () => undefined)).rejects.toThrow(gap);
  });

  it('has one part of the accounts after another in memory, and each once', async () => {
    const accounts = Array.from({ length: 100 }, (_, n) => accountId(`a${n}`));
    const streams: string[] = accounts.map((account) => ledgerStream(program, account));
    const seen: string[] = [];
    const done = await foldEveryAccount(having(accounts), (stream) => seen.push(stream));
    expect(done).toEqual({ events: 100, accounts: 100 });
    // Of one part they would come in the order in which they were read.
    expect(seen).not.toEqual(streams);
    expect(seen.toSorted()).toEqual(streams.toSorted());
  });

  it('folds an account whose events need many blocks, and one event that is larger than a block', async () => {
    const account = accountId('a');
    const large: NewEvent[] = [];
    for (const [n, size] of [1, 50_000, 1, 300_000].entries()) {
      const data = { program, account, member: memberId('m'), unit: 'x'.repeat(size) };
      const event = { type: 'AccountOpened', data };
      large.push(newEvent(factId('membership', `${n}`), 0, event, metadata));
    }
    const mixed = showing(function* () {
      for (const [n, event] of large.entries()) {
        const stream = ledgerStream(program, accountId(`large${n}`));
        yield { ...event, stream, revision: 0, position: 1n };
      }
      yield* eventsOf([account], { count: 400 });
    });
    const seen = new Map<string, unknown>();
    const done = await foldEveryAccount(mixed, (stream, { opened, totals }, revision) =>
      seen.set(stream, [opened?.unit.length, totals.adjustedUp, revision]),
    );
    expect(done).toEqual({ events: 405, accounts: 5 });
    expect(Object.fromEntries(seen)).toEqual({
      'ledger-club-large0': [1, 0, 0],
      'ledger-club-large1': [50_000, 0, 0],
      'ledger-club-large2': [1, 0, 0],
      'ledger-club-large3': [300_000, 0, 0],
      'ledger-club-a': [6, (400 * 401) / 2, 400],
    });
  });

  it('folds a part that is more than it keeps in memory piece by piece, and shows each account when it is whole', async () => {
    // 36 MB of one account, the others' events before, between and behind.
    const fills = 120;
    const large = eventsOf([accountId('large')], { count: fills, reason: 'x'.repeat(300_000) });
    const others = Array.from({ length: 1_500 }, (_, n) => accountId(`other${n}`));
    const whole = others.map((account) => [...eventsOf([account], { count: 2 })]);
    const store = showing(function* () {
      yield* whole.flatMap(([first]) => first ?? []);
      for (const event of large) {
        if (event.revision === fills / 2) yield* whole.flatMap(([, second]) => second ?? []);
        yield event;
      }
      // Of most nothing comes any more: they are whole in what was folded before the rest.
      yield* whole.slice(0, 300).flatMap(([, , third]) => third ?? []);
    });
    const seen = new Map<string, unknown>();
    const done = await foldEveryAccount(store, (name, { totals }, revision) => {
      expect(seen.has(name)).toBe(false);
      seen.set(name, [totals.adjustedUp, revision]);
    });
    expect(done).toEqual({ events: 1_500 * 2 + 300 + 1 + fills, accounts: 1_501 });
    expect(seen.get('ledger-club-large')).toEqual([(fills * (fills + 1)) / 2, fills]);
    const expected = others.map((_, n) => (n < 300 ? [3, 2] : [1, 1]));
    expect(others.map((account) => seen.get(ledgerStream(program, account)))).toEqual(expected);
  });

  it.each([
    ['when it is done', 0],
    ['when it fails', 1],
  ])('leaves nothing in the temporary folder %s', async (_, from) => {
    const asides = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('tallystick-aside-'));
    const before = await asides();
    let during = before;
    const watched = showing(
      () => eventsOf([accountId('a')], { from, count: 1 }),
      async () => {
        during = await asides();
      },
    );
    const folded = foldEveryAccount(watched, () => undefined);
    await (from === 0 ? folded : expect(folded).rejects.toThrow(gap));
    // Others on this machine may be folding too: of those that came meanwhile, one is this one's.
    const after = await asides();
    const gone = during.filter((name) => !before.includes(name) && !after.includes(name));
    expect(gone).not.toEqual([]);
  });
});

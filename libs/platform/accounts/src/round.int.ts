import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventStore,
  type RecordedEvent,
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
  type AccountId,
  type FactId,
  type Instant,
  type StreamName,
} from '@tallystick/kernel';
import {
  decideAdjust,
  decideHold,
  decideLapses,
  evolve,
  type Account,
  type LedgerEvent,
  type PointsAdjusted,
} from '@tallystick/ledger';
import { createPool, migrate } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { AccountCache } from './account-cache.js';
import { Accounts } from './accounts.js';
import { lapseRecording, recording, type Command } from './command.js';

const program = programId('club');
const start = instant('2026-01-01T00:00:00Z');
const metadata = {
  ...{ program, occurredAt: start, recordedAt: start, actor: 'a', correlationId: 'c' },
};

/** Points for nothing, on the account as it is. */
const gift = (state: Account, name: string, reason = 'gift'): PointsAdjusted => {
  const decision = decideAdjust(
    state,
    {
      ...{ fact: factId('adjustment', name), factHash: 'h', reason },
      ...{ requestedBy: 'ann', approvedBy: 'bob' },
      change: {
        ...{ kind: 'up', points: Points.points(5), funder: 'chain' },
        ...{ availableAt: start, expiresAt: null },
      },
    },
    start,
  );
  if (decision.kind !== 'adjusted') throw new Error(decision.kind);
  return decision.event;
};

/** Answers with the place of what it wrote. */
const giving = (name: string, reason?: string): Command<bigint> => ({
  decide: (state) => ({
    kind: 'write',
    events: [recording(factId('adjustment', name), 0, gift(state, name, reason), metadata)],
    answer: () => (position) => position,
  }),
});

/** The same, which begins a stream of its own. */
const beginning = (stream: StreamName, name: string): Command<bigint | 'taken'> => ({
  ...giving(name),
  begins: {
    stream,
    event: newEvent(factId('asked', name), 0, { type: 'Asked', data: { name } }, metadata),
  },
  taken: () => 'taken',
});

const writing = (
  fact: FactId,
  eventOf: (state: Account, at: Instant) => LedgerEvent,
): Command<undefined> => ({
  decide: (state, at) => ({
    kind: 'write',
    events: [recording(fact, 1, eventOf(state, at), metadata)],
    answer: () => () => undefined,
  }),
});

describe('a round of commands on one account', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: EventStore;
  let accounts: Accounts;
  let now = start;
  let account: AccountId;
  /** Of each append, how many events it had for the account. */
  let appended: number[];
  let count = 0;

  const accountsOn = (on: EventStore) =>
    new Accounts({
      store: {
        ...on,
        append: (writes) => {
          appended.push(writes.at(-1)?.events.length ?? 0);
          return on.append(writes);
        },
      },
      clock: () => now,
      cache: new AccountCache(),
    });
  const run = <T>(command: Command<T>, on = accounts) => on.run(program, account, command);
  const eventsOf = async (stream: StreamName): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const event of store.readStream(stream)) events.push(event);
    return events;
  };
  const written = () => eventsOf(ledgerStream(program, account));
  const given = (on = accounts) => on.look(program, account, ({ totals }) => totals.adjustedUp);

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
    now = start;
    appended = [];
    account = accountId(`a${(count += 1)}`);
    accounts = accountsOn(store);
    const fact = factId('membership', account);
    const data = { program, account, member: memberId('m'), unit: 'points' };
    await run(writing(fact, () => ({ type: 'AccountOpened', data })));
    appended = [];
  });

  /** Reserves points until a minute later. */
  const hold = async () => {
    await run(giving(`${account}-held`));
    const fact = factId('hold', account);
    const lapsesAt = addMs(start, 60_000);
    const command = writing(fact, (state, at) => {
      const what = { points: Points.points(5), kind: 'd', reference: 'r', lapsesAt };
      const decision = decideHold(state, { hold: fact, factHash: 'h', ...what }, at);
      if (decision.kind !== 'held') throw new Error(decision.kind);
      return decision.event;
    });
    await run(command);
    return { fact, lapsesAt };
  };
  /** Of what was written after the hold. */
  const types = async () => (await written()).slice(3).map(({ type }) => type);

  it('tells each where its own last event is, where the store can', async () => {
    const names = ['one', 'two', 'three'].map((name) => `${account}-${name}`);
    const two: Command<bigint> = {
      decide: (state, at) => {
        const first = giving(`${account}-a`).decide(state, at);
        const second = giving(`${account}-b`).decide(state, at);
        if (first.kind !== 'write' || second.kind !== 'write') throw new Error('nothing to write');
        return { ...second, events: [...first.events, ...second.events] };
      },
    };
    const asked = [
      ...names.map((name) => run(giving(name))),
      run(two),
      run(beginning(streamName('redemption', account), `${account}-c`)),
    ];
    const told = await Promise.all(asked);
    expect(appended).toEqual([6]);
    const places = (await written()).slice(1).map(({ position }) => position);
    expect(told).toEqual([places[0], places[1], places[2], places[4], places[5]]);
    expect(await accounts.look(program, account, (_, position) => position)).toBe(places[5]);
  });

  it('tells all of them where its last event is, where the store cannot', async () => {
    const plain = accountsOn({ ...store, capabilities: { atomicAcrossStreams: true } });
    const told = await Promise.all(
      ['one', 'two', 'three'].map((name) => run(giving(`${account}-${name}`), plain)),
    );
    expect(appended).toEqual([3]);
    const last = (await written()).at(-1)?.position;
    expect(told).toEqual([last, last, last]);
  });

  it('is closed to further commands when it is beyond two million bytes, and not before', async () => {
    /** Eight of them are two million bytes. */
    const large = (name: string): Command<bigint> => ({
      decide: (state) => {
        const fact = factId('adjustment', name);
        const [short] = recording(fact, 0, gift(state, name, ''), metadata).stored;
        const reason = 'x'.repeat(250_000 - (short?.data.length ?? 0));
        return giving(name, reason).decide(state, now);
      },
    });
    const asked = Array.from({ length: 8 }, (_, n) => `large-${n}`).map((name) =>
      run(large(`${account}-${name}`)),
    );
    const small = ['i', 'j'].map((name) => run(giving(`${account}-${name}`)));
    await Promise.all([...asked, ...small]);
    const sizes = (await written()).slice(1).map(({ data }) => data.length);
    expect(sizes.slice(0, 8)).toEqual(asked.map(() => 250_000));
    expect(appended).toEqual([9, 1]);
    expect(await given()).toBe(50);
  });

  it('has one of two commands that begin the same stream: the other finds it taken', async () => {
    const stream = streamName('redemption', account);
    const [one, other, third] = await Promise.all([
      run(beginning(stream, `${account}-one`)),
      run(beginning(stream, `${account}-other`)),
      run(giving(`${account}-third`)),
    ]);
    const [, first, last] = await written();
    expect([one, other, third]).toEqual([first?.position, 'taken', last?.position]);
    expect((await eventsOf(stream)).map(({ data }) => data)).toEqual([`{"name":"${account}-one"}`]);
    expect(await given()).toBe(10);
  });

  it('does not fold again what a command says that it has folded', async () => {
    const folding: Command<Points.Points> = {
      decide: (state) => {
        const name = `${account}-folded`;
        const event = gift(state, name);
        evolve(state, event);
        return {
          kind: 'write',
          events: [recording(factId('adjustment', name), 0, event, metadata)],
          folded: true,
          answer:
            ({ totals: { adjustedUp } }) =>
            () =>
              adjustedUp,
        };
      },
    };
    expect(await run(folding)).toBe(5);
    await run(giving(`${account}-after`));
    for (const on of [accounts, accountsOn(store)]) expect(await given(on)).toBe(10);
  });

  it('shows who wants it what is posted, though the time of a hold is over', async () => {
    const { fact, lapsesAt } = await hold();
    now = lapsesAt;
    const statusOf = (asPosted?: boolean) =>
      run({
        ...(asPosted === undefined ? {} : { asPosted }),
        decide: ({ holds }) => {
          const status = holds.get(fact)?.status;
          return { kind: 'answer', answer: () => status };
        },
      });
    const statuses = await Promise.all([true, false, undefined].map(statusOf));
    expect(statuses).toEqual(['open', 'lapsed', 'lapsed']);
    await run({
      asPosted: true,
      decide: (state, at) => ({
        kind: 'write',
        events: decideLapses(state, at).map((event) => lapseRecording(event, metadata)),
        answer: () => () => undefined,
      }),
    });
    await run(giving(`${account}-after`));
    expect(await types()).toEqual(['HoldReleased', 'PointsAdjusted']);
    expect(await statusOf(true)).toBe('lapsed');
  });

  it('posts no hold with a command that writes nothing, and does so with the next that writes', async () => {
    const { lapsesAt } = await hold();
    now = lapsesAt;
    const nothing: Command<string> = {
      decide: () => ({ kind: 'write', events: [], answer: () => () => 'nothing' }),
    };
    expect(await run(nothing)).toBe('nothing');
    expect(await types()).toEqual([]);
    await Promise.all([run(nothing), run(giving(`${account}-after`)), run(nothing)]);
    expect(await types()).toEqual(['HoldReleased', 'PointsAdjusted']);
  });

  it('hands an error in an answer to who asked, and nobody else', async () => {
    const name = `${account}-failing`;
    const failing: Command<never> = {
      decide: (state) => ({
        kind: 'write',
        events: [recording(factId('adjustment', name), 0, gift(state, name), metadata)],
        answer: () => () => {
          throw new Error('while answering');
        },
      }),
    };
    const outcomes = await Promise.allSettled([
      run(giving(`${account}-one`)),
      run(failing),
      accounts.look(program, account, () => {
        throw new Error('while looking');
      }),
      run(giving(`${account}-two`)),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'while answering' } },
      { status: 'rejected', reason: { message: 'while looking' } },
      { status: 'fulfilled' },
    ]);
    expect(await given()).toBe(15);
  });
});

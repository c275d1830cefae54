import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import {
  accountId,
  cardToken,
  factId,
  instant,
  ledgerStream,
  localDate,
  memberId,
  programId,
  type Instant,
} from '@tallystick/kernel';
import {
  decideClose,
  decideMergeOut,
  decodeLedgerEvent,
  fold,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import { createPool, provision, type Database } from '@tallystick/postgres';
import { cardStream, factStream, receiptFactId } from '@tallystick/receipts';
import type { ReceiptFact, Rulebook } from '@tallystick/rulebook';
import { contentHash, newEvent, type EventMetadata } from '@tallystick/event-store';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { Catalog } from '../programs/catalog.js';
import { publishProgram } from '../programs/publish-program.js';
import type { Arrival } from './settle-fact.js';
import { Settler } from './settler.js';
import { Workspace } from './workspace.js';

const now = instant('2026-06-01T00:00:00Z');
const clock = (): Instant => now;
let database: TestDatabase;
let pool: Database;
let store: EventStore;
let programs = 0;

beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  pool = createPool(database.url, { max: 4 });
  store = createPostgresEventStore({ db: database.url });
});
afterAll(async () => {
  await store.close();
  await pool.end();
  await database.drop();
});

const metadata = (program: ReceiptFact['program'], occurredAt: Instant): EventMetadata => ({
  program,
  occurredAt,
  recordedAt: now,
  actor: 'test',
  correlationId: 'test',
});

/** A programme of its own, with an account that a card may be attached to. */
const aProgram = async () => {
  programs += 1;
  const program = programId(`club-${programs}`);
  const catalog = new Catalog(store);
  const book: Rulebook = {
    program,
    version: 1,
    name: 'Club',
    unit: 'points',
    effectiveFrom: '2026-01-01T00:00:00Z',
    currency: 'GBP',
    timeZone: 'Europe/London',
    earning: [
      {
        id: 'base',
        kind: 'base',
        points: 1,
        per: '1',
        rounding: 'down',
        level: 'receipt',
        funder: 'chain',
      },
    ],
    partnerEvents: [],
    exclusions: { categories: [], products: [], brands: [] },
    lots: { pendingDays: 0, expiry: 'never' },
    tiers: null,
    redemption: null,
    returns: { windowDays: 365 },
    claims: { windowDays: null },
    refunds: { graceDays: 0 },
  };
  await publishProgram({ store, catalog }, book, metadata);
  const card = cardToken(`card-${programs}`);
  const account = accountId(`account-${programs}`);
  const cause = metadata(program, now);
  const open = async () => {
    const data = { program, account, member: memberId('m'), unit: 'points' };
    const event = newEvent(factId('account', account), 0, { type: 'AccountOpened', data }, cause);
    await store.append([
      { stream: ledgerStream(program, account), expected: 'noStream', events: [event] },
    ]);
  };
  const attach = async (to = account) => {
    const workspace = new Workspace(store);
    await workspace.load([cardStream(program, card)]);
    workspace.recordCard(
      program,
      card,
      {
        type: 'CardAttached',
        data: { program, card, account: to, member: memberId('m'), from: now },
      },
      factId('card', program, card),
      cause,
    );
    await store.append(workspace.writes());
  };
  const settler = new Settler(store, catalog, clock);
  const receipt = (number: number, rest: Partial<ReceiptFact> = {}): Arrival => {
    const ref = {
      chain: 'c',
      store: 's',
      till: 't',
      number: String(number),
      businessDate: localDate('2026-05-05'),
    };
    const content = {
      id: receiptFactId(program, ref),
      program,
      ref,
      revision: 1,
      occurredAt: instant('2026-05-05T12:00:00Z'),
      card,
      currency: 'GBP',
      channel: null,
      paidWithPoints: '0',
      lines: [
        {
          ordinal: 1,
          product: 'tea',
          category: null,
          brand: null,
          quantity: '1',
          amount: '10',
          original: null,
        },
      ],
      ...rest,
    };
    const fact = { ...content, hash: contentHash(content) };
    return { fact, metadata: metadata(program, fact.occurredAt) };
  };
  const settle = async (...arrivals: readonly Arrival[]) =>
    (await settler.settle(arrivals)).map((answer) => {
      if (answer.kind !== 'settled') throw new Error(answer.kind);
      return answer.outcome;
    });
  const ledger = async () => {
    const stream = ledgerStream(program, account);
    return (await store.readStreams([stream])).get(stream) ?? [];
  };
  return { program, catalog, card, account, open, attach, settler, receipt, settle, ledger, cause };
};

describe('a receipt of an account that is closed to it', () => {
  const change = async (
    club: Awaited<ReturnType<typeof aProgram>>,
    decide: (account: Account) => { readonly kind: string; readonly event?: LedgerEvent },
  ) => {
    const recorded = await club.ledger();
    const { event } = decide(fold(recorded.map(decodeLedgerEvent)));
    if (event === undefined) throw new Error('it was not decided');
    const stream = ledgerStream(club.program, club.account);
    const { type, data } = event;
    await store.append([
      {
        stream,
        expected: recorded.length - 1,
        events: [newEvent(factId('test', club.program), 0, { type, data }, club.cause)],
      },
    ]);
  };
  const opened = async () => {
    const club = await aProgram();
    await club.open();
    await club.attach();
    return club;
  };
  const command = { fact: factId('test', 'change'), factHash: 'h', reason: 'test', keepFrom: now };

  it('is nothing, and says which account answers now, whenever it is asked', async () => {
    const club = await opened();
    await club.settle(club.receipt(1));
    const target = accountId('successor');
    await change(club, (account) => decideMergeOut(account, { ...command, target }, now));
    const nothing = {
      outcome: 'nothing',
      reason: 'account-merged-into-successor',
      account: club.account,
    };
    const before = await club.ledger();
    expect(await club.settle(club.receipt(2))).toMatchObject([nothing]);
    expect(await club.settle(club.receipt(2))).toMatchObject([{ ...nothing, known: true }]);
    expect(await club.settle(club.receipt(1))).toMatchObject([{ outcome: 'awarded', earned: 10 }]);
    expect(await club.settler.find(club.receipt(2).fact.id)).toMatchObject({ outcome: nothing });
    expect(await club.ledger()).toHaveLength(before.length);
  });

  it('is nothing when it corrects what a closed period left behind, and what was awarded then is not awarded again', async () => {
    const club = await opened();
    await club.settle(club.receipt(1));
    const { reason: _reason, ...close } = { ...command, through: now };
    await change(club, (account) => decideClose(account, close, now));
    const before = await club.ledger();
    expect(await club.settle(club.receipt(1))).toMatchObject([
      { outcome: 'awarded', earned: 10, known: true },
    ]);
    const corrected = club.receipt(1, { revision: 2, paidWithPoints: '1' });
    const reason = `correction-after-${now}-was-closed`;
    expect(await club.settle(corrected)).toMatchObject([{ outcome: 'nothing', reason }]);
    expect(await club.ledger()).toHaveLength(before.length);
  });
});

describe('a receipt', () => {
  it('is awarded once, however often and however close together it comes', async () => {
    const club = await aProgram();
    await club.open();
    await club.attach();
    const outcomes = await club.settle(club.receipt(1), club.receipt(1), club.receipt(2));
    expect(outcomes.map(({ outcome, earned, known }) => [outcome, earned, known])).toEqual([
      ['awarded', 10, false],
      ['awarded', 10, true],
      ['awarded', 10, false],
    ]);
    const again = await Promise.all(
      Array.from({ length: 20 }, async () => await club.settle(club.receipt(1), club.receipt(2))),
    );
    for (const outcomesAgain of again)
      expect(outcomesAgain).toMatchObject([
        { outcome: 'awarded', earned: 10, known: true },
        { outcome: 'awarded', earned: 10, known: true },
      ]);
    expect(await club.ledger()).toHaveLength(3);
  });

  it('of one account from several writers is counted exactly once each', async () => {
    const club = await aProgram();
    await club.open();
    await club.attach();
    const stores = Array.from({ length: 4 }, () => createPostgresEventStore({ db: database.url }));
    await Promise.all(
      stores.map(async (other) => {
        const settler = new Settler(other, new Catalog(other), clock);
        for (let number = 0; number < 25; number += 1) await settler.settle([club.receipt(number)]);
      }),
    );
    await Promise.all(stores.map((other) => other.close()));
    const earned = (await club.ledger()).filter(({ type }) => type === 'PointsEarned');
    expect(earned).toHaveLength(25);
  });

  it('with other content and the same revision is refused, kept, and shown once', async () => {
    const club = await aProgram();
    await club.open();
    await club.attach();
    const other = club.receipt(1, { currency: 'EUR' });
    await club.settle(club.receipt(1));
    expect(await club.settle(other)).toMatchObject([{ outcome: 'refused', known: false }]);
    expect(await club.settle(other)).toMatchObject([{ outcome: 'refused' }]);
    const stream = factStream(other.fact.id);
    const events = (await store.readStreams([stream])).get(stream) ?? [];
    expect(events.map(({ type }) => type)).toEqual(['ReceiptRegistered', 'FactRefused']);
    expect(await club.ledger()).toHaveLength(2);
  });
});

describe('a crash between the pin and the award', () => {
  it('is healed by the next delivery, from the pin, though the card was linked to someone else meanwhile', async () => {
    const club = await aProgram();
    await club.open();
    await club.attach(accountId('someone-else'));
    const arrival = club.receipt(1);
    const { id } = arrival.fact;
    // What a store without atomicity may have kept: the fact's own stream, and nothing else.
    const program = await club.catalog.read(club.program);
    const pin = {
      rulebook: program?.versions[0]?.ref ?? null,
      parts: [{ account: club.account, lines: [1] }],
      nothing: null,
    };
    const workspace = new Workspace(store);
    await workspace.load([factStream(id)]);
    workspace.recordFact(
      id,
      { type: 'ReceiptRegistered', data: { fact: id, document: arrival.fact, pin } },
      club.cause,
    );
    await store.append(workspace.writes());
    expect((await club.settler.find(id))?.outcome).toMatchObject({ earned: 0 });
    expect(await club.settle(arrival)).toMatchObject([
      { outcome: 'awarded', earned: 10, known: true },
    ]);
    expect(await club.settle(arrival)).toMatchObject([
      { outcome: 'awarded', earned: 10, known: true },
    ]);
    expect(await club.ledger()).toHaveLength(2);
  });
});

describe('a card that nobody has yet', () => {
  it('keeps its receipts waiting until it is linked, and they are awarded in the order in which they came', async () => {
    const club = await aProgram();
    expect(await club.settle(club.receipt(1), club.receipt(2))).toMatchObject([
      { outcome: 'waiting', reason: 'card-unknown' },
      { outcome: 'waiting' },
    ]);
    expect(await club.settle(club.receipt(1))).toMatchObject([{ outcome: 'waiting', known: true }]);
    await club.open();
    await club.attach();
    await club.settler.claim(club.program, club.card, club.cause);
    expect(await club.settle(club.receipt(2))).toMatchObject([{ outcome: 'awarded', known: true }]);
    const facts = (await club.ledger())
      .filter(({ type }) => type === 'PointsEarned')
      .map(({ data }) => (JSON.parse(data) as { fact: string }).fact);
    expect(facts).toEqual([club.receipt(1).fact.id, club.receipt(2).fact.id]);
  });

  it('a link and a parking cannot miss each other', async () => {
    for (let round = 0; round < 10; round += 1) {
      const club = await aProgram();
      await club.open();
      await Promise.all([
        club.settle(club.receipt(1)),
        club
          .attach()
          .then(async () => await club.settler.claim(club.program, club.card, club.cause)),
      ]);
      const found = await club.settler.find(club.receipt(1).fact.id);
      // Either the receipt saw the link, or the link saw the receipt; a conflict of the test's own attach is the third.
      const attached = new Workspace(store);
      await attached.load([cardStream(club.program, club.card)]);
      const { links } = attached.card(club.program, club.card);
      expect(found?.outcome.outcome).toBe(links.length > 0 ? 'awarded' : 'waiting');
    }
  });

  it('has its waiting receipts settled before the one that comes after the link', async () => {
    const club = await aProgram();
    await club.settle(club.receipt(1));
    await club.open();
    await club.attach();
    // Nobody claims: the process that heard of the link died.
    await club.settle(club.receipt(2));
    const facts = (await club.ledger())
      .filter(({ type }) => type === 'PointsEarned')
      .map(({ data }) => (JSON.parse(data) as { fact: string }).fact);
    expect(facts).toEqual([club.receipt(1).fact.id, club.receipt(2).fact.id]);
  });
});

describe('a receipt of a programme that nobody published', () => {
  it('is answered so, and nothing is written', async () => {
    const club = await aProgram();
    const stranger = club.receipt(1, { program: programId('nowhere') });
    expect(await club.settler.settle([stranger])).toEqual([{ kind: 'program-unknown' }]);
  });
});

describe('a receipt that can never be rated', () => {
  it('is answered so by itself: those beside it and behind it are settled', async () => {
    const club = await aProgram();
    await club.open();
    await club.attach();
    const huge = (number: number) => {
      const { lines } = receiptOf(club.receipt(number));
      return club.receipt(number, {
        lines: lines.map((line) => ({ ...line, amount: '99999999999999999999' })),
      });
    };
    const answers = await club.settler.settle([club.receipt(1), huge(2), club.receipt(3)]);
    expect(answers.map(({ kind }) => kind)).toEqual(['settled', 'unsettleable', 'settled']);
    expect(await club.ledger()).toHaveLength(3);
    expect(await club.settler.find(huge(2).fact.id)).toBeNull();
  });

  it('and waited for its card does not hold up what comes behind it', async () => {
    const club = await aProgram();
    const { lines } = receiptOf(club.receipt(1));
    const huge = club.receipt(1, {
      lines: lines.map((line) => ({ ...line, amount: '99999999999999999999' })),
    });
    await club.settle(huge, club.receipt(2));
    await club.open();
    await club.attach();
    expect(await club.settle(club.receipt(3))).toMatchObject([{ outcome: 'awarded' }]);
    expect(await club.settle(club.receipt(2))).toMatchObject([{ outcome: 'awarded' }]);
  });
});

const receiptOf = ({ fact }: Arrival): ReceiptFact => {
  if (!('lines' in fact)) throw new Error('not a receipt');
  return fact;
};

import { AccountCache, readAccount, recording } from '@tallystick/accounts';
import {
  canonicalJson,
  contentHash,
  newEvent,
  sha256,
  StoreUnavailable,
  type EventMetadata,
  type EventStore,
  type StreamWrite,
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
  type AccountId,
  type CardToken,
  type Instant,
} from '@tallystick/kernel';
import {
  decideClose,
  decideMergeOut,
  valuation,
  type Account,
  type LedgerEvent,
} from '@tallystick/ledger';
import {
  budgetStream,
  cardStream,
  factStream,
  receiptFactId,
  revisionOf,
  type Pin,
} from '@tallystick/receipts';
import type { ReceiptFact, ReceiptLine, Rulebook } from '@tallystick/rulebook';
import { changeVersion } from '../programs/change-version.js';
import { Memory } from '../settle/memory.js';
import type { Arrival, Settled } from '../settle/settle-fact.js';
import { Settler } from '../settle/settler.js';
import { Workspace } from '../settle/workspace.js';

export const now = instant('2026-06-01T00:00:00Z');
const noon = instant('2026-05-05T12:00:00Z');
const clock = (): Instant => now;
let programs = 0;

const refOf = (number: number) => ({
  ...{ chain: 'c', store: 's', till: 't', number: String(number) },
  businessDate: localDate('2026-05-05'),
});

/** A line of `points` pounds' worth of tea; negative: it comes back, of the receipt `of`. */
export const tea = (
  ordinal: number,
  points: number,
  of?: number,
  rest: Partial<ReceiptLine> = {},
): ReceiptLine => ({
  ...{ ordinal, product: 'tea', category: null, brand: null },
  quantity: points < 0 ? '-1' : '1',
  amount: String(points),
  original: of === undefined ? null : { ...refOf(of), ordinal: null },
  ...rest,
});

/** A version as two people have signed it. */
export const publish = async (
  store: EventStore,
  book: Rulebook,
  metadataOf: (at: Instant) => EventMetadata,
): Promise<void> => {
  const document = canonicalJson(book);
  const { version, effectiveFrom } = book;
  const data = { program: book.program, version, hash: sha256(document), effectiveFrom, document };
  const event = { type: 'RulebookPublished' as const, data };
  const program = programId(book.program);
  await changeVersion(store, program, () => ({ kind: 'event', event }), metadataOf, now);
};

/** A store without atomicity whose every append is killed after so many streams. */
export const dyingAfter = (store: EventStore, streams: number): EventStore => ({
  ...store,
  append: async (writes) => {
    for (const write of writes.slice(0, streams)) await store.append([write]);
    throw new StoreUnavailable(new Error('killed'));
  },
});

/** A programme of its own, at a point a pound, whose facts are settled on a store. */
export const openTill = async (store: EventStore, rules: Partial<Rulebook> = {}) => {
  programs += 1;
  const program = programId(`till-${programs}`);
  const metadata = (occurredAt: Instant): EventMetadata => ({
    ...{ program, occurredAt, recordedAt: now, actor: 'test', correlationId: 'test' },
  });
  const book: Rulebook = {
    ...{ program, version: 1, name: 'Club', unit: 'points', currency: 'GBP' },
    ...{ effectiveFrom: '2020-01-01T00:00:00Z', timeZone: 'Europe/London' },
    earning: [
      {
        ...{ id: 'base', kind: 'base', points: 1, per: '1', rounding: 'down' },
        ...{ level: 'receipt', funder: 'chain' },
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
    ...rules,
  };
  const memory = new Memory({ store });
  await publish(store, book, metadata);
  const settler = new Settler(memory, clock);
  const card = (name: string): CardToken => cardToken(`card-${name}`);
  const streamOf = (name: string) => ledgerStream(program, accountId(name));

  const append = async (...writes: readonly StreamWrite[]) => {
    const result = await store.append(writes);
    if (result.kind === 'conflict') throw new Error(`conflict on ${result.stream}`);
  };
  const events = async (name: string) =>
    (await store.readStreams([streamOf(name)])).get(streamOf(name)) ?? [];
  const state = async (name: string): Promise<Account> =>
    (await readAccount(store, program, accountId(name))).state;

  /** Another process writes what a decider says of an account. */
  const post = async (
    name: string,
    of: ReturnType<typeof factId>,
    decide: (account: Account) => { readonly kind: string; readonly event?: LedgerEvent },
  ): Promise<LedgerEvent> => {
    const held = await readAccount(store, program, accountId(name));
    const { kind, event } = decide(held.state);
    if (event === undefined) throw new Error(`it was not decided: ${kind}`);
    const events = recording(of, 1, event, metadata(now)).stored;
    await append({ stream: streamOf(name), expected: held.revision, events });
    return event;
  };

  const attach = async (name: string, to: string, from = instant('2026-01-01T00:00:00Z')) => {
    const workspace = new Workspace(new Memory({ store }));
    await workspace.load([cardStream(program, card(name))]);
    workspace.recordCard(
      program,
      card(name),
      {
        type: 'CardAttached',
        data: { program, card: card(name), account: accountId(to), member: memberId(to), from },
      },
      factId('card', program, name),
      metadata(from),
    );
    await append(...workspace.writes());
  };

  /** Opens an account, with a card of its name. */
  const open = async (name: string): Promise<AccountId> => {
    const account = accountId(name);
    const data = { program, account, member: memberId(name), unit: 'points' };
    const event = newEvent(
      factId('account', program, name),
      0,
      { type: 'AccountOpened', data },
      metadata(now),
    );
    await append({ stream: streamOf(name), expected: 'noStream', events: [event] });
    await attach(name, name);
    return account;
  };

  const receipt = (
    number: number,
    of: string | null,
    lines: readonly ReceiptLine[] = [tea(1, 10)],
    rest: Partial<ReceiptFact> = {},
  ): Arrival & { readonly fact: ReceiptFact } => {
    const content = {
      ...{ id: receiptFactId(program, refOf(number)), program, ref: refOf(number), revision: 1 },
      ...{ occurredAt: noon, card: of === null ? null : card(of), currency: 'GBP', channel: null },
      ...{ paidWithPoints: '0', lines },
      ...rest,
    };
    return { fact: { ...content, hash: contentHash(content) }, metadata: metadata(now) };
  };

  /** Writes a fact's own stream alone, as a store without atomicity may leave it. */
  const onlyFact = async ({ fact }: Arrival, parts: Pin['parts'], again: boolean) => {
    const rulebook = (await memory.catalog.read(program))?.versions[0]?.ref ?? null;
    const pin = { rulebook, parts, nothing: null };
    const workspace = new Workspace(new Memory({ store }));
    await workspace.load([factStream(fact.id)]);
    workspace.recordFact(
      fact.id,
      again
        ? { type: 'FactPinned', data: { fact: fact.id, revision: revisionOf(fact), pin } }
        : { type: 'ReceiptRegistered', data: { fact: fact.id, document: fact, pin } },
      metadata(now),
    );
    await append(...workspace.writes());
  };

  return {
    ...{ program, memory, settler, card, append, events, state, post, attach, open, receipt, book },
    stream: streamOf,
    /** Settles by this process, or by another one with a memory of its own. */
    settle: async (...arrivals: readonly Arrival[]) => settledBy(settler, arrivals),
    another: (on = store, accounts = new AccountCache()) => {
      const other = new Settler(new Memory({ store: on, accounts }), clock);
      return {
        settler: other,
        settle: async (...arrivals: readonly Arrival[]) => settledBy(other, arrivals),
      };
    },
    find: async (number: number) =>
      (await settler.find(receiptFactId(program, refOf(number))))?.outcome,
    factEvents: async (number: number) => {
      const stream = factStream(receiptFactId(program, refOf(number)));
      return (await store.readStreams([stream])).get(stream) ?? [];
    },
    points: async (name: string) => valuation(await state(name), now).available,
    /** First half of a merge: what a crash can leave alone. */
    leave: async (from: string, into: string, keepFrom = instant('2020-01-01T00:00:00Z')) => {
      const fact = factId('merge', program, from);
      const command = { fact, factHash: 'h', target: accountId(into), reason: 'test', keepFrom };
      return post(from, fact, (account) => decideMergeOut(account, command, now));
    },
    close: async (name: string, keepFrom: Instant) => {
      const fact = factId('closing', program, name);
      const command = { fact, factHash: 'h', through: now, keepFrom };
      await post(name, fact, (account) => decideClose(account, command, now));
    },
    /** What a crash leaves, on a store without atomicity: the fact's own stream with its pin, and nothing else. */
    pinOnly: (arrival: Arrival, parts: Pin['parts']) => onlyFact(arrival, parts, false),
    repin: (arrival: Arrival, parts: Pin['parts']) => onlyFact(arrival, parts, true),
    /** The same, one write later: what the fact takes of a budget is counted, and nothing awarded. */
    spendOnly: async ({ fact }: Arrival, budget: string, used: number) => {
      const workspace = new Workspace(new Memory({ store }));
      await workspace.load([budgetStream(program, budget)]);
      const at = { program, budget, fact: fact.id, factRevision: revisionOf(fact) };
      const data = { ...at, account: accountId('ann'), used };
      workspace.recordBudget({ type: 'BudgetUsed', data }, metadata(now));
      await append(...workspace.writes());
    },
  };
};
export type Till = Awaited<ReturnType<typeof openTill>>;

const settledBy = async (
  settler: Settler,
  arrivals: readonly Arrival[],
): Promise<readonly Settled[]> =>
  (await settler.settle(arrivals)).map((answer) => {
    if (answer.kind === 'settled') return answer.outcome;
    throw answer.kind === 'unsettleable' ? answer.error : new Error(answer.kind);
  });

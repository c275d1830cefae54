import { recording } from '@tallystick/accounts';
import type { Telling } from '@tallystick/contracts';
import type { Account, LedgerEvent } from '@tallystick/ledger';
import {
  budgetStream,
  cardStream,
  evolveBudget,
  evolveCard,
  evolveFactStream,
  factStream,
  type BudgetUsed,
  type CardEvent,
  type CardState,
  type FactEvent,
  type FactStreamState,
  type ReturnNoted,
} from '@tallystick/receipts';
import {
  newEvent,
  type EventMetadata,
  type NewEvent,
  type StreamWrite,
} from '@tallystick/event-store';
import {
  ledgerStream,
  type AccountId,
  type CardToken,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { Program } from '../programs/catalog.js';
import type { AccountInHand } from './account-in-hand.js';
import type { BirthdayQuestion } from './birthdays.js';
import type { HeldBudget, StoredUse } from './budget-cache.js';
import type { HeldCard } from './card-cache.js';
import type { Memory } from './memory.js';
import { StreamsInHand, type HeldFact } from './streams-in-hand.js';

/**
 * The streams that a few facts touch, and what was decided on top of them but is not written yet. Thrown away after its append,
 * whichever way that ended: `release` says what may be kept.
 */
export class Workspace {
  private readonly facts = new Map<StreamName, HeldFact>();
  private readonly cards = new Map<StreamName, HeldCard>();
  private readonly budgets = new Map<StreamName, HeldBudget>();
  private readonly pending = new Map<StreamName, { revision: number; events: NewEvent[] }>();
  private readonly pinned = new Set<FactId>();
  private readonly hand: StreamsInHand;
  private readonly keepSpares: boolean;

  /** `keepSpares`: an account is copied before it is decided on, because somebody else is writing it, too, and the decision may be in vain. */
  constructor(
    memory: Memory,
    options: { readonly keepSpares?: boolean; hand?: StreamsInHand } = {},
  ) {
    this.keepSpares = options.keepSpares ?? false;
    this.hand = options.hand ?? new StreamsInHand(memory, { keepSpares: this.keepSpares });
  }

  /** See `StreamsInHand.load`. */
  async load(streams: Iterable<StreamName>, whole?: ReadonlySet<StreamName>): Promise<boolean> {
    return await this.hand.load(streams, whole);
  }

  /** A workspace for one group of the facts that were read together, with the accounts among its streams. */
  fork(streams: Iterable<StreamName>): Workspace {
    return new Workspace(this.hand.memory, { hand: this.hand.split(streams) });
  }

  /** A programme's versions, as they were read last; null: there are none. */
  program(id: ProgramId): Program | null {
    return this.hand.memory.catalog.known(id);
  }

  /** null: there is no such fact. */
  fact(id: FactId): FactStreamState | null {
    return this.factAt(factStream(id)).state;
  }

  factIfLoaded(id: FactId): FactStreamState | null {
    const stream = factStream(id);
    return (this.facts.get(stream) ?? this.hand.fact(stream))?.state ?? null;
  }

  /** The receipts that return something of a fact, or did by an earlier revision. */
  returnedBy(id: FactId): ReadonlyMap<FactId, number> {
    return this.hand.fact(factStream(id)) === undefined
      ? nobody
      : this.factAt(factStream(id)).returnedBy;
  }

  card(program: ProgramId, token: CardToken): CardState {
    return this.cardAt(cardStream(program, token)).state;
  }

  /** A card as it was read, or as it was when it was used last. */
  foreseenCard(program: ProgramId, token: CardToken): CardState {
    const stream = cardStream(program, token);
    return (this.hand.card(stream) ?? this.hand.foreseen(stream)).state;
  }

  /** What a budget has given, as it was read, with what is decided here. */
  budget(program: ProgramId, name: string): HeldBudget {
    const stream = budgetStream(program, name);
    return this.budgets.get(stream) ?? loaded(stream, this.hand.budget(stream));
  }

  /** What facts took of the budgets of which all that ever happened was read. */
  usesInWhole(): readonly StoredUse[] {
    return this.hand.wholeBudgets().flatMap(({ whole = [] }) => whole);
  }

  /** What was told of a member, in order, as it was read. */
  told(stream: StreamName): readonly Telling[] {
    return loaded(stream, this.hand.told(stream));
  }

  /** Asks what rating will need to know of birthdays; nothing where there are no questions. Whoever is away is away when the answer is used. */
  async askBirthdays(questions: readonly BirthdayQuestion[]): Promise<void> {
    if (questions.length > 0) await this.hand.askBirthdays(questions);
  }

  /** What was answered. Throws `ServiceAway` where nobody answered. */
  inBirthdayWindow(question: BirthdayQuestion): boolean {
    return this.hand.inBirthdayWindow(question);
  }

  account(program: ProgramId, id: AccountId): AccountInHand {
    const account = this.accountIfLoaded(program, id);
    if (account === undefined) throw new Error(`account ${id} was not loaded`);
    return account;
  }

  accountIfLoaded(program: ProgramId, id: AccountId): AccountInHand | undefined {
    return this.hand.account(ledgerStream(program, id));
  }

  /** An account's state, for a decider that folds what it decides into it. */
  toDecideOn(program: ProgramId, id: AccountId): Account {
    return this.account(program, id).toDecideOn(this.keepSpares);
  }

  recordFact(id: FactId, event: Exclude<FactEvent, ReturnNoted>, metadata: EventMetadata): void {
    const stream = factStream(id);
    const held = this.factAt(stream);
    const ordinal = event.type === 'FactPinned' ? (held.state?.pins ?? 0) : 0;
    this.write(stream, held.revision, newEvent(id, ordinal, event, metadata));
    this.facts.set(stream, { ...held, ...evolveFactStream(held, event) });
    if ('pin' in event.data && event.data.pin !== null) this.pinned.add(id);
  }

  /** Notes at a sale, which may not have come yet, that a receipt returns something of it. */
  recordReturn({ type, data }: ReturnNoted, metadata: EventMetadata): void {
    const stream = factStream(data.fact);
    const held = this.factAt(stream);
    this.write(stream, held.revision, newEvent(data.by, 0, { type, data }, metadata));
    this.facts.set(stream, { ...held, ...evolveFactStream(held, { type, data }) });
  }

  /** Whether a fact's pin was decided here, so that nobody can have acted on it before. */
  isPinnedHere(id: FactId): boolean {
    return this.pinned.has(id);
  }

  recordCard(
    program: ProgramId,
    token: CardToken,
    event: CardEvent,
    of: FactId,
    metadata: EventMetadata,
  ): void {
    const stream = cardStream(program, token);
    const { state, revision } = this.cardAt(stream);
    this.write(stream, revision, newEvent(of, state.links.length + state.claimed, event, metadata));
    this.cards.set(stream, { state: evolveCard(state, event), revision });
  }

  recordBudget({ type, data }: BudgetUsed, metadata: EventMetadata, ordinal = 0): void {
    const stream = budgetStream(data.program, data.budget);
    const { state, revision } = this.budget(data.program, data.budget);
    this.write(stream, revision, newEvent(data.fact, ordinal, { type, data }, metadata));
    this.budgets.set(stream, { state: evolveBudget(state, { type, data }), revision });
  }

  /** Events that the ledger's decider has folded into the account already. */
  recordLedger(
    program: ProgramId,
    id: AccountId,
    of: FactId,
    events: readonly LedgerEvent[],
    metadata: EventMetadata,
    firstOrdinal = 0,
  ): void {
    const account = this.account(program, id);
    const stream = ledgerStream(program, id);
    const stored = events.flatMap(
      (event, index) => recording(of, firstOrdinal + index, event, metadata).stored,
    );
    for (const made of stored) this.write(stream, account.revision, made);
    account.note(events, stored.length);
  }

  /** The newest event of all that was read or kept. */
  newestPosition(): bigint {
    return this.hand.newestPosition;
  }

  /** What is to be appended: facts' streams first, so that a store without atomicity never awards what it does not know, and no budget gives more than it counts. */
  writes(): StreamWrite[] {
    return [...this.pending]
      .map(([stream, { revision, events }]) => ({
        stream,
        expected: revision < 0 ? ('noStream' as const) : revision,
        events,
      }))
      .sort((a, b) => rank(a.stream) - rank(b.stream));
  }

  /** Gives back to memory what may be kept. `appended`: where the writes are durable, or what was read if there are none; null: they are not, or nobody knows. */
  release(appended: bigint | null): void {
    this.hand.giveBack(appended);
    if (appended === null) return;
    for (const [stream, { state, revision }] of this.cards) {
      const added = this.pending.get(stream)?.events.length ?? 0;
      this.hand.memory.cards.put(stream, { state, revision: revision + added });
    }
    for (const [stream, { state, revision }] of this.budgets) {
      const added = this.pending.get(stream)?.events.length ?? 0;
      this.hand.memory.budgets.put(stream, { state, revision: revision + added });
    }
  }

  private factAt(stream: StreamName): HeldFact {
    return this.facts.get(stream) ?? loaded(stream, this.hand.fact(stream));
  }

  private cardAt(stream: StreamName): HeldCard {
    return this.cards.get(stream) ?? loaded(stream, this.hand.card(stream));
  }

  private write(stream: StreamName, revision: number, event: NewEvent): void {
    const pending = this.pending.get(stream);
    if (pending === undefined) this.pending.set(stream, { revision, events: [event] });
    else pending.events.push(event);
  }
}

const nobody: ReadonlyMap<FactId, number> = new Map();

const loaded = <T>(stream: StreamName, held: T | undefined): T => {
  if (held === undefined) throw new Error(`stream ${stream} was not loaded`);
  return held;
};

const order = ['receipt', 'partneraward', 'card', 'budget', 'ledger'];
const rank = (stream: StreamName): number => order.indexOf(stream.slice(0, stream.indexOf('-')));

import type { Telling } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { categoryOf, type StreamName } from '@tallystick/kernel';
import { beginsPeriod } from '@tallystick/ledger';
import {
  decodeBudgetEvent,
  decodeCardEvent,
  decodeFactEvent,
  emptyFactStream,
  evolveBudget,
  evolveCard,
  evolveFactStream,
  unknownCard,
  untouchedBudget,
  type FactStream,
} from '@tallystick/receipts';
import { ServiceAway } from '@tallystick/service-host';
import { AccountInHand } from './account-in-hand.js';
import { keyOfQuestion, type BirthdayQuestion } from './birthdays.js';
import type { HeldBudget } from './budget-cache.js';
import type { HeldCard } from './card-cache.js';
import type { Memory } from './memory.js';
import { tellingsOf } from './told.js';

/** A fact's stream as it was read. */
export interface HeldFact extends FactStream {
  /** -1: there is none. */
  readonly revision: number;
}

/**
 * Streams of facts, cards and accounts as the store has them now. Cards and accounts that were used lately are not read again, only what
 * came since. An account is taken from memory, because deciding changes it: nobody else has it until it is given back.
 */
export class StreamsInHand {
  private readonly facts = new Map<StreamName, HeldFact>();
  private readonly cards = new Map<StreamName, HeldCard>();
  private readonly kept = new Map<StreamName, HeldCard>();
  private readonly budgets = new Map<StreamName, HeldBudget>();
  private readonly keptBudgets = new Map<StreamName, HeldBudget>();
  private readonly accounts = new Map<StreamName, AccountInHand>();
  private readonly tellings = new Map<StreamName, readonly Telling[]>();
  private readonly birthdays = new Map<string, boolean | ServiceAway>();
  private readonly programs = new Set<StreamName>();
  private newest = 0n;

  constructor(
    readonly memory: Memory,
    private readonly of: { readonly keepSpares: boolean; readonly shared?: StreamsInHand },
  ) {}

  /**
   * Reads streams that are not in hand yet, all by one query. Of an account or a budget in `whole` it reads all that ever happened, of
   * another one what came since it was used last. Says whether anything was left to read.
   */
  async load(
    streams: Iterable<StreamName>,
    whole: ReadonlySet<StreamName> = new Set(),
  ): Promise<boolean> {
    const from = new Map<StreamName, number>();
    for (const stream of this.withSuccessors([...streams, ...whole])) {
      const revision = this.missing(stream, whole.has(stream));
      if (revision !== null) from.set(stream, revision);
    }
    const hints = await this.closedPeriods([...from].filter(([stream]) => !whole.has(stream)));
    for (const [stream, revision] of hints) from.set(stream, revision);
    if (from.size === 0) return false;
    const read = await this.memory.store.readStreams([...from.keys()], { from });
    const misled = new Set<StreamName>();
    for (const [stream, revision] of from) {
      const events = read.get(stream) ?? [];
      const [first] = events;
      if (hints.has(stream) && (first === undefined || !beginsPeriod(first))) misled.add(stream);
      else this.receive(stream, events, revision === 0);
    }
    if (misled.size > 0) await this.load([], misled);
    return true;
  }

  /** Hands over some accounts to one who settles a part of the facts, with a share in facts and cards. */
  split(streams: Iterable<StreamName>): StreamsInHand {
    const part = new StreamsInHand(this.memory, { ...this.of, shared: this });
    part.newest = this.newest;
    for (const stream of streams) {
      const account = this.accounts.get(stream);
      if (account === undefined) continue;
      this.accounts.delete(stream);
      part.accounts.set(stream, account);
    }
    return part;
  }

  fact(stream: StreamName): HeldFact | undefined {
    return this.facts.get(stream) ?? this.of.shared?.fact(stream);
  }

  card(stream: StreamName): HeldCard | undefined {
    return this.cards.get(stream) ?? this.of.shared?.card(stream);
  }

  budget(stream: StreamName): HeldBudget | undefined {
    return this.budgets.get(stream) ?? this.of.shared?.budget(stream);
  }

  /** The budgets of which all that ever happened was read. */
  wholeBudgets(): readonly HeldBudget[] {
    const own = [...this.budgets.values()].filter(({ whole }) => whole !== undefined);
    return [...(this.of.shared?.wholeBudgets() ?? []), ...own];
  }

  /** What was told of a member, in order. */
  told(stream: StreamName): readonly Telling[] | undefined {
    return this.tellings.get(stream) ?? this.of.shared?.told(stream);
  }

  /** What was asked before is not asked again. */
  async askBirthdays(questions: readonly BirthdayQuestion[]): Promise<void> {
    const open = questions.filter((one) => this.birthday(keyOfQuestion(one)) === undefined);
    if (open.length === 0) return;
    const answers = await this.memory.birthdays.ask(open).catch(orAway);
    for (const key of open.map(keyOfQuestion))
      this.birthdays.set(key, answers instanceof ServiceAway ? answers : answers.get(key) === true);
  }

  inBirthdayWindow(question: BirthdayQuestion): boolean {
    const answer = this.birthday(keyOfQuestion(question));
    if (answer === undefined) throw new Error('enrollment was not asked for a birthday');
    if (answer instanceof ServiceAway) throw answer;
    return answer;
  }

  private birthday(key: string): boolean | ServiceAway | undefined {
    return this.birthdays.get(key) ?? this.of.shared?.birthday(key);
  }

  account(stream: StreamName): AccountInHand | undefined {
    const account = this.accounts.get(stream);
    return account?.missing(false) === null ? account : undefined;
  }

  /** The position of the newest event of all that was read or kept. */
  get newestPosition(): bigint {
    return this.newest;
  }

  /** Gives accounts back to memory: as they are when `appended` says where their events are durable; null: that is not so, or not known. */
  giveBack(appended: bigint | null): void {
    for (const [stream, account] of this.accounts) {
      const kept = account.kept(appended);
      if (kept !== undefined) this.memory.accounts.put(stream, kept);
    }
    this.accounts.clear();
  }

  /** An account that was merged is followed, as far as memory goes. */
  private withSuccessors(streams: readonly StreamName[]): ReadonlySet<StreamName> {
    const wanted = new Set(streams);
    // A set's loop visits what is added while it runs.
    for (const stream of wanted) {
      const next = categoryOf(stream) === 'ledger' ? this.taken(stream).knownSuccessor : null;
      if (next !== null) wanted.add(next);
    }
    return wanted;
  }

  private taken(stream: StreamName): AccountInHand {
    let account = this.accounts.get(stream);
    if (account === undefined) {
      account = new AccountInHand(this.memory.accounts.take(stream), this.of.keepSpares);
      this.accounts.set(stream, account);
      this.see(account.position);
    }
    return account;
  }

  private missing(stream: StreamName, whole: boolean): number | null {
    switch (categoryOf(stream)) {
      case 'ledger':
        return this.taken(stream).missing(whole);
      case 'card':
        return this.card(stream) === undefined ? this.foreseen(stream).revision + 1 : null;
      case 'budget': {
        const held = this.budget(stream);
        if (whole) return held?.whole === undefined ? 0 : null;
        return held === undefined ? this.foreseenBudget(stream).revision + 1 : null;
      }
      case 'attribute':
        return this.told(stream) === undefined ? 0 : null;
      case 'program':
        return this.programs.has(stream) ? null : this.memory.catalog.since(stream);
      default:
        return this.fact(stream) === undefined ? 0 : null;
    }
  }

  /** Where folding accounts may begin that nothing is kept of. */
  private async closedPeriods(
    streams: readonly (readonly [StreamName, number])[],
  ): Promise<ReadonlyMap<StreamName, number>> {
    const { closedAt } = this.memory;
    const hints = new Map<StreamName, number>();
    if (closedAt === undefined) return hints;
    const cold = streams.filter(([stream, from]) => from === 0 && categoryOf(stream) === 'ledger');
    await Promise.all(
      cold.map(async ([stream]) => {
        const revision = await closedAt(stream);
        if (revision !== null) hints.set(stream, revision);
      }),
    );
    return hints;
  }

  /** What was kept of a card when it was first asked for: what is read later goes on from there. */
  foreseen(stream: StreamName): HeldCard {
    let held = this.kept.get(stream);
    if (held === undefined) {
      held = this.memory.cards.get(stream) ?? { state: unknownCard, revision: -1 };
      this.kept.set(stream, held);
    }
    return held;
  }

  /** The same of a budget. */
  private foreseenBudget(stream: StreamName): HeldBudget {
    let held = this.keptBudgets.get(stream);
    if (held === undefined) {
      held = this.memory.budgets.get(stream) ?? noBudget;
      this.keptBudgets.set(stream, held);
    }
    return held;
  }

  private receive(stream: StreamName, events: readonly RecordedEvent[], whole: boolean): void {
    const { revision = -1, position = 0n } = events.at(-1) ?? {};
    this.see(position);
    switch (categoryOf(stream)) {
      case 'ledger':
        this.taken(stream).receive(events, whole ? 'whole' : 'tail');
        return;
      case 'card': {
        const before = this.foreseen(stream);
        let { state } = before;
        for (const event of events) state = evolveCard(state, decodeCardEvent(event));
        const card = { state, revision: Math.max(before.revision, revision) };
        this.cards.set(stream, card);
        if (card.revision >= 0) this.memory.cards.put(stream, card);
        return;
      }
      case 'budget': {
        const before = whole ? noBudget : this.foreseenBudget(stream);
        const used = events.map((event) => ({ ...decodeBudgetEvent(event), id: event.id }));
        const budget = {
          state: used.reduce(evolveBudget, before.state),
          revision: Math.max(before.revision, revision),
          ...(whole ? { whole: used } : {}),
        };
        this.budgets.set(stream, budget);
        if (budget.revision >= 0) this.memory.budgets.put(stream, budget);
        return;
      }
      case 'attribute':
        this.tellings.set(stream, tellingsOf(events));
        return;
      case 'program':
        this.programs.add(stream);
        this.memory.catalog.learn(stream, events);
        return;
      default: {
        const told = events.map(decodeFactEvent).reduce(evolveFactStream, emptyFactStream);
        this.facts.set(stream, { ...told, revision });
      }
    }
  }

  private see(position: bigint): void {
    if (position > this.newest) this.newest = position;
  }
}

const orAway = (error: unknown): ServiceAway => {
  if (error instanceof ServiceAway) return error;
  throw error;
};

const noBudget: HeldBudget = { state: untouchedBudget, revision: -1 };

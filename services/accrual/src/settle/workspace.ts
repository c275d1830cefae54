import {
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  type Account,
  type EarnReversed,
  type LedgerEvent,
  type PointsEarned,
} from '@tallystick/ledger';
import {
  cardStream,
  decodeCardEvent,
  decodeFactEvent,
  evolveCard,
  evolveFact,
  factStream,
  unknownCard,
  type CardEvent,
  type CardState,
  type FactEvent,
  type FactStreamState,
} from '@tallystick/receipts';
import {
  newEvent,
  type EventMetadata,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
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

/** What a fact did to an account. */
export type Applied = PointsEarned | EarnReversed;

/** An account as a decision needs it: its state, and what each fact that it applied did to it. */
export interface AccountInHand {
  readonly state: Account;
  readonly applied: ReadonlyMap<FactId, readonly Applied[]>;
}

type Recorded = ReadonlyMap<StreamName, readonly RecordedEvent[]>;

/**
 * The streams that a few facts touch, as read, and what was decided on top of them but is not written yet.
 * Thrown away after its append, whichever way that ended.
 */
export class Workspace {
  private readonly facts = new Map<FactId, FactStreamState | null>();
  private readonly cards = new Map<StreamName, CardState>();
  private readonly accounts = new Map<
    StreamName,
    { state: Account; applied: Map<FactId, Applied[]> }
  >();
  private readonly pending = new Map<
    StreamName,
    { expected: ExpectedRevision; events: NewEvent[] }
  >();
  private readonly recorded = new Map<StreamName, readonly RecordedEvent[]>();

  /** `base`: what was read together with others, and is not read again. */
  constructor(
    private readonly store: EventStore,
    private readonly base?: Workspace,
  ) {}

  /** Reads streams that are not in hand yet. */
  async load(streams: Iterable<StreamName>): Promise<void> {
    const missing = [...new Set(streams)].filter((stream) => this.read(stream) === undefined);
    if (missing.length === 0) return;
    const read: Recorded = await this.store.readStreams(missing);
    for (const stream of missing) this.recorded.set(stream, read.get(stream) ?? []);
  }

  /** Shares what was read, and nothing that was decided: for one group of the facts that were read together. */
  fork(): Workspace {
    return new Workspace(this.store, this);
  }

  fact(id: FactId): FactStreamState | null {
    let state = this.facts.get(id);
    if (state === undefined) {
      state = null;
      for (const event of this.events(factStream(id)))
        state = evolveFact(state, decodeFactEvent(event));
      this.facts.set(id, state);
    }
    return state;
  }

  card(program: ProgramId, token: CardToken): CardState {
    const stream = cardStream(program, token);
    let state = this.cards.get(stream);
    if (state === undefined) {
      state = unknownCard;
      for (const event of this.events(stream)) state = evolveCard(state, decodeCardEvent(event));
      this.cards.set(stream, state);
    }
    return state;
  }

  account(program: ProgramId, id: AccountId): AccountInHand {
    return this.inHand(ledgerStream(program, id));
  }

  recordFact(id: FactId, event: FactEvent, metadata: EventMetadata): void {
    this.write(factStream(id), id, 0, event, metadata);
    this.facts.set(id, evolveFact(this.fact(id), event));
  }

  recordCard(
    program: ProgramId,
    token: CardToken,
    event: CardEvent,
    of: FactId,
    metadata: EventMetadata,
  ): void {
    const stream = cardStream(program, token);
    const state = this.card(program, token);
    this.write(stream, of, state.links.length, event, metadata);
    this.cards.set(stream, evolveCard(state, event));
  }

  /** Events that the ledger's decider has folded into the account already. */
  recordLedger(
    program: ProgramId,
    id: AccountId,
    of: FactId,
    events: readonly LedgerEvent[],
    metadata: EventMetadata,
  ): void {
    const stream = ledgerStream(program, id);
    const { applied } = this.inHand(stream);
    events.forEach((event, ordinal) => {
      this.write(stream, of, ordinal, event, metadata);
      remember(applied, event);
    });
  }

  /** The newest event of all that was read. */
  newestPosition(): bigint {
    let newest = this.base?.newestPosition() ?? 0n;
    for (const events of this.recorded.values()) {
      const position = events.at(-1)?.position ?? 0n;
      if (position > newest) newest = position;
    }
    return newest;
  }

  /** What is to be appended: facts' streams first, so that a store without atomicity never awards what it does not know. */
  writes(): StreamWrite[] {
    return [...this.pending]
      .map(([stream, { expected, events }]) => ({ stream, expected, events }))
      .sort((a, b) => rank(a.stream) - rank(b.stream));
  }

  private inHand(stream: StreamName) {
    let account = this.accounts.get(stream);
    if (account === undefined) {
      account = { state: emptyAccount(), applied: new Map<FactId, Applied[]>() };
      for (const recorded of this.events(stream)) {
        const event = decodeLedgerEvent(recorded);
        evolve(account.state, event);
        remember(account.applied, event);
      }
      this.accounts.set(stream, account);
    }
    return account;
  }

  private events(stream: StreamName): readonly RecordedEvent[] {
    const events = this.read(stream);
    if (events === undefined) throw new Error(`stream ${stream} was not loaded`);
    return events;
  }

  private read(stream: StreamName): readonly RecordedEvent[] | undefined {
    return this.recorded.get(stream) ?? this.base?.read(stream);
  }

  private write(
    stream: StreamName,
    of: FactId,
    ordinal: number,
    event: { readonly type: string; readonly data: object },
    metadata: EventMetadata,
  ): void {
    let pending = this.pending.get(stream);
    if (pending === undefined) {
      pending = { expected: this.events(stream).at(-1)?.revision ?? 'noStream', events: [] };
      this.pending.set(stream, pending);
    }
    pending.events.push(newEvent(of, ordinal, { type: event.type, data: event.data }, metadata));
  }
}

const remember = (applied: Map<FactId, Applied[]>, event: LedgerEvent): void => {
  if (event.type !== 'PointsEarned' && event.type !== 'EarnReversed') return;
  const { fact } = event.data;
  applied.set(fact, [...(applied.get(fact) ?? []), event]);
};

const order = ['receipt', 'partneraward', 'card', 'ledger'];
const rank = (stream: StreamName): number => order.indexOf(stream.slice(0, stream.indexOf('-')));

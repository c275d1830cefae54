import type { Held } from '@tallystick/accounts';
import type { EventMetadata, RecordedEvent } from '@tallystick/event-store';
import { ledgerStream, type AccountId, type FactId, type StreamName } from '@tallystick/kernel';
import {
  emptyAccount,
  eventAt,
  evolve,
  LedgerReader,
  type Account,
  type EarningRerated,
  type EarnReversed,
  type LedgerEvent,
  type MergeOut,
  type PointsEarned,
} from '@tallystick/ledger';

/** What a fact did to an account. */
export type Applied = PointsEarned | EarnReversed | EarningRerated;

/**
 * An account while facts are settled on it: what was kept of it, what was read since, and what is decided on top. What was read is
 * folded when its state is asked for, and not before.
 */
export class AccountInHand {
  private held: Held;
  /** What was read, in order; as far back as `reach` says. */
  private read: readonly RecordedEvent[] = [];
  private reach: 'none' | 'tail' | 'whole' = 'none';
  private history: ReadonlyMap<FactId, readonly Applied[]> | undefined;
  private readonly decided = new Map<FactId, Applied[]>();
  private decidedEvents = 0;
  /** The last event of those that were read, once it was asked for: it may be large. */
  private leaving: LedgerEvent | undefined;
  private dirty = false;
  private spare: Held | undefined;

  /** `keepSpare`: what was kept is copied at once, before the account is read: copying takes long, and lies in nobody's way then. */
  constructor(held: Held | undefined, keepSpare = false) {
    if (held !== undefined && keepSpare) this.spare = copyOf(held);
    this.held = held ?? { state: emptyAccount(), revision: -1, position: 0n };
  }

  /** Takes what a read found: the events after those that were in hand, or all of them since the first. */
  receive(events: readonly RecordedEvent[], reach: 'tail' | 'whole'): void {
    this.read = events;
    this.reach = reach;
    this.history = undefined;
    this.leaving = undefined;
  }

  /** From which revision on to read, so as to have what came since the account was used last, or all that ever happened to it; null: it was read. */
  missing(whole: boolean): number | null {
    if (this.reach === 'whole' || (this.reach === 'tail' && !whole)) return null;
    return whole ? 0 : this.revision + 1;
  }

  /** The revision of the last event that was in hand or read; -1: none. What is decided here is not counted. */
  get revision(): number {
    return Math.max(this.held.revision, this.read.at(-1)?.revision ?? -1);
  }

  get position(): bigint {
    const read = this.read.at(-1)?.position ?? 0n;
    return read > this.held.position ? read : this.held.position;
  }

  /** The account as of what was read, with what is decided here folded in. Changed by the ledger’s deciders alone, who take it by `toDecideOn`. */
  get state(): Account {
    const { state } = this.held;
    if (this.revision === this.held.revision) return state;
    const reader = new LedgerReader();
    for (const recorded of this.read) {
      if (recorded.revision <= this.held.revision) continue;
      const event = reader.read(recorded);
      if (event === null) continue;
      evolve(state, event);
      this.held = { state, revision: recorded.revision, position: recorded.position };
    }
    return state;
  }

  /** The stream of the account that this one became part of, as far as that was known before anything was read. */
  get knownSuccessor(): StreamName | null {
    const { opened, merged } = this.held.state;
    return opened === null || merged === null ? null : ledgerStream(opened.program, merged.into);
  }

  /** The account that this one became part of; null: none. Folds nothing. */
  get mergedInto(): AccountId | null {
    return this.left()?.merge.target ?? this.held.state.merged?.into ?? null;
  }

  /** How the account left for its successor, if that was read: nothing can come after it, so it is the stream's last event. */
  left(): { readonly merge: MergeOut; readonly metadata: EventMetadata } | null {
    const last = this.read.at(-1);
    if (last?.type !== 'AccountsMerged') return null;
    this.leaving ??= eventAt(this.read, this.read.length - 1);
    const { data } = this.leaving;
    return 'side' in data && data.side === 'source'
      ? { merge: data, metadata: { ...last.metadata, causationId: last.id } }
      : null;
  }

  /** What a fact did to the account: by what was read of its stream, and by what is decided here. */
  appliedBy(fact: FactId): readonly Applied[] {
    this.history ??= this.reach === 'whole' ? historyOf(this.read) : new Map();
    return [...(this.history.get(fact) ?? []), ...(this.decided.get(fact) ?? [])];
  }

  /** To be called before the state is given to a decider, which may change it and then fail. */
  toDecideOn(keepSpare: boolean): Account {
    const { state } = this;
    if (!this.dirty && keepSpare) this.spare ??= copyOf(this.held);
    this.dirty = true;
    return state;
  }

  /** Notes events that the ledger's decider has folded into the state already, and as how many they are stored. */
  note(events: readonly LedgerEvent[], stored: number): void {
    this.decidedEvents += stored;
    for (const event of events) remember(this.decided, event);
  }

  /** The account as it may be kept: `appended` says where its events are durable, null that they are not. */
  kept(appended: bigint | null): Held | undefined {
    if (!this.dirty) return this.held.revision < 0 ? undefined : this.held;
    if (appended === null) return this.spare;
    const revision = this.held.revision + this.decidedEvents;
    return { state: this.held.state, revision, position: appended };
  }
}

const copyOf = (held: Held): Held => ({ ...held, state: structuredClone(held.state) });

const historyOf = (events: readonly RecordedEvent[]): ReadonlyMap<FactId, readonly Applied[]> => {
  const history = new Map<FactId, Applied[]>();
  events.forEach(({ type }, index) => {
    if (appliedTypes.has(type)) remember(history, eventAt(events, index));
  });
  return history;
};

const appliedTypes: ReadonlySet<string> = new Set([
  'PointsEarned',
  'EarnReversed',
  'EarningRerated',
]);

const remember = (applied: Map<FactId, Applied[]>, event: LedgerEvent): void => {
  if (!isApplied(event)) return;
  const { fact } = event.data;
  const events = applied.get(fact);
  if (events === undefined) applied.set(fact, [event]);
  else events.push(event);
};

const isApplied = (event: LedgerEvent): event is Applied => appliedTypes.has(event.type);

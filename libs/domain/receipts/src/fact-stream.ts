import {
  factId,
  encodedStreamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import {
  isSale,
  type PartnerFact,
  type ReceiptFact,
  type ReceiptLine,
  type ReceiptRef,
} from '@tallystick/rulebook';
import type { FactEvent, Pin, ReturnNoted } from './events.js';

/** A fact that earns: a store's receipt, or a partner's event. */
export type Fact = ReceiptFact | PartnerFact;

export const isReceipt = (fact: Fact): fact is ReceiptFact => 'lines' in fact;
export const revisionOf = (fact: Fact): number => (isReceipt(fact) ? fact.revision : 1);

const receiptParts = (program: ProgramId, ref: ReceiptRef) =>
  [program, ref.chain, ref.store, ref.till, ref.number, ref.businessDate] as const;

export const receiptFactId = (program: ProgramId, ref: ReceiptRef): FactId =>
  factId('receipt', ...receiptParts(program, ref));
export const partnerFactId = (program: ProgramId, partner: string, event: string): FactId =>
  factId('partnerevent', program, partner, event);

/** The receipts that a fact's returned lines name. */
export const namedOriginals = (fact: Fact): FactId[] => salesNamed(fact).map(({ id }) => id);

/** The same, with what they are called. */
export const salesNamed = (fact: Fact): { readonly id: FactId; readonly ref: ReceiptRef }[] => {
  const named = new Map<FactId, ReceiptRef>();
  if (isReceipt(fact))
    for (const line of fact.lines) {
      const id = isSale(line) ? null : originalOf(fact, line);
      if (id === null || line.original === null) continue;
      const { ordinal: _, ...ref } = line.original;
      named.set(id, ref);
    }
  return [...named].map(([id, ref]) => ({ id, ref }));
};

export const originalOf = (fact: ReceiptFact, line: ReceiptLine): FactId | null =>
  line.original === null ? null : receiptFactId(fact.program, line.original);

/** `receipt/a/b` lives in stream `receipt-a-b`: the parts of both are encoded alike. */
export const factStream = (fact: FactId): StreamName => {
  const [kind, ...parts] = fact.split('/');
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error(`not a fact's id: ${fact}`);
  return encodedStreamName(kind === 'receipt' ? 'receipt' : 'partneraward', first, ...rest);
};

/** The newest revision of a fact, and where it goes. */
export interface FactStreamState {
  readonly document: Fact;
  /** null: it waits for its card. */
  readonly pin: Pin | null;
  /** Where lines of the revisions before it went: this one takes back there what it does not bring again. */
  readonly left: readonly AccountId[];
  /** The account that claimed it by its number: the home of a receipt without a card. null: none did. */
  readonly claimedBy: AccountId | null;
  /** Accounts where lines of this revision were, and are not any more: the sale that they return went to another. */
  readonly moved: readonly AccountId[];
  /** The sales that revisions before this one return something of. */
  readonly named: readonly FactId[];
  /** How often this revision was pinned after it had come. */
  readonly pins: number;
  /** Hashes of other contents that were refused, so that each is recorded once. */
  readonly refused: ReadonlySet<string>;
}

/** A fact's stream: the fact, once it has come, and the receipts that return something of it, by the newest of their revisions that does. */
export interface FactStream {
  readonly state: FactStreamState | null;
  readonly returnedBy: ReadonlyMap<FactId, number>;
}

export const emptyFactStream: FactStream = { state: null, returnedBy: new Map() };

export const evolveFactStream = (stream: FactStream, event: FactEvent): FactStream =>
  event.type === 'ReturnNoted'
    ? {
        ...stream,
        returnedBy: new Map([...stream.returnedBy, [event.data.by, event.data.revision]]),
      }
    : { ...stream, state: evolveFact(stream.state, event) };

/** Where lines of a fact have gone by now: by its newest revision, or by those before it while that one waits or may change nothing. */
export const accountsReached = (state: FactStreamState | null): readonly AccountId[] => {
  if (state === null) return [];
  if (state.pin === null || state.pin.parts.length === 0) return state.left;
  return [...new Set([...accountsWithLines(state.pin), ...state.moved])];
};

/** The account that is told for a fact that may go to several: the first that gets something of it. */
export const mainAccount = ({ parts }: Pin): AccountId | null =>
  (parts.find(({ lines }) => lines.length > 0) ?? parts[0])?.account ?? null;

const accountsWithLines = (pin: Pin | null): readonly AccountId[] =>
  (pin?.parts ?? []).filter(({ lines }) => lines.length > 0).map(({ account }) => account);

export const evolveFact = (
  state: FactStreamState | null,
  event: Exclude<FactEvent, ReturnNoted>,
): FactStreamState => {
  if (event.type === 'ReceiptRegistered' || event.type === 'PartnerEventRegistered') {
    return {
      document: event.data.document,
      pin: event.data.pin,
      left: accountsReached(state),
      claimedBy: state?.claimedBy ?? null,
      moved: [],
      named: salesEverNamed(state),
      pins: 0,
      refused: state?.refused ?? new Set(),
    };
  }
  if (state === null)
    throw new Error(`a fact's stream begins with its registration, not with ${event.type}`);
  return event.type === 'FactPinned'
    ? {
        ...state,
        pin: event.data.pin,
        claimedBy: event.data.claimedBy ?? state.claimedBy,
        moved: movedBy(state, event.data.pin),
        pins: state.pins + 1,
      }
    : { ...state, refused: new Set([...state.refused, event.data.document.hash]) };
};

/** The sales that a fact returns something of, by any of its revisions. */
export const salesEverNamed = (state: FactStreamState | null): readonly FactId[] =>
  state === null ? [] : [...new Set([...state.named, ...namedOriginals(state.document)])];

const movedBy = ({ moved, pin: before }: FactStreamState, pin: Pin): readonly AccountId[] => {
  const now = accountsWithLines(pin);
  return [...new Set([...moved, ...accountsWithLines(before)])].filter((one) => !now.includes(one));
};

export type FactStanding =
  | { readonly kind: 'new' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'pinned'; readonly pin: Pin }
  | { readonly kind: 'superseded'; readonly revision: number }
  | { readonly kind: 'conflict'; readonly recorded: boolean };

/** What a fact that arrives is to the stream that bears its id. */
export const standingOfFact = (state: FactStreamState | null, fact: Fact): FactStanding => {
  if (state === null) return { kind: 'new' };
  const revision = revisionOf(fact);
  const latest = revisionOf(state.document);
  if (revision > latest) return { kind: 'new' };
  if (revision < latest) return { kind: 'superseded', revision: latest };
  if (fact.hash !== state.document.hash)
    return { kind: 'conflict', recorded: state.refused.has(fact.hash) };
  return state.pin === null ? { kind: 'waiting' } : { kind: 'pinned', pin: state.pin };
};

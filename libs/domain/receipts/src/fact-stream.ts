import {
  factId,
  encodedStreamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { PartnerFact, ReceiptFact, ReceiptRef } from '@tallystick/rulebook';
import type { FactEvent, Pin } from './events.js';

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
  /** Hashes of other contents that were refused, so that each is recorded once. */
  readonly refused: ReadonlySet<string>;
}

/** Where lines of a fact have gone by now: by its newest revision, or by those before it while that one waits or may change nothing. */
export const accountsReached = (state: FactStreamState | null): readonly AccountId[] => {
  if (state === null) return [];
  if (state.pin === null || state.pin.parts.length === 0) return state.left;
  return state.pin.parts.filter(({ lines }) => lines.length > 0).map(({ account }) => account);
};

export const evolveFact = (state: FactStreamState | null, event: FactEvent): FactStreamState => {
  if (event.type === 'ReceiptRegistered' || event.type === 'PartnerEventRegistered') {
    return {
      document: event.data.document,
      pin: event.data.pin,
      left: accountsReached(state),
      claimedBy: state?.claimedBy ?? null,
      refused: state?.refused ?? new Set(),
    };
  }
  if (state === null)
    throw new Error(`a fact's stream begins with its registration, not with ${event.type}`);
  return event.type === 'FactPinned'
    ? { ...state, pin: event.data.pin, claimedBy: event.data.claimedBy ?? state.claimedBy }
    : { ...state, refused: new Set([...state.refused, event.data.document.hash]) };
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

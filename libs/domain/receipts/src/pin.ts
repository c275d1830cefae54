import { addMs, type AccountId, type CardToken, type FactId } from '@tallystick/kernel';
import type { RulebookRef } from '@tallystick/ledger';
import { isSale, type ReceiptFact, type ReceiptLine, type Rulebook } from '@tallystick/rulebook';
import { ownerAt, type CardState } from './card-stream.js';
import type { Part, Pin } from './events.js';
import {
  accountsReached,
  isReceipt,
  receiptFactId,
  revisionOf,
  type Fact,
  type FactStreamState,
} from './fact-stream.js';

export interface PinContext {
  readonly card: (token: CardToken) => CardState;
  /** The fact's own stream, and those of the receipts that returned lines name. */
  readonly fact: (id: FactId) => FactStreamState | null;
  /** Where an account's points are by now: itself, or the successor that it was merged into. */
  readonly home: (account: AccountId) => AccountId;
  /** The version in force when it happened; null: there was none yet. */
  readonly rulebook: { readonly ref: RulebookRef; readonly book: Rulebook } | null;
}

export type PinDecision =
  | { readonly kind: 'pinned'; readonly pin: Pin }
  /** The card leads to nobody yet: the fact is kept, and waits on the card's stream. */
  | { readonly kind: 'waiting'; readonly card: CardToken };

const dayMs = 86_400_000;

/** The receipts that a fact's returned lines name. */
export const namedOriginals = (fact: Fact): FactId[] =>
  isReceipt(fact) ? [...new Set(fact.lines.flatMap((line) => originalOf(fact, line) ?? []))] : [];

export const originalOf = (fact: ReceiptFact, line: ReceiptLine): FactId | null =>
  line.original === null ? null : receiptFactId(fact.program, line.original);

/**
 * Decides where a fact goes. Sold lines, and returned lines that name no sale, go to the card's account;
 * a returned line that names its sale goes to the account of that sale, whatever card is shown.
 * A later revision goes to the accounts of the earlier one too, to take back there what that one did.
 */
export const decidePin = (fact: Fact, context: PinContext): PinDecision => {
  const decision = decideLines(fact, context);
  if (decision.kind === 'waiting') return decision;
  const { parts } = decision.pin;
  const left = [
    ...new Set(accountsLeft(fact, context.fact(fact.id)).map((account) => context.home(account))),
  ].filter((account) => !parts.some((part) => part.account === account));
  if (left.length === 0) return decision;
  const emptied = left.map((account) => ({ account, lines: [] }));
  return { kind: 'pinned', pin: { ...decision.pin, parts: [...parts, ...emptied] } };
};

/** Where earlier revisions of a fact went. */
const accountsLeft = (fact: Fact, state: FactStreamState | null): readonly AccountId[] => {
  if (state === null) return [];
  return revisionOf(fact) > revisionOf(state.document) ? accountsReached(state) : state.left;
};

const decideLines = (fact: Fact, context: PinContext): PinDecision => {
  const { rulebook } = context;
  if (rulebook === null) return nowhere(null, 'no-rulebook-in-force');
  if (fact.currency !== null && fact.currency !== rulebook.book.currency)
    return nowhere(rulebook.ref, 'other-currency');
  const home =
    fact.card === null
      ? claimedHome(fact, context)
      : homeOf(fact, fact.card, context, rulebook.book);
  const homeless = (): PinDecision =>
    fact.card !== null && home === null
      ? { kind: 'waiting', card: fact.card }
      : nowhere(rulebook.ref, typeof home === 'string' ? home : 'no-card');
  const account = typeof home === 'object' ? (home?.account ?? null) : null;
  if (!isReceipt(fact)) {
    return account === null ? homeless() : pinnedTo(rulebook.ref, [{ account, lines: [] }]);
  }

  const lines = new Map<AccountId, number[]>();
  for (const line of fact.lines) {
    const original = isSale(line) ? null : originalOf(fact, line);
    const sale = original === null ? null : context.fact(original);
    if (sale !== null && sale.pin === null && sale.document.card !== null) {
      // The sale itself waits for its card: what returns it waits behind it.
      return { kind: 'waiting', card: sale.document.card };
    }
    const goesTo = accountOfSale(sale, context) ?? account;
    if (goesTo !== null) lines.set(goesTo, [...(lines.get(goesTo) ?? []), line.ordinal]);
    else if (fact.card !== null && home === null) return homeless();
  }
  return lines.size === 0
    ? homeless()
    : pinnedTo(
        rulebook.ref,
        [...lines].map(([account, ordinals]) => ({ account, lines: ordinals })),
      );
};

const pinnedTo = (rulebook: RulebookRef, parts: readonly Part[]): PinDecision => ({
  kind: 'pinned',
  pin: { rulebook, parts, nothing: null },
});

const nowhere = (rulebook: RulebookRef | null, nothing: string): PinDecision => ({
  kind: 'pinned',
  pin: { rulebook, parts: [], nothing },
});

/** Without a card: the account that claimed it by its number. */
const claimedHome = (fact: Fact, context: PinContext): { readonly account: AccountId } | null => {
  const account = context.fact(fact.id)?.claimedBy ?? null;
  return account === null ? null : { account: context.home(account) };
};

/** The card's account, why it may not claim the fact, or null while the card is nobody's. */
const homeOf = (
  fact: Fact,
  token: CardToken,
  context: PinContext,
  book: Rulebook,
): { readonly account: AccountId } | string | null => {
  const owner = ownerAt(context.card(token), fact.occurredAt);
  if (owner === null) return null;
  const { windowDays } = book.claims;
  const tooOld = windowDays !== null && fact.occurredAt < addMs(owner.from, -windowDays * dayMs);
  return tooOld ? 'before-the-claim-window' : { account: context.home(owner.account) };
};

/** A sale without a card has no account, and one of several accounts is its card's. */
const accountOfSale = (
  sale: FactStreamState | null,
  { home }: Pick<PinContext, 'home'>,
): AccountId | null => {
  if (sale === null || !isReceipt(sale.document) || sale.pin === null) return null;
  const sold = new Set(sale.document.lines.filter(isSale).map((line) => line.ordinal));
  const part = sale.pin.parts.find(({ lines }) => lines.some((ordinal) => sold.has(ordinal)));
  return part === undefined ? null : home(part.account);
};

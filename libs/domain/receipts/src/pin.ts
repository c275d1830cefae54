import { addMs, type AccountId, type CardToken, type FactId } from '@tallystick/kernel';
import type { RulebookRef } from '@tallystick/ledger';
import { isSale, type ReceiptFact, type ReceiptLine, type Rulebook } from '@tallystick/rulebook';
import { ownerAt, type CardState } from './card-stream.js';
import type { Part, Pin } from './events.js';
import {
  accountsReached,
  isReceipt,
  originalOf,
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

/**
 * Decides where a fact goes. Sold lines, and returned lines that name no sale, go to the card's account;
 * a returned line that names its sale goes to the account of that sale, whatever card is shown.
 * What has nowhere to go yet holds up nothing else of it: see `followUp`.
 * A later revision goes to the accounts of the earlier one too, to take back there what that one did.
 */
export const decidePin = (fact: Fact, context: PinContext): PinDecision => {
  const { pin, waits } = decideLines(fact, context);
  const left = [
    ...new Set(accountsLeft(fact, context.fact(fact.id)).map((account) => context.home(account))),
  ].filter((account) => !pin.parts.some((part) => part.account === account));
  const parts = [...pin.parts, ...left.map((account) => ({ account, lines: [] }))];
  if (waits === null) return { kind: 'pinned', pin: { ...pin, parts } };
  return parts.length === 0
    ? { kind: 'waiting', card: waits }
    : { kind: 'pinned', pin: { ...pin, parts, nothing: null, waits } };
};

/**
 * Where a pinned fact goes on to: lines that wait for a card, or that somebody claims, get a home when there is one, and a returned line
 * follows the sale that it names, also one that had come later, or that was corrected to another account. All else stays as it is pinned.
 * The very same pin where nothing changes.
 */
export const followUp = (fact: Fact, pin: Pin, context: PinContext): Pin => {
  if (!isReceipt(fact) || pin.rulebook === null || !maySettle.has(pin.nothing)) return pin;
  const open = pin.waits !== undefined;
  const own = !open && fact.card !== null ? 'settled' : ownHome(fact, context);
  const now = new Map<number, AccountId>();
  for (const { account, lines } of pin.parts) for (const one of lines) now.set(one, account);
  const to = spread(fact, context, own, (line, sale) => {
    const at = now.get(line.ordinal) ?? null;
    return at !== null && (sale === null || context.home(at) === sale) ? at : sale;
  });
  const waits = open ? to.waits : null;
  const moves = fact.lines.some(({ ordinal }) => to.lines.get(ordinal) !== now.get(ordinal));
  if (!moves && waits === (pin.waits ?? null)) return pin;
  const accounts = new Set([...pin.parts.map(({ account }) => account), ...to.lines.values()]);
  const { waits: _, ...rest } = pin;
  return {
    ...rest,
    parts: partsOf(accounts, to.lines),
    nothing: to.lines.size > 0 ? null : pin.nothing,
    ...(waits === null ? {} : { waits }),
  };
};

/** What goes nowhere for another reason than that nobody has its card, or its sale, goes nowhere for good. */
const maySettle: ReadonlySet<string | null> = new Set([null, 'no-card', 'before-the-claim-window']);

/** Where earlier revisions of a fact went. */
export const accountsLeft = (fact: Fact, state: FactStreamState | null): readonly AccountId[] => {
  if (state === null) return [];
  return revisionOf(fact) > revisionOf(state.document) ? accountsReached(state) : state.left;
};

const decideLines = (
  fact: Fact,
  context: PinContext,
): { readonly pin: Pin; readonly waits: CardToken | null } => {
  const { rulebook } = context;
  if (rulebook === null) return nowhere(null, 'no-rulebook-in-force');
  if (fact.currency !== null && fact.currency !== rulebook.book.currency)
    return nowhere(rulebook.ref, 'other-currency');
  const own = ownHome(fact, context);
  const pinnedTo = (parts: readonly Part[], waits: CardToken | null) => ({
    pin: { rulebook: rulebook.ref, parts, nothing: null },
    waits,
  });
  if (!isReceipt(fact)) {
    if (typeof own === 'string') return nowhere(rulebook.ref, own);
    if (own !== null) return pinnedTo([{ account: own.account, lines: [] }], null);
    return pinnedTo([], fact.card);
  }
  const { lines, waits } = spread(fact, context, own, (_, sale) => sale);
  return lines.size > 0 || waits !== null
    ? pinnedTo(partsOf(new Set(lines.values()), lines), waits)
    : nowhere(rulebook.ref, typeof own === 'string' ? own : 'no-card');
};

type Own = { readonly account: AccountId } | string | null;

/** Which line goes to which account, and which card the others wait for: the receipt's own; or that of a sale, where it is only the sale that has no home. */
const spread = (
  fact: ReceiptFact,
  context: PinContext,
  own: Own,
  /** Where a line stays, or goes because of its sale; null: neither. */
  fixed: (line: ReceiptLine, sale: AccountId | null) => AccountId | null,
): { readonly lines: ReadonlyMap<number, AccountId>; readonly waits: CardToken | null } => {
  const lines = new Map<number, AccountId>();
  let behindSale: CardToken | null = null;
  let homeless = false;
  for (const line of fact.lines) {
    const original = isSale(line) ? null : originalOf(fact, line);
    const sale = original === null || original === fact.id ? null : context.fact(original);
    const at = fixed(line, accountOfSale(sale, context));
    const behind = cardOfWaiting(sale);
    if (at !== null) lines.set(line.ordinal, at);
    else if (behind !== null) behindSale = behind;
    else if (typeof own === 'object' && own !== null) lines.set(line.ordinal, own.account);
    else homeless = true;
  }
  const waits = homeless ? (own === null ? fact.card : null) : behindSale;
  return { lines, waits };
};

/** The card that a sale waits for: what returns it waits behind it. */
const cardOfWaiting = (sale: FactStreamState | null): CardToken | null =>
  sale !== null && (sale.pin === null || sale.pin.waits !== undefined) ? sale.document.card : null;

const partsOf = (
  accounts: ReadonlySet<AccountId>,
  lines: ReadonlyMap<number, AccountId>,
): readonly Part[] =>
  [...accounts].map((account) => ({
    account,
    lines: [...lines].flatMap(([ordinal, at]) => (at === account ? [ordinal] : [])),
  }));

const nowhere = (rulebook: RulebookRef | null, nothing: string) => ({
  pin: { rulebook, parts: [], nothing },
  waits: null,
});

/** The account of a fact's own card, or that claimed it; why it may not have it; null: nobody yet. */
const ownHome = (fact: Fact, context: PinContext): Own => {
  if (context.rulebook === null) return null;
  return fact.card === null
    ? claimedHome(fact, context)
    : homeOf(fact, fact.card, context, context.rulebook.book);
};

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

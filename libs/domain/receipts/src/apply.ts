import { Exact, addMs, type Instant } from '@tallystick/kernel';
import {
  decideReceipt,
  without,
  type Account,
  type CameBack,
  type FactDecision,
  type RatedFact,
  type RatedFrom,
  type RulebookRef,
  type ReturnedLine,
} from '@tallystick/ledger';
import {
  arrearsPolicyOf,
  conditionValues,
  engineVersion,
  isSale,
  ratePartnerEvent,
  rateReceipt,
  type ReceiptFact,
  type Rating,
  type RatingInputs,
  type Rulebook,
  type ToldAttributes,
} from '@tallystick/rulebook';
import type { Part } from './events.js';
import { isReceipt, revisionOf, type Fact } from './fact-stream.js';
import { paidTimesOf } from './level.js';
import { originalOf } from './pin.js';

const dayMs = 86_400_000;

/** What applying a fact is told besides the account and the fact. */
export interface Applying {
  /** When we write it: it values the lots that reversed points come from. */
  readonly at: Instant;
  /** SHA-256 of a text, in hexadecimal. */
  readonly digest: (text: string) => string;
  /** How many points are left of each budget that the fact may ask, by their names. Absent: none was used. */
  readonly budgets?: ReadonlyMap<string, number>;
  /** What was told of the member of what the rulebook asks. Absent: it asks nothing. */
  readonly told?: ToldAttributes;
  /** See `RatedFact`. */
  readonly cameBackElsewhere?: readonly CameBack[];
}

/** Rates the part of a fact that is pinned to an account, under the version that it is pinned to, and folds it into the account. */
export const applyPart = (
  account: Account,
  fact: Fact,
  part: Part,
  rulebook: { readonly ref: RulebookRef; readonly book: Rulebook },
  { at, digest, budgets, told, cameBackElsewhere = [] }: Applying,
): FactDecision => {
  const own = isReceipt(fact) ? linesOf(fact, part.lines) : fact;
  const inputs = {
    ...inputsOf(account, fact, told),
    ...(budgets === undefined ? {} : { budgets }),
  };
  const rating = isReceipt(own)
    ? rateReceipt(own, inputs, rulebook.book)
    : ratePartnerEvent(own, rulebook.book, budgets);
  const rated: RatedFact = {
    fact: fact.id,
    factRevision: revisionOf(fact),
    factHash: fact.hash,
    occurredAt: fact.occurredAt,
    card: fact.card,
    rulebook: rulebook.ref,
    tier: rating.tier,
    spendYear: rating.spendYear,
    day: rating.day,
    ...ratedFrom(inputs, rating, digest, told),
    earning: earningOf(fact, rating),
    returns: isReceipt(own) ? returnsOf(own) : [],
    returnsNotBefore: addMs(fact.occurredAt, -rulebook.book.returns.windowDays * dayMs),
    arrearsPolicy: arrearsPolicyOf(rulebook.book),
    cameBackElsewhere,
  };
  return decideReceipt(account, rated, at);
};

/** What an account knows of itself that its rulebook may ask, with what was told of its member. */
export const inputsOf = (account: Account, fact: Fact, told?: ToldAttributes): RatingInputs => {
  const { history, counted } = without(account, fact.id);
  const firstPurchase = history.size === 0 && account.totals.opening === 0;
  const paid = paidTimesOf(account, fact.id);
  const attributes = told === undefined ? {} : { attributes: conditionValues(told) };
  return { history, counted, firstPurchase, paid, ...attributes };
};

/** What is stored with the award, so that why it is so can be made again. */
export const ratedFrom = (
  { firstPurchase }: RatingInputs,
  rating: Pick<Rating, 'explanationText' | 'counted' | 'budgets'>,
  digest: Applying['digest'],
  told: ToldAttributes = {},
): { readonly rated: RatedFrom } => ({
  rated: {
    engine: engineVersion,
    explanation: digest(rating.explanationText()),
    ...(firstPurchase === true ? { firstPurchase } : {}),
    ...(Object.keys(rating.counted).length === 0 ? {} : { counted: rating.counted }),
    ...(Object.keys(rating.budgets).length === 0 ? {} : { budgets: rating.budgets }),
    ...(Object.keys(told).length === 0 ? {} : { attributes: told }),
  },
});

/** A receipt with some of its lines. What was paid with points was paid for the sold lines, wherever these go. */
export const linesOf = (fact: ReceiptFact, lines: readonly number[]): ReceiptFact => {
  const ordinals = new Set(lines);
  return { ...fact, lines: fact.lines.filter((line) => ordinals.has(line.ordinal)) };
};

const earningOf = (fact: Fact, rating: Rating): RatedFact['earning'] => ({
  lots: rating.lots.map((lot, index) => ({
    id: `${fact.id}#${revisionOf(fact)}.${index}`,
    ...lot,
  })),
  lines: rating.lines,
  reason: rating.reason,
  ...(rating.memberships.length === 0 ? {} : { memberships: rating.memberships }),
});

const returnsOf = (fact: ReceiptFact): ReturnedLine[] =>
  fact.lines
    .filter((line) => !isSale(line))
    .map((line) => {
      const original = originalOf(fact, line);
      return {
        ordinal: line.ordinal,
        product: line.product,
        quantity: Exact.toDecimal(Exact.negate(Exact.exact(line.quantity))),
        original:
          original === null ? null : { fact: original, ordinal: line.original?.ordinal ?? null },
      };
    });

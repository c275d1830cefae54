import { Exact, startOfWindow, timeZone, type Instant } from '@tallystick/kernel';
import {
  decideLateReturns,
  decideReceipt,
  without,
  type Account,
  type CameBack,
  type FactDecision,
  type FactState,
  type RatedFact,
  type ReceiptEvent,
  type Returning,
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
import { isReceipt, originalOf, revisionOf, type Fact } from './fact-stream.js';
import { paidTimesOf } from './level.js';

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
  /** See `RatedFact`. */
  readonly adds?: boolean;
  /** See `RatedFact`. */
  readonly first?: boolean;
}

/** A version of the rulebook, and its name. */
interface Terms {
  readonly ref: RulebookRef;
  readonly book: Rulebook;
}

/** Rates the part of a fact that is pinned to an account, under the version that it is pinned to, and folds it into the account. */
export const applyPart = (
  account: Account,
  fact: Fact,
  part: Part,
  rulebook: Terms,
  { at, digest, budgets, told, cameBackElsewhere = [], adds = false, first = false }: Applying,
): FactDecision => {
  const own = isReceipt(fact) ? linesOf(fact, part.lines) : fact;
  const inputs = {
    ...inputsOf(account, fact, told),
    ...(budgets === undefined ? {} : { budgets }),
  };
  const rating = isReceipt(own)
    ? rateReceipt(own, inputs, rulebook.book)
    : ratePartnerEvent(own, rulebook.book, budgets);
  const lotsBefore = adds ? (account.facts.get(fact.id)?.lots.length ?? 0) : 0;
  const rated: RatedFact = {
    ...returningOf(fact, own, rulebook),
    tier: rating.tier,
    spendYear: rating.spendYear,
    day: rating.day,
    ...ratedFrom(inputs, rating, digest, told),
    earning: earningOf(fact, rating, lotsBefore),
    cameBackElsewhere,
    ...(adds ? { adds } : {}),
    ...(first ? { first } : {}),
  };
  return decideReceipt(account, rated, at);
};

/** What of a part that the account has applied takes back more now, because the sale that it names has come since; folded in. `applied`: see `decideLateReturns`. */
export const applyLateReturns = (
  account: Account,
  fact: ReceiptFact,
  part: Part,
  rulebook: Terms,
  at: Instant,
  applied?: Pick<FactState, 'revision' | 'reversals'>,
): readonly ReceiptEvent[] =>
  decideLateReturns(account, returningOf(fact, linesOf(fact, part.lines), rulebook), at, applied);

/** What a fact is to the sales that it returns. `own`: with the lines that go to the account. */
const returningOf = (fact: Fact, own: Fact, { ref, book }: Terms): Returning => ({
  fact: fact.id,
  factRevision: revisionOf(fact),
  factHash: fact.hash,
  occurredAt: fact.occurredAt,
  card: fact.card,
  rulebook: ref,
  returns: isReceipt(own) ? returnsOf(own) : [],
  returnsNotBefore: returnableFrom(book, fact.occurredAt),
  arrearsPolicy: arrearsPolicyOf(book),
});

/** From when on sales can be returned at a moment: whole days of the programme, that of the return and so many before it. */
export const returnableFrom = (
  { returns, timeZone: zone }: Pick<Rulebook, 'returns' | 'timeZone'>,
  at: Instant,
  lateDays = 0,
): Instant => startOfWindow(at, returns.windowDays + lateDays, timeZone(zone));

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

const earningOf = (fact: Fact, rating: Rating, lotsBefore: number): RatedFact['earning'] => ({
  lots: rating.lots.map((lot, index) => ({
    id: `${fact.id}#${revisionOf(fact)}.${lotsBefore + index}`,
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

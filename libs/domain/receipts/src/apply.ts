import { Exact, addMs, type Instant } from '@tallystick/kernel';
import {
  decideReceipt,
  type Account,
  type CameBack,
  type FactDecision,
  type RatedFact,
  type RulebookRef,
  type ReturnedLine,
} from '@tallystick/ledger';
import {
  arrearsPolicyOf,
  isSale,
  ratePartnerEvent,
  rateReceipt,
  type ReceiptFact,
  type Rating,
  type Rulebook,
} from '@tallystick/rulebook';
import type { Part } from './events.js';
import { isReceipt, revisionOf, type Fact } from './fact-stream.js';
import { originalOf } from './pin.js';

const dayMs = 86_400_000;

/**
 * Rates the part of a fact that is pinned to an account, under the version that it is pinned to, and folds it into the account.
 * `at` is when we write it: it values the lots that reversed points come from. `cameBackElsewhere`: see `RatedFact`.
 */
export const applyPart = (
  account: Account,
  fact: Fact,
  part: Part,
  rulebook: { readonly ref: RulebookRef; readonly book: Rulebook },
  at: Instant,
  cameBackElsewhere: readonly CameBack[] = [],
): FactDecision => {
  const own = isReceipt(fact) ? partOf(fact, part) : fact;
  const rating = isReceipt(own)
    ? rateReceipt(own, { spend: account.spend }, rulebook.book)
    : ratePartnerEvent(own, rulebook.book);
  const rated: RatedFact = {
    fact: fact.id,
    factRevision: revisionOf(fact),
    factHash: fact.hash,
    occurredAt: fact.occurredAt,
    card: fact.card,
    rulebook: rulebook.ref,
    tier: rating.tier,
    spendYear: rating.spendYear,
    earning: earningOf(fact, rating),
    returns: isReceipt(own) ? returnsOf(own) : [],
    returnsNotBefore: addMs(fact.occurredAt, -rulebook.book.returns.windowDays * dayMs),
    arrearsPolicy: arrearsPolicyOf(rulebook.book),
    cameBackElsewhere,
  };
  return decideReceipt(account, rated, at);
};

/** The lines of one part. What was paid with points was paid for the sold lines, wherever these go. */
const partOf = (fact: ReceiptFact, part: Part): ReceiptFact => {
  const ordinals = new Set(part.lines);
  return { ...fact, lines: fact.lines.filter((line) => ordinals.has(line.ordinal)) };
};

const earningOf = (fact: Fact, rating: Rating): RatedFact['earning'] => ({
  lots: rating.lots.map((lot, index) => ({
    id: `${fact.id}#${revisionOf(fact)}.${index}`,
    ...lot,
  })),
  lines: rating.lines,
  reason: rating.reason,
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

import type { FactId } from '@tallystick/kernel';
import {
  decideRerate,
  type Account,
  type RerateDecision,
  type RulebookRef,
} from '@tallystick/ledger';
import {
  arrearsPolicyOf,
  ratePartnerEvent,
  rateReceipt,
  type Rulebook,
} from '@tallystick/rulebook';
import { inputsOf, linesOf, ratedFrom, type Applying } from './apply.js';
import { isReceipt, type Fact } from './fact-stream.js';

/** What people have decided: facts that one version has rated are to be rated by another, and why. */
export interface ReratingRun {
  readonly run: FactId;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
  readonly from: RulebookRef;
  readonly to: { readonly ref: RulebookRef; readonly book: Rulebook };
}

/**
 * A budget paid for some of what the fact earned, or would: it is spent in the order in which receipts come, so which of them it would have
 * paid for cannot be said afterwards.
 */
export interface OfBudget {
  readonly kind: 'of-budget';
}

/**
 * Rates by the corrected version what an account has of a fact, from what the account has done but for this fact; whether it was the
 * first purchase stays as it was known then. Changes nothing: says what would be posted.
 */
export const rerateFact = (
  account: Account,
  fact: Fact,
  { run, reason, requestedBy, approvedBy, from, to }: ReratingRun,
  { at, digest, told }: Applying,
): RerateDecision | OfBudget => {
  const applied = account.facts.get(fact.id);
  const firstPurchase = applied?.firstPurchase ?? false;
  const inputs = { ...inputsOf(account, fact, told), firstPurchase };
  const rating = isReceipt(fact)
    ? rateReceipt(
        linesOf(
          fact,
          (applied?.lines ?? []).map(({ ordinal }) => ordinal),
        ),
        inputs,
        to.book,
      )
    : ratePartnerEvent(fact, to.book);
  const decision = decideRerate(
    account,
    {
      ...{ fact: fact.id, run, reason, requestedBy, approvedBy, from, rulebook: to.ref },
      ...{ tier: rating.tier, ...ratedFrom(inputs, rating, digest, told) },
      earning: { lots: rating.lots, lines: rating.lines, reason: rating.reason },
      ...(isReceipt(fact) ? { byLine: true as const } : {}),
      arrearsPolicy: arrearsPolicyOf(to.book),
    },
    at,
  );
  const paidFor = [
    ...(applied?.lots ?? []).map((id) => (account.lots.get(id) ?? account.emptied.get(id))?.lot),
    ...rating.lots,
  ];
  return decision.kind === 'rerated' && paidFor.some((lot) => lot?.budget !== undefined)
    ? { kind: 'of-budget' }
    : decision;
};

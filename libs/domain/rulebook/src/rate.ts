import { Points, yearOf, type LocalDate } from '@tallystick/kernel';
import { fullBudgets } from './budgets-asked.js';
import type { ReceiptFact } from './facts.js';
import { engineOf } from './engine/compile.js';
import type { ExplainedRule, Explanation } from './engine/explanation.js';
import type { History } from './engine/history.js';
import { rateExactly, type EngineInputs } from './engine/rate-exactly.js';
import { rateQuickly } from './engine/rate-quickly.js';
import type { RatedRules, RuleAward } from './engine/rated-rules.js';
import { tierOn, type PaidTime } from './engine/tiers.js';
import { lotDates } from './lot-dates.js';
import { membershipsIn } from './memberships.js';
import { causeAndCost, dayOf, type RatedLine, type RatedLot, type Rating } from './rating.js';
import type { Rulebook, TierLevel } from './rulebook.js';

/** What the engine is told besides the fact and the rulebook: resolved before, and stored with the award. */
export interface RatingInputs {
  /** What the account did before this fact, by the programme's days: it says the tier. */
  readonly history: History;
  /** For which days the account has paid for a membership; absent: none. */
  readonly paid?: readonly PaidTime[];
  /** Absent: it is not the member's first purchase. */
  readonly firstPurchase?: boolean;
  /** What else is known of the member; absent: nothing. */
  readonly attributes?: EngineInputs['attributes'];
  /** Absent: no cap has been used. */
  readonly counted?: EngineInputs['counted'];
  /** How many points are left of each budget, by the names of `budgetName`. Absent: no budget has been used. */
  readonly budgets?: EngineInputs['budgets'];
}

/** Rates what a receipt sells. Returned lines (negative quantity) are the ledger's matter. Pure and total. */
export const rateReceipt = (
  fact: ReceiptFact,
  inputs: RatingInputs,
  rulebook: Rulebook,
): Rating => {
  const day = dayOf(fact, rulebook);
  return rateAt(
    tierOn(rulebook, { history: inputs.history, paid: inputs.paid ?? [] }, day),
    day,
    fact,
    inputs,
    rulebook,
  );
};

/** Makes a rating again from what was stored with it: `tier` is the name of the level that it was rated with. */
export const rateAgain = (
  fact: ReceiptFact,
  stored: Omit<RatingInputs, 'history'> & { readonly tier: string | null },
  rulebook: Rulebook,
): Rating => {
  const level = rulebook.tiers?.levels.find(({ id }) => id === stored.tier) ?? null;
  return rateAt(level, dayOf(fact, rulebook), fact, stored, rulebook);
};

/** What came of the rules that rating leaves out, because they pin down something that the receipt does not have: for people alone, nothing is stored of it. */
export const rulesLeftOut = (
  fact: ReceiptFact,
  stored: Omit<RatingInputs, 'history'> & { readonly tier: string | null },
  rulebook: Rulebook,
): readonly ExplainedRule[] => {
  const engine = engineOf(rulebook);
  const level = rulebook.tiers?.levels.find(({ id }) => id === stored.tier) ?? null;
  const told = toldTo(fact, level, stored, rulebook);
  const tried = new Set(rateExactly(engine, fact, told).explanation.rules.map(({ rule }) => rule));
  const every = { ...engine, index: { always: engine.rules, by: new Map() } };
  return rateExactly(every, fact, told).explanation.rules.filter(({ rule }) => !tried.has(rule));
};

const toldTo = (
  fact: ReceiptFact,
  tier: TierLevel | null,
  inputs: Omit<RatingInputs, 'history'>,
  rulebook: Rulebook,
): EngineInputs => ({
  tier,
  firstPurchase: inputs.firstPurchase ?? false,
  attributes: inputs.attributes ?? nothingToldOf,
  counted: inputs.counted ?? nothingCounted,
  budgets: inputs.budgets ?? fullBudgets(fact, rulebook),
});

const rateAt = (
  tier: TierLevel | null,
  day: LocalDate,
  fact: ReceiptFact,
  inputs: Omit<RatingInputs, 'history'>,
  rulebook: Rulebook,
): Rating => {
  const engine = engineOf(rulebook);
  const told = toldTo(fact, tier, inputs, rulebook);
  const exactly = (): ReturnType<typeof rateExactly> => rateExactly(engine, fact, told);
  return new ReceiptRating(
    { fact, tier, day, rulebook },
    rateQuickly(engine, fact, day, told) ?? exactly(),
    exactly,
  );
};

const nothingToldOf: EngineInputs['attributes'] = {};
const nothingCounted: EngineInputs['counted'] = new Map();

/** A rating whose explanation is made when it is asked for: of few awards it ever is. */
class ReceiptRating implements Rating {
  readonly tier: string | null;
  readonly spendYear: string;
  readonly day: LocalDate;
  readonly lots: readonly RatedLot[];
  readonly lines: readonly RatedLine[];
  readonly reason: string | null;
  readonly counted: Rating['counted'];
  readonly budgets: Rating['budgets'];
  readonly memberships: Rating['memberships'];
  readonly #text: () => string;
  readonly #exactly: () => { readonly explanation: Explanation };

  constructor(
    {
      fact,
      tier,
      day,
      rulebook,
    }: {
      readonly fact: ReceiptFact;
      readonly tier: TierLevel | null;
      readonly day: LocalDate;
      readonly rulebook: Rulebook;
    },
    rated: RatedRules,
    exactly: () => { readonly explanation: Explanation },
  ) {
    this.tier = tier?.id ?? null;
    this.spendYear = yearOf(day);
    this.day = day;
    this.lots = lotsOf(fact, rated.awards, rulebook);
    this.lines = linesOf(rated);
    this.reason = rated.reason;
    this.counted = rated.counted;
    this.budgets = rated.budgets;
    this.memberships = membershipsIn(fact, rulebook);
    this.#text = rated.text;
    this.#exactly = exactly;
  }

  get explanation(): Explanation {
    return this.#exactly().explanation;
  }

  explanationText(): string {
    return this.#text();
  }
}

const lotsOf = (
  fact: ReceiptFact,
  awards: readonly RuleAward[],
  rulebook: Rulebook,
): readonly RatedLot[] => {
  const programme = lotDates(rulebook, fact.occurredAt);
  const cause = causeAndCost(rulebook);
  return awards.map(({ rule, points, counters, budget }) => {
    const dates =
      rule.lots === undefined ? programme : lotDates(rulebook, fact.occurredAt, rule.lots);
    const qualifies = rule.qualifies ?? rule.kind === 'base';
    // Spread after spread is a tenth of a rating: what a lot need not have is looked for first.
    if (dates.inactivity === undefined && counters.length === 0 && budget === null)
      return {
        points: Points.points(points),
        rule: rule.id,
        kind: rule.kind,
        availableAt: dates.availableAt,
        expiresAt: dates.expiresAt,
        funder: rule.funder,
        qualifies,
        ...cause,
      };
    return {
      points: Points.points(points),
      rule: rule.id,
      kind: rule.kind,
      ...dates,
      funder: rule.funder,
      qualifies,
      ...(counters.length === 0 ? {} : { counters }),
      ...(budget === null ? {} : { budget }),
      ...cause,
    };
  });
};

const linesOf = ({ sold, excluded, spendMinor, awards }: RatedRules): readonly RatedLine[] =>
  sold.map(({ ordinal, product, quantity }, index) => {
    const points: Points.Points[] = [];
    for (const { perLine } of awards) points.push(Points.points(perLine[index] ?? 0));
    return {
      ordinal,
      product,
      quantity,
      points,
      spendMinor: spendMinor[index] ?? 0,
      excluded: excluded[index] ?? null,
    };
  });

import { budgetName, pointsLeft, type BudgetAsked } from './budgets.js';
import { engineOf } from './engine/compile.js';
import type { PartnerFact, ReceiptFact } from './facts.js';
import { partnerRulesFor } from './rate-partner.js';
import { dayOf } from './rating.js';
import type { Rulebook } from './rulebook.js';

/** The budgets that rating a fact may look at. */
export const budgetsAsked = (
  fact: ReceiptFact | PartnerFact,
  rulebook: Rulebook,
): BudgetAsked[] => {
  if (rulebook.budgets === undefined) return [];
  const { budgets } = engineOf(rulebook);
  const rules = 'lines' in fact ? rulebook.earning : partnerRulesFor(fact, rulebook);
  const asked = new Set(rules.map(({ budget }) => budget));
  const day = dayOf(fact, rulebook);
  const sender = 'lines' in fact ? null : (fact.sender ?? null);
  return [...budgets.values()].flatMap((budget) => {
    const name = asked.has(budget.id) ? budgetName(budget, day, sender) : null;
    return name === null ? [] : [{ budget, name }];
  });
};

/** What is left of them when nothing is used. */
export const fullBudgets = (
  fact: ReceiptFact | PartnerFact,
  rulebook: Rulebook,
): ReadonlyMap<string, number> =>
  new Map(
    budgetsAsked(fact, rulebook).map(({ budget, name }) => [name, pointsLeft(budget, 0, rulebook)]),
  );

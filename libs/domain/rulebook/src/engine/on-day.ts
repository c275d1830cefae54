import type { LocalDate } from '@tallystick/kernel';
import { budgetName } from '../budgets.js';
import type { Budget, Cap, EarningRule, Rulebook } from '../rulebook.js';
import { counterOf, wholeProgram } from './counters.js';

/** The names that a rule's caps and its budget have on one of the programme's days. */
export interface RuleOnDay {
  /** Of each of its caps; null for one on a receipt. */
  readonly caps: readonly (string | null)[];
  /** The counters that it counts in, the programme's too; each once. */
  readonly counters: readonly string[];
  /** The budget that pays for it. */
  readonly budget: string | null;
}

export interface OnDay {
  /** Of each of the programme's own caps. */
  readonly caps: readonly (string | null)[];
  readonly of: (rule: EarningRule) => RuleOnDay;
}

/** Receipts come from few days at a time. */
const daysKept = 50;

/** Names are made once a day, not once a receipt. */
export const namesByDay = (
  book: Rulebook,
  budgets: ReadonlyMap<string, Budget>,
): ((day: LocalDate) => OnDay) => {
  const kept = new Map<LocalDate, OnDay>();
  return (day) => {
    const known = kept.get(day);
    if (known !== undefined) return known;
    if (kept.size >= daysKept) kept.clear();
    const made = namesOn(day, book, budgets);
    kept.set(day, made);
    return made;
  };
};

const namesOn = (day: LocalDate, book: Rulebook, budgets: ReadonlyMap<string, Budget>): OnDay => {
  const namesOf = (owner: string, caps: readonly Cap[] = []): readonly (string | null)[] =>
    caps.map(({ per }) => counterOf(owner, per, day));
  const whole = namesOf(wholeProgram, book.caps);
  const rules = new Map<EarningRule, RuleOnDay>();
  const namesOfRule = (rule: EarningRule): RuleOnDay => {
    const caps = namesOf(rule.id, rule.caps);
    const budget = rule.budget === undefined ? undefined : budgets.get(rule.budget);
    return {
      caps,
      counters: [...new Set([...caps, ...whole].filter((name) => name !== null))],
      budget: budget === undefined ? null : budgetName(budget, day, null),
    };
  };
  return {
    caps: whole,
    of: (rule) => {
      const known = rules.get(rule);
      if (known !== undefined) return known;
      const made = namesOfRule(rule);
      rules.set(rule, made);
      return made;
    },
  };
};

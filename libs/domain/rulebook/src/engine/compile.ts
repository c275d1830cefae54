import { compileCondition, type Condition, type ConditionFault } from '@tallystick/conditions';
import { Exact, err, ok, type LocalDate, type Result } from '@tallystick/kernel';
import type { Budget, DiscountRule, EarningRule, Rulebook, TierLevel } from '../rulebook.js';
import { indexOf, namesOf, type Index } from './candidates.js';
import { environments } from './environment.js';
import { writerOf, type Writer } from './explanation-text.js';
import { givingOf, type Giving } from './giving.js';
import { namesByDay, type OnDay } from './on-day.js';
import { sightsOf, type Sight, type Sights } from './sight.js';

export interface CompiledRule {
  readonly rule: EarningRule;
  /** Its place in the document. */
  readonly order: number;
  readonly when: Condition | null;
  readonly lines: Condition | null;
  /** The same two as they are asked of a receipt, and of each of its lines. */
  readonly applies: ((sight: Sight) => boolean) | null;
  readonly chooses: ((sight: Sight) => boolean) | null;
  readonly write: Writer;
}

export interface CompiledDiscount {
  readonly rule: DiscountRule;
  readonly when: Condition | null;
  readonly lines: Condition | null;
}

/** A rulebook that is ready to rate: its conditions compiled, its rules found by what a receipt holds. */
export interface Engine {
  readonly book: Rulebook;
  readonly rules: readonly CompiledRule[];
  readonly index: Index<CompiledRule>;
  readonly discounts: readonly CompiledDiscount[];
  readonly budgets: ReadonlyMap<string, Budget>;
  /** What earning rules ask of a receipt and its member, and of its lines: what nobody asks need not be told. */
  readonly asks: Asked;
  /** The same of discounts. */
  readonly discountsAsk: Asked;
  readonly sights: Sights;
  readonly onDay: (day: LocalDate) => OnDay;
  /** How many points each rule gives to who has a level, in the order of the document; null where a double does not hold a number of it. */
  readonly givings: (tier: TierLevel | null) => readonly (Giving | null)[];
}

export interface Asked {
  readonly receipt: readonly string[];
  readonly lines: readonly string[];
}

const askedBy = (
  rules: readonly { readonly when: Condition | null; readonly lines: Condition | null }[],
  besides: Iterable<string> = [],
): Asked => {
  const lines = new Set(rules.flatMap(({ lines: condition }) => condition?.names ?? []));
  const receipt = new Set([...rules.flatMap(({ when }) => when?.names ?? []), ...besides]);
  for (const name of lines) if (!name.startsWith('line.')) receipt.add(name);
  return { receipt: [...receipt], lines: [...lines] };
};

/** What is wrong with a rule's condition: the field, and where within its text. */
export interface RuleFault extends ConditionFault {
  /** `earning.3.when`. */
  readonly field: string;
}

/** What has conditions. */
interface Conditioned {
  readonly when?: string | undefined;
  readonly lines?: string | undefined;
}

/** Compiles conditions, and gathers what is wrong with them. */
const compilerOf = (book: Pick<Rulebook, 'attributes'>, faults: RuleFault[]) => {
  const allowed = environments(book);
  const compiled = (
    text: string | undefined,
    where: 'receipt' | 'line' | 'event',
    field: string,
  ): Condition | null => {
    if (text === undefined) return null;
    const result = compileCondition(text, allowed[where]);
    if (result.ok) return result.value;
    faults.push(...result.error.map((fault) => ({ field, ...fault })));
    return null;
  };
  return (rule: Conditioned, field: string) => ({
    when: compiled(rule.when, 'receipt', `${field}.when`),
    lines: compiled(rule.lines, 'line', `${field}.lines`),
  });
};

/** What is wrong with the conditions alone, of a document that may be wrong elsewhere too. */
export const conditionFaults = ({
  earning,
  discounts,
  ...book
}: Pick<Rulebook, 'attributes'> & {
  readonly earning: readonly Conditioned[];
  readonly discounts: readonly Conditioned[];
}): RuleFault[] => {
  const faults: RuleFault[] = [];
  const both = compilerOf(book, faults);
  earning.forEach((rule, order) => both(rule, `earning.${order}`));
  discounts.forEach((rule, order) => both(rule, `discounts.${order}`));
  return faults;
};

/** Compiles every condition of a rulebook; every fault is told. */
export const compileRulebook = (book: Rulebook): Result<Engine, readonly RuleFault[]> => {
  const faults: RuleFault[] = [];
  const both = compilerOf(book, faults);
  const checked = book.earning.map((rule, order) => ({
    rule,
    order,
    ...both(rule, `earning.${order}`),
  }));
  const discounts = (book.discounts ?? []).map((rule, order) => ({
    rule,
    ...both(rule, `discounts.${order}`),
  }));
  if (faults.length > 0) return err(faults);
  const asks = askedBy(checked, namesOf(indexOf(checked)));
  const sights = sightsOf(asks.receipt);
  const rules = checked.map((rule): CompiledRule => ({
    ...rule,
    applies: rule.when && sights.test(rule.when),
    chooses: rule.lines && sights.test(rule.lines),
    write: writerOf(rule, sights.placeOf),
  }));
  const discountsAsk = askedBy(discounts);
  const budgets = new Map((book.budgets ?? []).map((budget) => [budget.id, budget]));
  return ok({
    ...{ book, rules, index: indexOf(rules), discounts, budgets, asks, discountsAsk, sights },
    onDay: namesByDay(book, budgets),
    givings: givingsOf(rules),
  });
};

const givingsOf = (rules: readonly CompiledRule[]): Engine['givings'] => {
  const known = new Map<string, readonly (Giving | null)[]>();
  return (tier) => {
    const multiplier = tier?.multiplier ?? '1';
    const before = known.get(multiplier);
    if (before !== undefined) return before;
    const made = rules.map(({ rule }) => givingOf(rule, multiplierOf(rule, tier)));
    known.set(multiplier, made);
    return made;
  };
};

/** What a level multiplies a rule's points by. */
export const multiplierOf = (rule: EarningRule, tier: TierLevel | null): Exact.Exact =>
  (rule.tiered ?? rule.kind === 'base') ? Exact.exact(tier?.multiplier ?? '1') : Exact.one;

const engines = new WeakMap<Rulebook, Engine>();

/** The engine of a published rulebook, compiled once. Throws for one that was never checked: a bug. */
export const engineOf = (book: Rulebook): Engine => {
  const known = engines.get(book);
  if (known !== undefined) return known;
  const compiled = compileRulebook(book);
  if (!compiled.ok)
    throw new Error(compiled.error.map(({ field, message }) => `${field} ${message}`).join('; '));
  engines.set(book, compiled.value);
  return compiled.value;
};

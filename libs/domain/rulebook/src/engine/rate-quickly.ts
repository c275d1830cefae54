import { Safe, minorUnitDigits, type LocalDate } from '@tallystick/kernel';
import type { ReceiptFact } from '../facts.js';
import { dayAndHour } from '../rating.js';
import type { Cap } from '../rulebook.js';
import { basketOf, type Basket } from './basket.js';
import { candidatesOf } from './candidates.js';
import type { CompiledRule, Engine } from './compile.js';
import type { Cut, ExplainedRule } from './explanation.js';
import { explanationText, ordinalsText } from './explanation-text.js';
import { give, type Fraction, type Giving } from './giving.js';
import type { OnDay, RuleOnDay } from './on-day.js';
import type { EngineInputs } from './rate-exactly.js';
import { reasonForNothing, type RatedRules, type RuleAward } from './rated-rules.js';
import type { Sight } from './sight.js';

/*
 * The engine in whole numbers that doubles hold: what nearly every receipt is. It says, to the byte, what `rateExactly` says with numbers of any
 * size, and null where it would need those.
 */

/** What one rule did. */
interface Tried {
  readonly compiled: CompiledRule;
  outcome: ExplainedRule['outcome'];
  readonly held: boolean | null;
  /** By sold line, in the receipt's order; null: it was not looked for them. */
  readonly chosen: readonly boolean[] | null;
  readonly exact: Fraction;
  readonly rounded: number;
  perLine: readonly number[];
  points: number;
  cuts: readonly Cut[];
  taken: string | null;
}

export const rateQuickly = (
  engine: Engine,
  fact: ReceiptFact,
  inputs: EngineInputs,
): RatedRules | null => {
  const { book, sights } = engine;
  const basket = basketOf(fact, book);
  if (basket === null) return null;
  const { day, hour } = dayAndHour(fact, book);
  const { sold, counts, excluded, net, perMajor } = basket;
  const member = {
    tier: inputs.tier?.id ?? null,
    firstPurchase: inputs.firstPurchase,
    attributes: inputs.attributes,
  };
  const sight = sights.see({
    ...{ book, member, fact, sold, day, hour },
    total: basket.totalText,
    net: basket.netText,
  });
  const receipt: SeenReceipt = {
    basket,
    sight,
    every: basket.excluded.map((why) => why === null),
    zeros: basket.counts.map(() => 0),
  };
  const candidates = candidatesOf(engine.index, (name) => sight.values[sights.placeOf(name)]);
  const tried = tryAll(candidates, receipt, engine.givings(inputs.tier));
  if (tried === null) return null;
  takeOneOfEachGroup(engine, receipt, tried);
  const onDay = engine.onDay(day);
  const cut = cutAll(engine, receipt, tried, inputs, onDay);
  if (cut === null) return null;
  const minor = Safe.times(net, 10 ** minorUnitDigits(book.currency));
  const spendMinor = Safe.allocate(Safe.round(minor, perMajor, 'half-even'), counts, net);
  if (spendMinor === null) return null;
  const awards = awardsOf(tried, onDay);
  return {
    sold,
    excluded,
    spendMinor,
    awards,
    reason:
      awards.length > 0 ? null : reasonForNothing(tried, { sold: sold.length, counts: net > 0 }),
    counted: cut.counted,
    budgets: cut.budgets,
    text: () => textOf(engine, day, inputs, receipt, tried),
  };
};

const awardsOf = (tried: readonly Tried[], onDay: OnDay): readonly RuleAward[] => {
  const awards: RuleAward[] = [];
  for (const { outcome, compiled, perLine, points } of tried) {
    if (outcome !== 'gave') continue;
    const { counters, budget } = onDay.of(compiled.rule);
    awards.push({ rule: compiled.rule, perLine, points, counters, budget });
  }
  return awards;
};

/** What is the same for every rule of a receipt. */
interface SeenReceipt {
  readonly basket: Basket;
  readonly sight: Sight;
  /** Which lines are not excluded. */
  readonly every: readonly boolean[];
  readonly zeros: readonly number[];
}

/** An extra builds on what others gave before any cap cut it: so a cap on one rule is no cap on another. */
const tryAll = (
  candidates: readonly CompiledRule[],
  receipt: SeenReceipt,
  givings: readonly (Giving | null)[],
): readonly Tried[] | null => {
  const tried: Tried[] = [];
  let extras = 0;
  for (const compiled of candidates) {
    const isExtra = compiled.rule.extra !== undefined;
    if (isExtra) extras += 1;
    const own = isExtra ? untried(compiled, receipt) : tryRule(compiled, receipt, givings, null);
    if (own === null) return null;
    tried.push(own);
  }
  if (extras === 0) return tried;
  const byRule = new Map<string, Tried>();
  for (const own of tried) if (own.compiled.rule.extra === undefined) byRule.set(idOf(own), own);
  for (const [index, compiled] of candidates.entries()) {
    if (compiled.rule.extra === undefined) continue;
    const own = tryRule(compiled, receipt, givings, byRule);
    if (own === null) return null;
    tried[index] = own;
    byRule.set(compiled.rule.id, own);
  }
  return tried;
};

const idOf = ({ compiled }: Tried): string => compiled.rule.id;
const nothing: Fraction = { n: 0, d: 1 };
const noCuts: readonly Cut[] = [];

const untried = (
  compiled: CompiledRule,
  { zeros }: Pick<SeenReceipt, 'zeros'>,
  outcome: Tried['outcome'] = 'not-met',
  held: boolean | null = null,
  chosen: readonly boolean[] | null = null,
): Tried => ({
  compiled,
  outcome,
  held,
  chosen,
  exact: nothing,
  rounded: 0,
  perLine: zeros,
  points: 0,
  cuts: noCuts,
  taken: null,
});

const tryRule = (
  compiled: CompiledRule,
  receipt: SeenReceipt,
  givings: readonly (Giving | null)[],
  before: ReadonlyMap<string, Tried> | null,
): Tried | null => {
  const { applies, chooses, order, rule } = compiled;
  const held = applies === null ? null : applies(receipt.sight);
  if (held === false) return untried(compiled, receipt, 'not-met', held);
  const chosen = chooses === null ? receipt.every : linesOf(receipt, chooses);
  if (!chosen.includes(true)) return untried(compiled, receipt, 'no-line', held, chosen);
  const giving = givings[order] ?? null;
  if (giving === null) return null;
  const { by } = giving;
  const places = by === 'unit' ? placesOfUnits(receipt.basket, chosen) : 0;
  const weights = weightsOf(giving, receipt, chosen, before, places);
  const perOne = by === 'amount' || by === 'sum' ? receipt.basket.perMajor : 10 ** places;
  const given = give(rule, giving, weights, perOne);
  if (given === null) return null;
  const { exact, perLine, points } = given;
  return {
    compiled,
    outcome: points > 0 ? 'gave' : 'nothing',
    held,
    chosen,
    exact,
    rounded: points,
    perLine,
    points,
    cuts: noCuts,
    taken: null,
  };
};

const linesOf = (
  { basket, sight, every }: SeenReceipt,
  chooses: (sight: Sight) => boolean,
): readonly boolean[] => {
  const chosen: boolean[] = [];
  for (let index = 0; index < every.length; index += 1) {
    sight.line = basket.sold[index] ?? null;
    chosen.push(every[index] === true && chooses(sight));
  }
  return chosen;
};

/** What each line weighs for a rule. NaN where a double does not hold it. */
const weightsOf = (
  giving: Giving,
  { basket: { counts, sold }, every, zeros }: SeenReceipt,
  chosen: readonly boolean[],
  before: ReadonlyMap<string, Tried> | null,
  places: number,
): readonly number[] => {
  const byAmount = giving.by === 'amount' || giving.by === 'sum';
  if (byAmount && chosen === every) return counts;
  const given =
    giving.by === 'given' ? giving.of.map((id) => before?.get(id)?.perLine ?? zeros) : [];
  const weights: number[] = [];
  for (let index = 0; index < chosen.length; index += 1) {
    const count = chosen[index] === true ? (counts[index] ?? 0) : 0;
    let weight = 0;
    if (byAmount) weight = count;
    else if (giving.by === 'given') {
      if (chosen[index] === true) for (const own of given) weight += own[index] ?? 0;
    } else if (count > 0)
      weight = giving.by === 'line' ? 1 : Safe.units(sold[index]?.quantity ?? '', places);
    weights.push(weight);
  }
  return weights;
};

/** How finely the chosen lines are weighed. */
const placesOfUnits = ({ sold, counts }: Basket, chosen: readonly boolean[]): number => {
  const finer = sold.some(
    ({ quantity }, index) =>
      chosen[index] === true && (counts[index] ?? 0) > 0 && quantity.includes('.'),
  );
  return finer ? finestPlaces : 0;
};

const finestPlaces = 6;

const drop = (
  tried: Tried,
  { zeros }: { readonly zeros: readonly number[] },
  outcome: Tried['outcome'],
  taken: string | null = null,
): void => {
  tried.perLine = zeros;
  tried.points = 0;
  tried.outcome = outcome;
  tried.taken = taken;
};

const takeOneOfEachGroup = (
  { book }: Engine,
  receipt: SeenReceipt,
  tried: readonly Tried[],
): void => {
  for (const { id, take } of book.groups ?? []) {
    const members = tried.filter(
      ({ compiled, outcome }) => compiled.rule.group === id && outcome === 'gave',
    );
    const rank = ({ compiled, points }: Tried): number =>
      take === 'best' ? points : (compiled.rule.priority ?? 0);
    // Members stand in the order of the document: of equals the first is taken.
    const [first, ...others] = members;
    if (first === undefined) continue;
    const taken = others.reduce((best, other) => (rank(other) > rank(best) ? other : best), first);
    for (const member of members)
      if (member !== taken) drop(member, receipt, 'other-of-group', taken.compiled.rule.id);
  }
};

interface CutAll {
  readonly counted: Record<string, number>;
  readonly budgets: Record<string, number>;
}

/** Rule by rule in the order of the document: what a cap or a budget has given to one rule is not there for the next. */
const cutAll = (
  { book }: Engine,
  receipt: SeenReceipt,
  tried: readonly Tried[],
  inputs: EngineInputs,
  onDay: OnDay,
): CutAll | null => {
  const counted: Record<string, number> = {};
  const budgets: Record<string, number> = {};
  const spent = new Map<string, number>();
  let here = 0;
  /** What is left of a cap, when so much was counted in it by this receipt already. */
  const roomOf = (cap: Cap, counter: string | null, already: number): number => {
    const before = counter === null ? 0 : (inputs.counted.get(counter) ?? 0);
    if (counter !== null && before !== 0) counted[counter] = before;
    return Math.max(0, cap.points - before - already);
  };
  const capsOf = (
    rule: Tried,
    of: 'rule' | 'programme',
    caps: readonly Cap[],
    names: readonly (string | null)[],
  ): boolean => {
    for (const [index, cap] of caps.entries()) {
      const room = roomOf(cap, names[index] ?? null, of === 'rule' ? 0 : here);
      const cut = rule.points - room;
      if (cut > 0 && !cutTo(rule, room, { by: 'cap', of, per: cap.per, room, cut })) return false;
    }
    return true;
  };
  for (const rule of tried) {
    if (rule.outcome !== 'gave') continue;
    const own = rule.compiled.rule;
    const { caps, budget }: RuleOnDay = onDay.of(own);
    if (own.caps !== undefined && !capsOf(rule, 'rule', own.caps, caps)) return null;
    if (book.caps !== undefined && !capsOf(rule, 'programme', book.caps, onDay.caps)) return null;
    if (budget !== null) {
      const before = inputs.budgets.get(budget) ?? 0;
      budgets[budget] = before;
      const left = Math.max(0, before - (spent.get(budget) ?? 0));
      const cut = rule.points - left;
      if (cut > 0 && !cutTo(rule, left, { by: 'budget', budget, left, cut })) return null;
      spent.set(budget, (spent.get(budget) ?? 0) + rule.points);
    }
    if (rule.points === 0) drop(rule, receipt, 'cut');
    here += rule.points;
  }
  return { counted, budgets };
};

/** Cuts whole points of lines to a lower sum, in proportion. False where a double does not hold a number of it. */
const cutTo = (rule: Tried, room: number, how: Cut): boolean => {
  const perLine = Safe.allocate(room, rule.perLine, rule.points);
  if (perLine === null) return false;
  rule.perLine = perLine;
  rule.points = room;
  rule.cuts = [...rule.cuts, how];
  return true;
};

const textOf = (
  { book }: Engine,
  day: LocalDate,
  { tier }: EngineInputs,
  { basket, sight, every, zeros }: SeenReceipt,
  tried: readonly Tried[],
): string => {
  const perLine = [...zeros];
  const everyOrdinal = ordinalsText(basket, every);
  let points = 0;
  let rules = '';
  for (const rule of tried) {
    const { chosen } = rule;
    if (rule.outcome === 'gave') {
      points += rule.points;
      rule.perLine.forEach((own, index) => {
        perLine[index] = (perLine[index] ?? 0) + own;
      });
    }
    const ordinals = chosen === every ? everyOrdinal : ordinalsText(basket, chosen);
    rules += `${rules === '' ? '' : ','}${rule.compiled.write(rule, sight.values, ordinals)}`;
  }
  return explanationText({ book, day, tier, basket, perLine, points }, rules);
};

import type { Bindings, Condition, ConditionValue } from '@tallystick/conditions';
import {
  Exact,
  dayAt,
  minorUnitDigits,
  timeZone,
  type LocalDate,
  type Rounding,
} from '@tallystick/kernel';
import type { ReceiptFact } from '../facts.js';
import { budgetName } from '../budgets.js';
import type { Cap, Rulebook, TierLevel } from '../rulebook.js';
import { cutTo, pointsPerLine, totalOf, type CountedLine, type Known } from './amounts.js';
import { candidatesOf } from './candidates.js';
import { multiplierOf, type CompiledRule, type Engine } from './compile.js';
import { soldLinesOf, type SoldLine } from './counted.js';
import { counterOf, wholeProgram } from './counters.js';
import { bindLine, bindReceipt } from './environment.js';
import {
  engineVersion,
  shown,
  type Cut,
  type ExplainedRule,
  type Explanation,
  type Looked,
} from './explanation.js';
import { reasonForNothing, type RatedRules } from './rated-rules.js';

/** What the engine is told besides the fact and the rulebook: resolved before, and stored with the award. */
export interface EngineInputs {
  readonly tier: TierLevel | null;
  readonly firstPurchase: boolean;
  readonly attributes: Readonly<Record<string, ConditionValue>>;
  /** Points counted so far, by the names of `counterOf`. */
  readonly counted: ReadonlyMap<string, number>;
  /** How many points are left of each budget, by the names of `budgetName`. */
  readonly budgets: ReadonlyMap<string, number>;
}

interface Tried {
  readonly compiled: CompiledRule;
  perLine: readonly bigint[];
  readonly exact: Exact.Exact;
  readonly rounded: bigint;
  readonly when: Looked | null;
  readonly chosen: readonly boolean[];
  outcome: ExplainedRule['outcome'];
  cuts: Cut[];
  taken: string | null;
}

/**
 * The engine in numbers of any size: it defines what a rulebook gives, and makes explanations. `rateQuickly` says the same many times as
 * fast, where a double holds every number. Pure and total.
 */
export const rateExactly = (
  engine: Engine,
  fact: ReceiptFact,
  inputs: EngineInputs,
): RatedRules & { readonly explanation: Explanation } => {
  const { book } = engine;
  const sold = soldLinesOf(fact, book);
  const bases = sold.map(({ base }) => base);
  const spend = roundOnce(Exact.sum(bases), unitsPerMajor(book.currency), 'half-even', bases);
  const { awards, explanation, ...looked } = rateLines(engine, fact, sold, inputs);
  return {
    ...looked,
    sold: sold.map(({ line }) => line),
    excluded: sold.map(({ excluded }) => excluded),
    spendMinor: spend.map(Number),
    awards,
    reason:
      awards.length > 0
        ? null
        : reasonForNothing(explanation.rules, {
            sold: sold.length,
            counts: bases.some(Exact.isPositive),
          }),
    explanation,
    text: () => JSON.stringify(explanation),
  };
};

/** Rounds a total once, and splits it over its parts by largest remainder, so that nothing is lost between them. */
const roundOnce = (
  total: Exact.Exact,
  rate: Exact.Exact,
  rounding: Rounding,
  parts: readonly Exact.Exact[],
): bigint[] => Exact.allocate(Exact.round(Exact.multiply(total, rate), rounding), parts);

const unitsPerMajor = (currency: string): Exact.Exact =>
  Exact.exact(10n ** BigInt(minorUnitDigits(currency)));

/** Rates the sold lines of a receipt under every rule. */
const rateLines = (
  engine: Engine,
  fact: ReceiptFact,
  sold: readonly SoldLine[],
  inputs: EngineInputs,
): Pick<RatedRules, 'awards' | 'counted' | 'budgets'> & { readonly explanation: Explanation } => {
  const { book } = engine;
  const day = dayAt(fact.occurredAt, timeZone(book.timeZone));
  const net = Exact.sum(sold.map(({ base }) => base));
  const { asks } = engine;
  const member = {
    tier: inputs.tier?.id ?? null,
    firstPurchase: inputs.firstPurchase,
    attributes: inputs.attributes,
  };
  const receipt = asks.receipt.length > 0 ? bindReceipt(book, fact, net, member, asks.receipt) : {};
  const perLine =
    asks.lines.length > 0 ? sold.map(({ line }) => bindLine(receipt, line, asks.lines)) : [];
  const zeros = sold.map(() => 0n);
  const everyLine = sold.map(({ excluded }) => excluded === null);
  const all = { lines: countedLines(sold, everyLine), whole: net };
  const tried = new Map<string, Tried>();
  const candidates = candidatesOf(engine.index, (name) => receipt[name]);
  const plain = candidates.filter(({ rule }) => rule.extra === undefined);
  const extras = candidates.filter(({ rule }) => rule.extra !== undefined);
  const given = (rules: readonly string[]): readonly bigint[] =>
    sold.map((_, index) =>
      rules.reduce((sum, rule) => sum + (tried.get(rule)?.perLine[index] ?? 0n), 0n),
    );
  // An extra builds on what others gave before any cap cut it: so a cap on one rule is no cap on another.
  for (const compiled of [...plain, ...extras])
    tried.set(
      compiled.rule.id,
      tryRule(
        compiled,
        sold,
        { receipt, perLine, zeros, everyLine, all, given },
        multiplierOf(compiled.rule, inputs.tier),
      ),
    );
  const inOrder = [...tried.values()].sort((a, b) => a.compiled.order - b.compiled.order);
  takeOneOfEachGroup(book, inOrder);
  const { counted, budgets } = cutAll(engine, inOrder, inputs, day);
  const awards = inOrder
    .filter(({ outcome }) => outcome === 'gave')
    .map(({ compiled, perLine: points }) => ({
      rule: compiled.rule,
      perLine: points,
      points: totalOf(points),
      counters: countersFor(book, compiled, day),
      budget: budgetFor(engine, compiled, day),
    }));
  return { awards, explanation: explain(book, day, inputs.tier, sold, inOrder), counted, budgets };
};

const look = (condition: Condition | null, bindings: Bindings): Looked | null =>
  condition === null
    ? null
    : {
        text: condition.text,
        held: condition.holds(bindings),
        saw: Object.fromEntries(
          condition.names.map((name) => [name, shown(bindings[name] ?? '')] as const),
        ),
      };

interface KnownOfReceipt extends Known {
  readonly receipt: Bindings;
  readonly perLine: readonly Bindings[];
  readonly zeros: readonly bigint[];
  /** Which lines are not excluded. */
  readonly everyLine: readonly boolean[];
}

const countedLines = (sold: readonly SoldLine[], chosen: readonly boolean[]): CountedLine[] =>
  sold.map(({ line, base }, index) => ({
    quantity: line.quantity,
    base,
    chosen: chosen[index] ?? false,
  }));

const tryRule = (
  compiled: CompiledRule,
  sold: readonly SoldLine[],
  known: KnownOfReceipt,
  multiplier: Exact.Exact,
): Tried => {
  const when = look(compiled.when, known.receipt);
  const nothing = (outcome: Tried['outcome'], chosen: readonly boolean[]): Tried => ({
    ...{ compiled, when, chosen, outcome, cuts: [], taken: null },
    perLine: known.zeros,
    exact: Exact.zero,
    rounded: 0n,
  });
  if (when?.held === false) return nothing('not-met', []);
  const condition = compiled.lines;
  const chosen =
    condition === null
      ? known.everyLine
      : known.everyLine.map((own, index) => own && condition.holds(known.perLine[index] ?? {}));
  if (!chosen.includes(true)) return nothing('no-line', chosen);
  const lines = condition === null ? known.all.lines : countedLines(sold, chosen);
  const gave = pointsPerLine(compiled.rule, lines, multiplier, known);
  const rounded = totalOf(gave.perLine);
  return {
    ...{ compiled, when, chosen, rounded, cuts: [], taken: null },
    ...gave,
    outcome: rounded > 0n ? 'gave' : 'nothing',
  };
};

const drop = (tried: Tried, outcome: Tried['outcome'], taken: string | null = null): void => {
  tried.perLine = tried.perLine.map(() => 0n);
  tried.outcome = outcome;
  tried.taken = taken;
};

const takeOneOfEachGroup = (book: Rulebook, tried: readonly Tried[]): void => {
  for (const group of book.groups ?? []) {
    const members = tried.filter(
      ({ compiled, outcome }) => compiled.rule.group === group.id && outcome === 'gave',
    );
    const rank = ({ compiled, perLine }: Tried): bigint =>
      group.take === 'best' ? totalOf(perLine) : BigInt(compiled.rule.priority ?? 0);
    // Members stand in the order of the document: of equals the first is taken.
    const [first, ...others] = members;
    if (first === undefined) continue;
    const taken = others.reduce((best, other) => (rank(other) > rank(best) ? other : best), first);
    for (const member of members)
      if (member !== taken) drop(member, 'other-of-group', taken.compiled.rule.id);
  }
};

/** Rule by rule in the order of the document: what a cap or a budget has given to one rule is not there for the next. */
const cutAll = (
  engine: Engine,
  tried: readonly Tried[],
  inputs: EngineInputs,
  day: LocalDate,
): { readonly counted: Record<string, number>; readonly budgets: Record<string, number> } => {
  const { book } = engine;
  const counted: Record<string, number> = {};
  const budgets: Record<string, number> = {};
  const here = new Map<string, number>();
  const spent = new Map<string, number>();
  const roomOf = (owner: string, cap: Cap): number => {
    const counter = counterOf(owner, cap.per, day);
    const before = counter === null ? 0 : (inputs.counted.get(counter) ?? 0);
    if (counter !== null && before !== 0) counted[counter] = before;
    return Math.max(0, cap.points - before - (here.get(owner) ?? 0));
  };
  for (const rule of tried) {
    if (rule.outcome !== 'gave') continue;
    const { id, caps } = rule.compiled.rule;
    const budget = budgetFor(engine, rule.compiled, day);
    const cut = (room: number, how: (cut: number) => Cut): void => {
      const points = Number(totalOf(rule.perLine));
      if (points <= room) return;
      rule.perLine = cutTo(rule.perLine, BigInt(room));
      rule.cuts.push(how(points - room));
    };
    for (const [owner, of, list] of [
      [id, 'rule', caps],
      [wholeProgram, 'programme', book.caps],
    ] as const) {
      for (const cap of list ?? []) {
        const room = roomOf(owner, cap);
        cut(room, (points) => ({ by: 'cap', of, per: cap.per, room, cut: points }));
      }
    }
    if (budget !== null) {
      const before = inputs.budgets.get(budget) ?? 0;
      budgets[budget] = before;
      const left = Math.max(0, before - (spent.get(budget) ?? 0));
      cut(left, (points) => ({ by: 'budget', budget, left, cut: points }));
    }
    const points = Number(totalOf(rule.perLine));
    if (points === 0) drop(rule, 'cut');
    for (const owner of [id, wholeProgram]) here.set(owner, (here.get(owner) ?? 0) + points);
    if (budget !== null) spent.set(budget, (spent.get(budget) ?? 0) + points);
  }
  return { counted, budgets };
};

const budgetFor = ({ budgets }: Engine, { rule }: CompiledRule, day: LocalDate): string | null => {
  const budget = rule.budget === undefined ? undefined : budgets.get(rule.budget);
  return budget === undefined ? null : budgetName(budget, day, null);
};

const countersFor = (book: Rulebook, { rule }: CompiledRule, day: LocalDate): string[] => [
  ...new Set(
    [
      ...(rule.caps ?? []).map(({ per }) => counterOf(rule.id, per, day)),
      ...(book.caps ?? []).map(({ per }) => counterOf(wholeProgram, per, day)),
    ].filter((name) => name !== null),
  ),
];

const fraction = ({ n, d }: Exact.Exact): string => (d === 1n ? n.toString() : `${n}/${d}`);

const explain = (
  book: Rulebook,
  day: LocalDate,
  tier: TierLevel | null,
  sold: readonly SoldLine[],
  tried: readonly Tried[],
): Explanation => {
  const perLine = sold.map(() => 0n);
  const rules = tried.map((rule): ExplainedRule => {
    let points = 0n;
    if (rule.outcome === 'gave')
      rule.perLine.forEach((own, index) => {
        points += own;
        perLine[index] = (perLine[index] ?? 0n) + own;
      });
    return {
      rule: rule.compiled.rule.id,
      outcome: rule.outcome,
      when: rule.when,
      lines: ordinalsOf(sold, rule.chosen),
      exact: fraction(rule.exact),
      rounded: Number(rule.rounded),
      cuts: rule.cuts,
      points: Number(points),
      taken: rule.taken,
    };
  });
  return {
    engine: engineVersion,
    program: book.program,
    version: book.version,
    day,
    tier: tier === null ? null : { level: tier.id, multiplier: tier.multiplier },
    lines: sold.map(({ line, base, excluded }, index) => ({
      ordinal: line.ordinal,
      product: line.product,
      amount: line.amount,
      counted: fraction(base),
      excluded,
      points: Number(perLine[index] ?? 0n),
    })),
    rules,
    points: Number(totalOf(perLine)),
  };
};

const ordinalsOf = (sold: readonly SoldLine[], chosen: readonly boolean[]): number[] => {
  const ordinals: number[] = [];
  sold.forEach(({ line }, index) => {
    if (chosen[index] === true) ordinals.push(line.ordinal);
  });
  return ordinals;
};

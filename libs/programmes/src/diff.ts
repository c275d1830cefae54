import type { Environment } from '@tallystick/conditions';
import { arrearsPolicyOf, environments, type Rulebook } from '@tallystick/rulebook';
import { partnerEffects, ruleEffects } from './effects-of-rules.js';
import { termEffects } from './effects-of-terms.js';
import { levelEffects } from './effects-on-levels.js';
import type { Effect } from './effects.js';
import {
  budgetWords,
  capsWords,
  discountWords,
  earningWords,
  ladderWords,
  levelWords,
  lotsWords,
  partnerWords,
  rewardWords,
} from './words.js';

/** One thing that is different in another version of a rulebook, in words. */
export interface RulebookChange {
  /** `earning rule base`, `level silver`, `the value of points`. */
  readonly what: string;
  /** null: it is new. */
  readonly before: string | null;
  /** null: it is gone. */
  readonly after: string | null;
  /** Who gets more by it, and who less; empty: nobody does, or only what else is said with it tells. */
  readonly for: readonly Effect[];
}

/** A part of a rulebook that two versions are compared by: its name, and what it says. */
type Said = ReadonlyMap<string, string>;

/** What changes for whom from one version to another. Order in lists that has a meaning (groups, discounts of equal height) is said, too. */
export const rulebookDiff = (before: Rulebook, after: Rulebook): RulebookChange[] => {
  const [was, is] = [saidBy(before), saidBy(after)];
  const changes: RulebookChange[] = [];
  const effects = effectsOf(before, after);
  for (const what of new Set([...was.keys(), ...is.keys()])) {
    const [then, now] = [was.get(what) ?? null, is.get(what) ?? null];
    if (then !== now)
      changes.push({ what, before: then, after: now, for: effects.get(what) ?? [] });
  }
  return changes;
};

/** All that a version says: what it is about, and the words. For whoever signs a first version. */
export const rulebookWords = (book: Rulebook): RulebookChange[] =>
  [...saidBy(book)].map(([what, after]) => ({ what, before: null, after, for: [] }));

const effectsOf = (before: Rulebook, after: Rulebook): ReadonlyMap<string, readonly Effect[]> => {
  const types = typesIn(before, after);
  const effects = new Map<string, readonly Effect[]>();
  for (const [what, own] of [
    ...ruleEffects(before, after, types),
    ...partnerEffects(before, after),
    ...levelEffects(before, after),
    ...termEffects(before, after, types),
  ])
    effects.set(what, [...(effects.get(what) ?? []), ...own]);
  return effects;
};

/** The names that conditions of both versions may look at, but for those that are another type of thing now. */
const typesIn = (before: Rulebook, after: Rulebook): Environment => {
  const [was, is] = [environments(before).line, environments(after).line];
  return Object.fromEntries(
    Object.entries({ ...was, ...is }).filter(
      ([name, type]) => (was[name] ?? type) === (is[name] ?? type),
    ),
  );
};

const saidBy = (book: Rulebook): Said => {
  const { tiers, redemption, exclusions, returns, refunds, claims, unit, currency } = book;
  const named = <T extends { readonly id: string }>(
    kind: string,
    items: readonly T[] | undefined,
    words: (item: T) => string,
  ): [string, string][] => (items ?? []).map((item) => [`${kind} ${item.id}`, words(item)]);
  const order = (
    kind: string,
    items: readonly { readonly id: string }[] = [],
  ): [string, string][] =>
    items.length < 2 ? [] : [[`the order of ${kind}`, items.map(({ id }) => id).join(', ')]];
  const list = (what: string, items: readonly string[]): [string, string][] =>
    items.length === 0 ? [] : [[what, [...items].sort().join(', ')]];
  const days = (count: number): string => (count === 1 ? 'one day' : `${count} days`);
  return new Map<string, string>([
    ['the name', book.name],
    ['in force', `from ${book.effectiveFrom}`],
    ['what points are called', unit],
    ['the currency', currency],
    ['the time zone', book.timeZone],
    ...named('earning rule', book.earning, (rule) => earningWords(rule, book)),
    ...order('earning rules', book.earning),
    ...named('partner rule', book.partnerEvents, (rule) => partnerWords(rule, book)),
    ...named('group', book.groups, ({ take }) => `the ${take} of its rules applies`),
    ...(book.caps === undefined ? [] : [caps(book)]),
    ...named('budget', book.budgets, (budget) => budgetWords(budget, book)),
    ['points', lotsWords(book.lots)],
    ...list('categories that earn nothing', exclusions.categories),
    ...list('products that earn nothing', exclusions.products),
    ...list('brands that earn nothing', exclusions.brands),
    ...(tiers === null
      ? []
      : [
          ['the ladder', ladderWords(tiers)] as const,
          ...named('level', tiers.levels, (level) => levelWords(level, tiers.by, book)),
        ]),
    ...named('discount', book.discounts, (rule) => discountWords(rule, book)),
    ...order('discounts', book.discounts),
    ...named('reward', book.rewards, (reward) => rewardWords(reward, book)),
    ...named(
      'certificate',
      book.certificates,
      ({ by, period, steps, validDays }) =>
        `by the ${by} of a ${period}: ${steps.map(({ from, value }) => `${value} from ${from} on`).join(', ')}; for ${days(validDays)}`,
    ),
    ...named(
      'membership',
      book.memberships,
      ({ level, months, fee, product }) =>
        `level ${level} for ${months} months, for ${fee} ${currency}, sold as ${product}`,
    ),
    ...(redemption === null
      ? []
      : [
          [
            'the value of points',
            `${redemption.points} ${unit} are ${redemption.value} ${currency}`,
          ] as const,
        ]),
    ['returns', `within ${days(returns.windowDays)}`],
    ['points of a cancelled redemption', `keep ${days(refunds.graceDays)} at least`],
    [
      'receipts from before a card was linked',
      claims.windowDays === null ? 'all count' : `count for ${days(claims.windowDays)}`,
    ],
    ['points that are owed', arrearsPolicyOf(book).replaceAll('-', ' ')],
    ...(book.birthday === undefined
      ? []
      : [
          [
            "a birthday's window",
            `from ${days(book.birthday.daysBefore)} before it to ${days(book.birthday.daysAfter)} after it`,
          ] as const,
        ]),
    ...Object.entries(book.attributes ?? {}).map(
      ([name, type]) => [`member attribute ${name}`, type] as const,
    ),
  ]);
};

const caps = (book: Rulebook): [string, string] => [
  'all rules together',
  capsWords(book.caps ?? [], book),
];
